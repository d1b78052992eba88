"""How much packed content becomes once it is unpacked, found out before it is."""

import bz2
import math
import zlib
from collections.abc import Callable

_STEP = 2**20

_ZSTD, _SKIPPABLE = 0xFD2FB528, 0x184D2A50  # the numbers that frames begin with (RFC 8878, 3.1)

_BLOCK = 2**17  # bytes that a block of Zstandard can become

_MOST_BLOCKS = 100_000

_CHECKSUM = 4  # bytes that may follow the content


def unpacked_size(codec: str, content: bytes, most: int) -> float:
    """Return how many bytes content becomes, or a bound on it; inf if that is not clear or more than allowed.

    Args:
        codec: one of CODECS.
        content: as it is packed.
        most: bytes beyond which no number is wanted.

    Example:
        >>> import zlib
        >>> from digs.observations.packed_sizes import unpacked_size
        >>> unpacked_size("zlib", zlib.compress(bytes(1000)), 2000)
        1000
        >>> unpacked_size("zlib", zlib.compress(bytes(1000)), 99)
        inf
    """
    size = CODECS[codec](content, most)
    return size if size <= most else math.inf


def _streamed(new: Callable) -> Callable[[bytes, int], float]:
    """By unpacking it bit by bit, and keeping nothing."""

    def size(content: bytes, most: int) -> float:
        total = 0
        while content and total <= most:
            stream, rest = new(), content
            try:
                while not stream.eof and total <= most:
                    part = stream.decompress(rest, _STEP)
                    rest = getattr(stream, "unconsumed_tail", b"")
                    total += len(part)
                    if not part and not stream.eof and not rest:
                        return total  # cut short, as whoever unpacks it says
            except (OSError, zlib.error):
                return total  # damaged, as whoever unpacks it says, or another content behind the first
            content = stream.unused_data
        return total

    return size


def _said(first: int, count: int) -> Callable[[bytes, int], float]:
    """By the number at the beginning, for which space is made."""

    def size(content: bytes, _: int) -> float:
        return int.from_bytes(content[first : first + count], "little") if len(content) >= first + count else math.inf

    return size


def _zstd(content: bytes, most: int) -> float:
    total, place = 0.0, 0
    while len(content) - place > _CHECKSUM and total <= most:
        magic = int.from_bytes(content[place : place + 4], "little")
        if magic & ~15 == _SKIPPABLE:
            place += 8 + int.from_bytes(content[place + 4 : place + 8], "little")
            continue
        if magic != _ZSTD:
            return math.inf
        size, place = _frame(content, place + 4)
        total += size
    return total


def _frame(content: bytes, place: int) -> tuple[float, int]:
    """What a frame becomes, by its header or else by its blocks, and where it ends (RFC 8878, 3.1.1)."""
    descriptor = int.from_bytes(content[place : place + 1], "little")
    single = descriptor >> 5 & 1
    field = (single, 2, 4, 8)[descriptor >> 6]
    place += 1 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    said = int.from_bytes(content[place : place + field], "little") + 256 * (field == 2)
    place += field
    bound = 0
    for _ in range(_MOST_BLOCKS):
        header = int.from_bytes(content[place : place + 3], "little")
        last, kind, size = header & 1, header >> 1 & 3, header >> 3
        place += 3 + (1 if kind == 1 else size)
        bound += _BLOCK if kind == 2 else size
        if last or place > len(content):
            return (said if field else bound), place + _CHECKSUM * (descriptor >> 2 & 1)
    return math.inf, place


CODECS: dict[str, Callable[[bytes, int], float]] = {
    "gzip": _streamed(lambda: zlib.decompressobj(31)),
    "zlib": _streamed(zlib.decompressobj),
    "bz2": _streamed(bz2.BZ2Decompressor),
    "blosc": _said(4, 4),
    "lz4": _said(0, 4),
    "zstd": _zstd,
}

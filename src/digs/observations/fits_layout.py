"""The parts of a FITS file, walked through by their headers before astropy allocates anything for them."""

from typing import BinaryIO

from digs.base.errors import DigsError

BLOCK = 2880  # bytes, of which headers and data are multiples

_CARD = 80

_KNOWN = {"IMAGE", "BINTABLE", "TABLE", "IUEIMAGE", "A3DTABLE"}

_MOST_BLOCKS = 1000  # of a header: 36 000 cards

_MOST_PARTS = 5000

_MOST_AXES = 999

_MOST_FIELDS = 999  # of a table


def check_layout(name: str, stream: BinaryIO, size: int) -> int:
    """Return how many parts a file has, once all headers end and their data are within it.

    Args:
        name: of the file in messages.
        stream: of its bytes.
        size: in bytes.
    Raises:
        DigsError: a header has no end or no sense, the data are longer than the file, or there are too many parts.
    """
    place, parts = 0, 0
    while place < size:
        if parts == _MOST_PARTS:
            raise DigsError(f"{name} has more than {_MOST_PARTS} parts; give a file of fewer.")
        header, blocks = _header(name, stream, place, parts)
        length = _data_length(name, header, parts)
        end = place + BLOCK * blocks + length
        if end > size:
            raise DigsError(
                f"{name} is cut short: part {parts} ends at byte {end}, but the file has {size}; fetch it again."
            )
        place = end + -length % BLOCK
        parts += 1
    stream.seek(0)
    return parts


def _header(name: str, stream: BinaryIO, place: int, part: int) -> tuple[dict[str, str], int]:
    """The values of the mandatory keywords as they stand, and how many blocks the header has."""
    stream.seek(place)
    found: dict[str, str] = {}
    first = b"SIMPLE  =" if part == 0 else b"XTENSION="
    for blocks in range(1, _MOST_BLOCKS + 1):
        block = stream.read(BLOCK)
        if blocks == 1 and not block.startswith(first):
            raise DigsError(f"{name} is no FITS from byte {place} on; fetch it again.")
        if len(block) < BLOCK:
            break
        for start in range(0, BLOCK, _CARD):
            card = block[start : start + _CARD].decode("latin-1")
            if card[:8].rstrip() == "END":
                return found, blocks
            if card[8:10] == "= ":
                found.setdefault(card[:8].rstrip(), card[10:].partition("/")[0].strip())
    raise DigsError(f"{name} has a header without an end in part {part}; fetch it again.")


def _data_length(name: str, header: dict[str, str], part: int) -> int:
    """How many bytes of data follow a header, without the padding."""

    def whole(key: str, default: int | None, least: int, most: int) -> int:
        text = header.get(key)
        try:
            value = default if text is None and default is not None else int(text)
        except (TypeError, ValueError):
            value = least - 1
        if not least <= value <= most:
            shown = "missing" if text is None else f"{text[:30]!r}"
            raise DigsError(f"{name} is no valid FITS: {key} of part {part} is {shown}; fetch it again.")
        return value

    kind = header.get("XTENSION", "'IMAGE'").strip("' ")
    if kind not in _KNOWN:
        raise DigsError(f"{name} has a part {part} of the unknown kind {kind[:20]!r}; fetch it again.")
    axes = whole("NAXIS", None, 0, _MOST_AXES)
    bits = whole("BITPIX", None, -64, 64)
    if bits not in (8, 16, 32, 64, -32, -64):
        raise DigsError(f"{name} is no valid FITS: BITPIX of part {part} is {bits}; fetch it again.")
    values = 1 if axes else 0
    for axis in range(1, axes + 1):
        values *= whole(f"NAXIS{axis}", None, 0, 2**40)
    whole("TFIELDS", 0, 0, _MOST_FIELDS)  # astropy makes as many columns as this says
    extra, groups = whole("PCOUNT", 0, 0, 2**40), whole("GCOUNT", 1, 0, 2**40)
    return abs(bits) // 8 * groups * (extra + values)

"""A folder of Zarr's, of which no file is read or unpacked before it is known what that will take."""

import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numcodecs
import numpy as np
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import LocalStore

from digs.base.errors import DigsError
from digs.observations.packed_sizes import CODECS, unpacked_size

MOST_CHUNK = 64 * 2**20  # bytes that are unpacked at once

_MOST_WORDS = 4 * 2**20  # bytes of what is said of an array

_WORDS = (".zarray", ".zattrs", ".zgroup", ".zmetadata", "zarr.json")

_PLAIN = {"bytes", "shuffle", "transpose", "vlen-utf8"}  # codecs that change no size


@dataclass(frozen=True)
class ChunkPlan:
    """What is known of the chunks of an array.

    codec: that packs them, None where none does.
    most: bytes that a chunk may become.
    texts: that a chunk may hold, None where it holds numbers.
    """

    codec: str | None
    most: int
    texts: int | None


def chunk_plan(array: Any, name: str) -> ChunkPlan:
    """Return how the chunks of a Zarr array are to be unpacked.

    Args:
        array: the array.
        name: what messages call it.
    Raises:
        DigsError: its chunks are too large, or its codecs may do anything, such as pickle, or become anything.
    """
    words = array.metadata.to_dict()
    inside_out = [*(words.get("filters") or ()), words.get("compressor"), *(words.get("codecs") or ())]
    codecs = [_name(codec) for codec in inside_out if codec is not None][::-1]  # as they are unpacked
    if strange := set(codecs) - set(CODECS) - _PLAIN:
        raise DigsError(f"{name} is packed by {min(strange)}, which is not unpacked; use zstd or gzip.")
    if packed := set(codecs[1:]) & set(CODECS):
        raise DigsError(f"{name} is packed by {min(packed)} and others one upon the other; use it alone.")
    size = int(np.prod([int(extent) for extent in array.chunks], dtype=object))
    texts = size if "vlen-utf8" in codecs else None
    most = MOST_CHUNK if texts is not None else size * array.dtype.itemsize
    if max(most, size) > MOST_CHUNK:
        raise DigsError(f"{name} has chunks of more than {MOST_CHUNK // 2**20} MiB; write it in smaller ones.")
    return ChunkPlan(codecs[0] if codecs and codecs[0] in CODECS else None, most, texts)


def _name(codec: Mapping[str, Any]) -> str:
    return str(codec.get("id", codec.get("name"))).removeprefix("numcodecs.")


class GuardedStore(LocalStore):
    """The folder; chunks are read of arrays alone that have a plan.

    plans: by the name of an array.
    """

    def __init__(self, root: Any, *, read_only: bool = False):
        super().__init__(root, read_only=read_only)
        self.plans: dict[str, ChunkPlan] = {}

    def with_read_only(self, read_only: bool = False) -> "GuardedStore":
        """Return the same folder, to be changed or not."""
        other = type(self)(self.root, read_only=read_only)
        other.plans = self.plans
        return other

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a file's content, as LocalStore does.

        Raises:
            DigsError: it is no plain file, or too large, or would become so.
        """
        return self.get_sync(key, prototype=prototype, byte_range=byte_range)

    def get_sync(
        self, key: str, *, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return what `get` does."""
        words = key.rpartition("/")[2] in _WORDS
        array = key.partition("/")[0]
        try:
            status = (self.root / key).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if stat.S_ISDIR(status.st_mode):
            return None
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would wait for ever
            raise DigsError(f"'{key}' is no plain file; write the group again.")
        if status.st_size > (_MOST_WORDS if words else 2 * MOST_CHUNK):
            raise DigsError(f"'{key}' has {status.st_size / 2**20:.0f} MiB, too many; write the group again.")
        if not words and array not in self.plans:
            raise DigsError(f"'{key}' is of no array of numbers or texts.")
        prototype = default_buffer_prototype() if prototype is None else prototype
        content = prototype.buffer.from_bytes((self.root / key).read_bytes())
        if not words:
            _check(key, content.to_bytes(), self.plans[array])
        return content if byte_range is None else super().get_sync(key, prototype=prototype, byte_range=byte_range)


def _check(key: str, content: bytes, plan: ChunkPlan) -> None:
    size = len(content) if plan.codec is None else unpacked_size(plan.codec, content, plan.most)
    if size > plan.most:
        raise DigsError(f"'{key}' becomes more than the {plan.most} bytes of its chunk; write the group again.")
    if plan.texts is None:
        return
    # texts begin with their number, for which space is made
    texts = content if plan.codec is None else bytes(numcodecs.get_codec({"id": plan.codec}).decode(content))
    if int.from_bytes(texts[:4], "little") > plan.texts:
        raise DigsError(f"'{key}' has more texts than its chunk; write the group again.")

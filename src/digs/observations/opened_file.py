"""The door for files: what kind they are, and limits on their size before anything is read."""

import bz2
import gzip
import io
import lzma
import os
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from digs.base import paths
from digs.base.errors import DigsError
from digs.observations.printable import printable

MOST_BYTES = 64 * 2**30  # of a file, of which only the spectra asked for are read

MOST_UNPACKED = 256 * 2**20  # of a compressed file, which is unpacked in memory

MOST_TEXT = 32 * 2**20  # of a table in letters

_LONGEST = 160  # letters of a name in messages

_STEP = 2**20

_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}

_KINDS = {b"SIMPLE  =": "fits", b"\x89HDF\r\n\x1a\n": "hdf5"}

_REFUSED = {
    b"PK\x03\x04": "a zip archive (or numpy's npz)",
    b"\x93NUMPY": "an array of numpy's",
    b"\x80\x02": "a pickle",
    b"\x80\x03": "a pickle",
    b"\x80\x04": "a pickle",
    b"\x80\x05": "a pickle",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
}


@dataclass(frozen=True)
class OpenedFile:
    """A file that may be read: its name for messages, kind ("fits", "hdf5" or "text"), content and size in bytes."""

    name: str
    kind: str
    stream: BinaryIO
    size: int
    path: Path
    packed: bool


def opened(path: str | Path) -> OpenedFile:
    """Return a file opened for reading, unpacked if gzip, bzip2 or xz has packed it.

    Raises:
        DigsError: it is missing, no plain file, not allowed to be read, empty, too large, or of a kind that is not
            read; among these are all that could hold code.
    """
    name = printable(paths.shown(Path(path)) if isinstance(path, str | Path) else repr(path), _LONGEST)
    if not isinstance(path, str | Path):
        raise DigsError(f"{name} is no path; give the name of a file.")
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            what = "a directory" if stat.S_ISDIR(status.st_mode) else "no plain file"
            raise DigsError(f"{name} is {what}; give the file of a spectrum.")
        stream = Path(path).open("rb")  # noqa: SIM115  whoever gets it closes it
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno).lower() if getattr(error, "errno", None) else "no valid name"
        raise DigsError(f"{name} cannot be read ({reason}); give the file of a spectrum.") from None
    try:
        return _opened(name, Path(path), stream, status.st_size)
    except BaseException:
        stream.close()
        raise


def _opened(name: str, path: Path, stream: BinaryIO, size: int) -> OpenedFile:
    if size == 0:
        raise DigsError(f"{name} is empty; give the file of a spectrum.")
    if size > MOST_BYTES:
        raise DigsError(f"{name} has {size / 2**30:.0f} GiB; files of up to {MOST_BYTES / 2**30:.0f} GiB are read.")
    start = _start(stream)
    unpack = next((how for magic, how in _PACKED.items() if start.startswith(magic)), None)
    if unpack is not None:
        content = _unpacked(name, stream, unpack)
        stream.close()
        stream, size = io.BytesIO(content), len(content)
        start = _start(stream)
    for magic, what in _REFUSED.items():
        if start.startswith(magic):
            raise DigsError(f"{name} is {what}, which is not read; save the spectrum as FITS, ECSV, CSV or HDF5.")
    kind = next((kind for magic, kind in _KINDS.items() if start.startswith(magic)), "text")
    if kind == "text":
        if b"\x00" in start:
            raise DigsError(f"{name} is no FITS, HDF5, ECSV or CSV; save the spectrum as one of these.")
        if size > MOST_TEXT:
            raise DigsError(
                f"{name} has {size / 2**20:.0f} MiB; tables in letters are read up to {MOST_TEXT / 2**20:.0f} MiB, so "
                "save it as FITS or HDF5."
            )
    return OpenedFile(name, kind, stream, size, path, unpack is not None)


def _start(stream: BinaryIO) -> bytes:
    start = stream.read(4096)
    stream.seek(0)
    return start


def _unpacked(name: str, stream: BinaryIO, unpack) -> bytes:
    """The whole content, which is given up once it is too large."""
    parts, size = [], 0
    try:
        with unpack(stream) as packed:
            while part := packed.read(_STEP):
                parts.append(part)
                size += len(part)
                if size > MOST_UNPACKED:
                    raise DigsError(
                        f"{name} unpacks to more than {MOST_UNPACKED / 2**20:.0f} MiB; if it is what you want to read, "
                        "unpack it first."
                    )
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
        raise DigsError(f"{name} is packed but damaged ({type(error).__name__}); fetch it again.") from None
    if not size:
        raise DigsError(f"{name} is empty once it is unpacked; give the file of a spectrum.")
    return b"".join(parts)

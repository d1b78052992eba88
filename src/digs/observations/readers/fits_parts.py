"""Parts of FITS files: tables read column by column, images read row by row, nothing before it is asked for."""

from typing import Any

import numpy as np
from astropy.io import fits

from digs.base.errors import DigsError
from digs.observations.fits_layout import check_layout
from digs.observations.opened_file import OpenedFile

_MOST_VALUES = 50_000_000  # of a column, or of one spectrum's part of an image

_MOST_IN_TILE = 10_000_000  # values of a tile of a packed image

_LONGEST_TILE = (
    250_000  # bytes of a tile as it is packed, which no method unpacks to more than a thousand times as many
)

_MOST_SUMMED = 256 * 2**20  # bytes whose checksum is looked at


def column_values(file: str, table: fits.BinTableHDU, name: str, row: int | None = None) -> np.ndarray:
    """Return a column of a table, or the vector of one row of it.

    Raises:
        DigsError: the column is of variable length, holds no numbers, or is too long.
    """
    column = table.columns[name]
    if not isinstance(table, fits.BinTableHDU) or column.format.lstrip("0123456789")[:1] not in tuple("LBIJKED"):
        raise DigsError(f"{file} has no plain numbers in {name!r} (format {column.format}); save it as a plain table.")
    if table.header["NAXIS1"] and len(table.data) * _width(column) > _MOST_VALUES and row is None:
        raise DigsError(f"{file} has a column {name!r} of more than {_MOST_VALUES} numbers.")
    # the name by which astropy finds a column does not depend on its case, a place does not on either
    place = table.columns.names.index(name)
    part = lambda values: np.asarray(values if row is None else values[row])
    values = part(table.data.field(place))
    if column.null is None or column.format.lstrip("0123456789")[:1] not in tuple("BIJK"):
        return values
    stored = part(np.recarray.field(table.data, place))  # TNULL is what stands there for no number
    return np.where(stored == column.null, np.nan, values.astype(float))


def _width(column: fits.Column) -> int:
    digits = column.format[: len(column.format) - len(column.format.lstrip("0123456789"))]
    return int(digits or 1)


def is_vector(table: fits.BinTableHDU, name: str) -> bool:
    """Return whether each row of a column holds several values."""
    return _width(table.columns[name]) > 1


def image_values(file: str, hdu: Any, place: tuple = ()) -> np.ndarray:
    """Return an image, or a part of it, as float64.

    Args:
        file: what messages call it.
        hdu: the image.
        place: numbers and slices along its axes, all of them if there are none.
    Raises:
        DigsError: the part is too large.
    """
    size = 1
    for axis, extent in enumerate(hdu.shape):
        size *= 1 if axis < len(place) and isinstance(place[axis], int) else extent
    if size > _MOST_VALUES:
        raise DigsError(f"{file} has {size} numbers in one spectrum; {_MOST_VALUES} can be read.")
    stored = np.asarray(hdu.section[place or slice(None)])
    values = stored * float(hdu.header.get("BSCALE", 1)) + float(hdu.header.get("BZERO", 0))
    blank = hdu.header.get("BLANK")
    return values if blank is None or stored.dtype.kind == "f" else np.where(stored == blank, np.nan, values)


def open_parts(file: OpenedFile) -> tuple[fits.HDUList, tuple[str, ...]]:
    """Return the parts of a FITS file, of which nothing is read yet, and what their checksums say.

    Raises:
        DigsError: it is damaged, or its images are packed in tiles that could unpack to any size.
    """
    parts = check_layout(file.name, file.stream, file.size)
    settings = {"memmap": not file.packed, "do_not_scale_image_data": True}
    stored = fits.open(file.stream, disable_image_compression=True, **settings)
    if len(stored) != parts:  # astropy leaves out what it does not understand, and all that follows
        raise DigsError(f"{file.name} has a part {len(stored)} whose header makes no sense; fetch it again.")
    for hdu in stored:
        if hdu.header.get("ZIMAGE", False):
            _check_tiles(file.name, hdu)
    notes = tuple(
        f"The checksum of {hdu.name or 'the first part'} is not that of its content: it was edited or damaged."
        for hdu in stored
        if hdu.size < _MOST_SUMMED and not _sums_hold(hdu)
    )
    file.stream.seek(0)
    return fits.open(file.stream, **settings), notes


def _sums_hold(hdu: Any) -> bool:
    """Whether data and header have the checksums that the header says, if it does."""
    data = "DATASUM" not in hdu.header or hdu.verify_datasum() == 1
    return data and ("CHECKSUM" not in hdu.header or hdu.verify_checksum() == 1)


def _check_tiles(file: str, packed: fits.BinTableHDU) -> None:
    tile = np.prod([int(packed.header.get(f"ZTILE{axis}", 1)) for axis in range(1, 10)], dtype=object)
    stored = packed.data.view(np.ndarray)
    longest = max(
        (
            int(stored[name][..., 0].max())
            for name in stored.dtype.names
            if stored[name].shape[1:] == (2,) and len(stored)
        ),
        default=0,
    )
    if not 0 < tile <= _MOST_IN_TILE or not 0 <= longest <= _LONGEST_TILE:
        raise DigsError(f"{file} has images that are packed in large tiles; unpack them with funpack.")

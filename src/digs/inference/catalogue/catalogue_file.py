"""The spectra of a catalogue, read one by one: HDF5, FITS and all else that digs.read knows, and Zarr.

A catalogue in Zarr, or HDF5, is a group of arrays: `flux`, (galaxies, pixels); `wavelength`, as the flux or (pixels,);
`sigma`, `ivar` or `variance`; where there are any, `mask` (True or not 0 where a pixel is hidden), and for each galaxy
`redshift`, `name`, `resolution` or `sigma_kms`. Attributes `unit` of wavelength and flux, and `medium`, `redshift`,
`resolution`, `sigma_kms` and `light` of the group, say the rest, if options do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from digs.base.errors import DigsError
from digs.observations.columns import Column, raw_of_columns, roles_of
from digs.observations.conversion import ReadingOptions, spectrum_of
from digs.observations.header_facts import header_facts
from digs.observations.reading import SpectrumFile
from digs.observations.spectrum import Spectrum

_OF_GALAXIES = ("redshift", "name", "object", "resolution", "sigma_kms")  # which may have one value a spectrum
_MOST_CHUNK = 64 * 2**20  # bytes that are unpacked at once


class Catalogue(Protocol):
    """Spectra by their number; a bad one is a DigsError when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Spectrum: ...


@contextmanager
def open_catalogue(path: Path, **options: Any) -> Iterator[Catalogue]:
    """Give the spectra of a file or of a Zarr folder.

    Args:
        path: of it.
        options: as of digs.read, but for index.
    Raises:
        DigsError: it cannot be read.
    """
    if path.suffix == ".zarr" or path.is_dir():
        yield ZarrCatalogue(path, ReadingOptions(**options))
        return
    with SpectrumFile(path, **options) as file:
        yield file


class ZarrCatalogue:
    """The spectra of a Zarr group.

    Args:
        path: of its folder.
        options: what the user says of it.
    Raises:
        DigsError: there is no such group, or its arrays do not fit each other.
    """

    def __init__(self, path: Path, options: ReadingOptions):
        self._name, self._options = path.name, options
        group = open_zarr(path)
        self._arrays = {name: array for name, array in sorted(group.arrays()) if array.dtype.kind in "iufbUT"}
        self._said = dict(group.attrs)
        own = [name for name in self._arrays if name.lower() in _OF_GALAXIES and self._arrays[name].ndim < 2]
        self._roles = roles_of(self._name, [name for name in self._arrays if name not in own], options.columns)
        if "flux" not in self._roles:
            raise DigsError(f"{self._name} has no array 'flux'; its arrays are {', '.join(self._arrays) or 'none'}.")
        shape = self._arrays[self._roles["flux"]].shape
        fits = all(self._arrays[name].shape in (shape, shape[-1:]) for name in self._roles.values())
        if len(shape) != 2 or not fits or any(self._arrays[name].shape not in ((), shape[:1]) for name in own):
            raise DigsError(f"{self._name} has arrays whose shapes do not fit that of the flux, {shape}.")
        for name, array in self._arrays.items():
            if np.prod(array.chunks) * array.dtype.itemsize > _MOST_CHUNK:
                raise DigsError(f"{self._name} has chunks of more than 64 MiB in '{name}'; write it in smaller ones.")
        self._own, self._count = own, shape[0]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Spectrum:
        media, columns = {}, {}
        for name in self._roles.values():
            array = self._arrays[name]
            words = dict(array.attrs)
            media |= {"medium": words["medium"]} if "medium" in words else {}
            read = lambda array=array: np.asarray(array[index] if array.ndim == 2 else array[:])
            columns[name] = Column(words.get("unit", words.get("units")), read)
        galaxy = {name: self._arrays[name][index if self._arrays[name].ndim else ()] for name in self._own}
        galaxy = {name: value.item() if hasattr(value, "item") else value for name, value in galaxy.items()}
        facts = header_facts(self._name, galaxy, media, self._said)
        raw = raw_of_columns(self._name, columns, facts, self._roles)
        spectrum = spectrum_of(self._name, raw, self._options, index)
        return spectrum if spectrum.name else _named(spectrum, f"row {index}")


def _named(spectrum: Spectrum, name: str) -> Spectrum:
    from dataclasses import fields

    given = {each.name: getattr(spectrum, each.name) for each in fields(spectrum)}
    return Spectrum(**(given | {"name": name}))


def open_zarr(path: Path, mode: str = "r") -> Any:
    """Return the Zarr group of a folder.

    Raises:
        DigsError: the package zarr is missing, or there is no such group.
    """
    try:
        import zarr
    except ImportError:
        raise DigsError("Catalogues in Zarr need the package zarr; install it with `pip install zarr`.") from None
    form = {"zarr_format": 2} if mode == "w" else {}  # that all versions of the package read
    try:
        return zarr.open_group(str(path), mode=mode, **form)
    except (OSError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split())[:100].rstrip(".")
        raise DigsError(f"{path.name} is no sound Zarr group ({type(error).__name__}: {reason}).") from None

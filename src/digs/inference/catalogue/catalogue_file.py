"""The spectra of a catalogue, read one by one: HDF5, FITS and all else that digs.read knows, and Zarr.

A catalogue in Zarr, or HDF5, is a group of arrays: `flux`, (galaxies, pixels); `wavelength`, as the flux or (pixels,);
`sigma`, `ivar` or `variance`; where there are any, `mask` (True or not 0 where a pixel is hidden), and for each galaxy
`redshift`, `name`, `resolution` or `sigma_kms`. Attributes `unit` of wavelength and flux, and `medium`, `redshift`,
`resolution`, `sigma_kms` and `light` of the group, say the rest, if options do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from digs.base.errors import DigsError
from digs.inference.catalogue.zarr_folders import arrays_of, check_row, open_zarr, part_of, sound
from digs.observations.columns import Column, raw_of_columns, roles_of, unpacked
from digs.observations.conversion import ReadingOptions, spectrum_of
from digs.observations.header_facts import header_facts
from digs.observations.printable import printable
from digs.observations.raw_spectrum import RawSpectrum
from digs.observations.reading import MOST_SPECTRA, SpectrumFile
from digs.observations.sentences import one_sentence
from digs.observations.spectrum import MOST_PIXELS, Spectrum

_OF_GALAXIES = ("redshift", "name", "object", "resolution", "sigma_kms")  # which may have one value a spectrum


class Catalogue(Protocol):
    """Spectra by their number; a bad one is a DigsError when it is asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Spectrum: ...

    def name_of(self, index: int) -> str:
        """Return the name of a spectrum, also of a bad one; a DigsError where not even that can be read."""


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
        yield _counted(ZarrCatalogue(path, ReadingOptions(**options)), path)
        return
    with FileCatalogue(path, **options) as file:
        yield _counted(file, path)


def state_of_source(path: Path) -> dict[str, int]:
    """Return the size of a catalogue in bytes and the time of its last change in ns, of a folder those of all files.

    Raises:
        DigsError: it cannot be looked at.
    """
    try:
        files = [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]
        each = [file.stat() for file in files]
    except (OSError, ValueError):
        name = printable(path.name, 100)
        raise DigsError(f"{name} cannot be looked at; give a catalogue that is there, and that may be read.") from None
    return {
        "bytes": sum(status.st_size for status in each),
        "changed": max((status.st_mtime_ns for status in each), default=0),
    }


def _counted(catalogue: Catalogue, path: Path) -> Catalogue:
    """The catalogue, if it has galaxies, and not too many."""
    if not 0 < len(catalogue) <= MOST_SPECTRA:
        name = printable(path.name, 100)
        raise DigsError(f"{name} has {len(catalogue)} galaxies; give a catalogue of 1 to {MOST_SPECTRA}.")
    return catalogue


class FileCatalogue(SpectrumFile):
    """The spectra of one file; it is opened as a SpectrumFile is."""

    def name_of(self, index: int) -> str:
        """Return the name of a spectrum, also of a bad one.

        Raises:
            DigsError: not even that can be read.
        """
        with one_sentence(self.name, "is damaged"):
            return self._stack.get(index).name


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
        self._arrays, self._said = arrays_of(group, path.name), dict(group.attrs)
        with sound(self._name):
            self._sort()

    def _sort(self) -> None:
        """Find out which array is what, and whether they fit each other."""
        own = [name for name in self._arrays if name.lower() in _OF_GALAXIES and self._arrays[name].ndim < 2]
        self._roles = roles_of(self._name, [name for name in self._arrays if name not in own], self._options.columns)
        if "flux" not in self._roles:
            raise DigsError(f"{self._name} has no array 'flux'; its arrays are {', '.join(self._arrays) or 'none'}.")
        shape = self._arrays[self._roles["flux"]].shape
        fits = all(self._arrays[name].shape in (shape, shape[-1:]) for name in self._roles.values())
        if len(shape) != 2 or not fits or any(self._arrays[name].shape not in ((), shape[:1]) for name in own):
            raise DigsError(f"{self._name} has arrays whose shapes do not fit that of the flux, {shape}.")
        if not 0 < shape[1] <= MOST_PIXELS:
            raise DigsError(f"{self._name} has spectra of {shape[1]} pixels; give 2 to {MOST_PIXELS}.")
        for name in self._roles.values():
            check_row(self._arrays[name], f"'{name}' in {self._name}")
        self._own, self._count = own, shape[0]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Spectrum:
        with sound(self._name):
            return spectrum_of(self._name, self._raw(index), self._options, index, self._count)

    def name_of(self, index: int) -> str:
        """Return the name of a spectrum, also of a bad one.

        Raises:
            DigsError: not even that can be read.
        """
        with sound(self._name):
            return self._raw(index).name

    def _raw(self, index: int) -> RawSpectrum:
        media, columns = {}, {}
        for name in self._roles.values():
            array = self._arrays[name]
            words = dict(array.attrs)
            media |= {"medium": words["medium"]} if "medium" in words else {}
            place = (index,) if array.ndim == 2 else ()
            read = lambda array=array, place=place, words=words: unpacked(part_of(array, *place), words)
            columns[name] = Column(words.get("unit", words.get("units")), read)
        galaxy = {name: self._of_galaxy(self._arrays[name], index) for name in self._own}
        facts = header_facts(self._name, galaxy, media, self._said)
        raw = raw_of_columns(self._name, columns, facts, self._roles)
        return replace(raw, name=facts.name or f"row {index}")

    def _of_galaxy(self, array: Any, index: int) -> Any:
        value = part_of(array, index) if array.ndim else np.array(array[()])
        return value.item() if value.size == 1 else value

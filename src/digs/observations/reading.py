"""Spectra from files: one, all, or the one of an index; of a kind that is found out from the content."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from digs.base.errors import DigsError
from digs.base.inputs import whole_number
from digs.observations.conversion import ReadingOptions, spectrum_of
from digs.observations.opened_file import OpenedFile, opened
from digs.observations.raw_spectrum import Stack
from digs.observations.sentences import one_sentence
from digs.observations.spectrum import Spectrum
from digs.physics.instrument import Medium

MOST_AT_ONCE = 100  # spectra that `read` returns as a list

MOST_SPECTRA = 10_000_000  # of one file

_FAULT = "is damaged or not what it seems"


class SpectrumFile(Sequence):
    """The spectra of one file, read one by one when they are asked for.

    Args:
        path: of the file.
        options: as of `read`.
    Raises:
        DigsError: as `read`; that one spectrum is bad is said when it is asked for.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from digs.observations import SpectrumFile
        >>> lines = ["wave (Angstrom),flux (uJy),err", *(f"{5000 + i},{3 + i % 2},0.1" for i in range(50))]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "galaxy.csv"
        ...     _ = path.write_text("\\n".join(lines))
        ...     with SpectrumFile(path, redshift=0.1, resolution=1000, medium="vacuum") as file:
        ...         print(len(file), file[0])
        1 Spectrum(50 pixels, 0 hidden, 5000 to 5049 Angstrom, redshift 0.1)
    """

    def __init__(self, path: str | Path, **options: Any):
        self._options = ReadingOptions(**options)
        self._file = opened(path)
        self.name = self._file.name
        try:
            with one_sentence(self.name, _FAULT):
                self._stack = _stack(self._file, self._options.columns)
                if self._stack.count > MOST_SPECTRA:
                    raise DigsError(f"{self.name} has {self._stack.count} spectra; give up to {MOST_SPECTRA} a file.")
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return self._stack.count

    def __getitem__(self, index: int) -> Spectrum:
        count = len(self)
        if isinstance(index, int) and index < 0:
            index += count
        row = whole_number(index, "The index", 0)
        if row >= count:
            raise IndexError(f"{self.name} has {count} spectra; there is no {row}.")
        with one_sentence(self.name, _FAULT):
            return spectrum_of(self.name, self._stack.get(row), self._options, row, count)

    def close(self) -> None:
        """Close the file."""
        self._file.stream.close()

    def __enter__(self) -> "SpectrumFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(
    path: str | Path,
    redshift: float | Sequence[float] | None = None,
    resolution: Any = None,
    sigma_kms: Any = None,
    medium: Medium | None = None,
    mask_lines: str | Sequence[Any] = (),
    ebv: float | None = None,
    *,
    index: int | None = None,
    dust_law: str = "G23",
    wavelength_unit: Any = None,
    flux_unit: Any = None,
    columns: Mapping[str, str] | None = None,
    barycentric_kms: float | None = None,
    light: str | None = None,
) -> Spectrum | list[Spectrum]:
    """Return the spectrum of a file, or the list of its spectra where it holds many.

    Read are FITS of SDSS, DESI, MUSE, JWST, ESO (LEGA-C is one of these), tables and images of one axis from
    anywhere, and what the package specutils knows besides; ECSV, CSV and other tables in letters; HDF5. Any of these
    may be packed by gzip, bzip2 or xz. What the file does not say is asked for by the name of the argument. What was
    assumed stands in the spectrum's `notes`.

    Args:
        path: of the file, whose kind is known from its content.
        redshift: of the galaxy, or of each of the file's, instead of the file's own.
        resolution: total lambda / FWHM, a number or one for each pixel, or a matrix, as of Spectrum.
        sigma_kms: dispersion that is added to the populations' own, as of Spectrum.
        medium: "vacuum" or "air".
        mask_lines: lines to hide: names, for instance "Halpha", and ranges in Angstrom, for instance "5880-5910"
            (rest frame, vacuum), in a list or with commas; or "all".
        ebv: E(B-V) of the Milky Way in mag, whose effect is undone.
        index: of the one spectrum wanted, from 0.
        dust_law: of dust_extinction, as of milky_way.brightening.
        wavelength_unit, flux_unit: units, or texts such as "micron" and "1e-17 erg/s/cm2/Angstrom".
        columns: names of a table's columns by role: wavelength, flux, sigma, ivar, variance, mask, good, resolution.
        barycentric_kms: velocity that brings the wavelengths to the solar system's barycentre.
        light: what part of the galaxy is seen, for instance "fibre" or "total".
    Raises:
        DigsError: the file is missing, damaged, or of a kind that is not read; a fact is missing; an option is wrong.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from digs.observations import read
        >>> lines = ["wave (micron),f_nu (uJy),err", *(f"{1.5 + i / 1000},{3 + i % 2},0.1" for i in range(50))]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "galaxy.csv"
        ...     _ = path.write_text("\\n".join(lines))
        ...     spectrum = read(path, redshift=2, resolution=1000, medium="vacuum")
        >>> spectrum
        Spectrum(50 pixels, 0 hidden, 15000 to 15490 Angstrom, redshift 2)
        >>> spectrum.notes
        ("The Milky Way's dust was not corrected for; give ebv to do so.",)
    """
    options = {name: value for name, value in locals().items() if name not in ("path", "index")}
    with SpectrumFile(path, **options) as file:
        if index is not None:
            row = whole_number(index, "The index", 0, len(file))
            return file[row]
        if len(file) == 1:
            return file[0]
        if len(file) > MOST_AT_ONCE:
            raise DigsError(
                f"{file.name} has {len(file)} spectra; give index for one of them, or go through "
                "digs.observations.read_all."
            )
        return [_of_many(file, row) for row in range(len(file))]


def _of_many(file: SpectrumFile, row: int) -> Spectrum:
    """One spectrum of several; where it is bad, the error says which it is, and how the others are got."""
    try:
        return file[row]
    except DigsError as error:
        raise DigsError(
            f"{str(error).removesuffix('.')} (the spectrum of index {row}; to get the others, give their index, or go "
            "through digs.observations.read_all)."
        ) from None


def read_all(path: str | Path, **options: Any) -> Iterator[Spectrum | DigsError]:
    """Yield the spectra of a file one by one, and for one that is bad the error that says why.

    Args:
        path: of the file.
        options: as of `read`, but index.
    Raises:
        DigsError: the file as a whole cannot be read.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from digs.observations import read_all
        >>> lines = ["wave (Angstrom),flux (1e-17 erg/s/cm2/A),err", *(f"{5000 + i},nan,0.1" for i in range(50))]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "galaxy.csv"
        ...     _ = path.write_text("\\n".join(lines))
        ...     [type(each).__name__ for each in read_all(path, redshift=0.1, resolution=1000, medium="vacuum")]
        ['DigsError']
    """
    with SpectrumFile(path, **options) as file:
        for row in range(len(file)):
            try:
                yield file[row]
            except DigsError as error:
                yield error


def _stack(file: OpenedFile, columns: Mapping[str, str] | None) -> Stack:
    if file.kind == "fits":
        from digs.observations.readers.fits_file import fits_spectra

        return fits_spectra(file, columns)
    if file.kind == "hdf5":
        from digs.observations.readers.hdf5_file import hdf5_spectra

        return hdf5_spectra(file, columns)
    from digs.observations.readers.text_table import text_spectra

    return text_spectra(file, columns)

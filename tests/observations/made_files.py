"""Files of every kind that digs reads, made by astropy and h5py of one spectrum that the tests know."""

import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from astropy import units
from astropy.io import fits
from astropy.table import QTable

from digs.physics.air import vacuum_to_air

PIXELS = 120
REDSHIFT = 0.1
RESOLUTION = 1500.0
WAVELENGTH = 10 ** (3.7 + 1e-4 * np.arange(PIXELS))  # vacuum, Angstrom
_RANDOM = np.random.default_rng(5)
SIGMA = _RANDOM.uniform(0.5, 1.5, PIXELS)  # 1e-17 erg/s/cm2/Angstrom
FLUX = 20 + _RANDOM.standard_normal(PIXELS) * SIGMA
BAD = 40  # the pixel that masks hide
UNIT = "1e-17 erg/s/cm2/Angstrom"
FLAM = 1e-17 * units.erg / units.s / units.cm**2 / units.AA

_BAD = np.arange(PIXELS) == BAD

OPTIONS = {"redshift": REDSHIFT, "resolution": RESOLUTION, "medium": "vacuum"}  # what some files leave out


def _column(name: str, values: np.ndarray, unit: str | None = None, width: int = 0) -> fits.Column:
    code = {"f4": "E", "f8": "D", "i4": "J", "i2": "I"}[values.dtype.str[1:]]
    return fits.Column(name, f"{width or ''}{code}", unit=unit, array=values[None] if width else values)


def _save(path: Path, *hdus, **header) -> None:
    first = hdus[0] if isinstance(hdus[0], fits.PrimaryHDU) else fits.PrimaryHDU()
    first.header.update(header)
    rest = hdus[1:] if first is hdus[0] else hdus
    fits.HDUList([first, *rest]).writeto(path, checksum=True)


def _sdss(path: Path) -> None:
    columns = {"flux": FLUX, "loglam": np.log10(WAVELENGTH), "ivar": SIGMA**-2.0}
    columns = [_column(name, values) for name, values in columns.items()]
    columns += [_column("and_mask", _BAD.astype("i4")), _column("wdisp", np.full(PIXELS, 1.2))]
    table = fits.BinTableHDU.from_columns(columns, name="COADD")
    pipeline = fits.BinTableHDU.from_columns(
        [_column("Z", np.array([REDSHIFT])), _column("ZWARNING", np.zeros(1, "i4"))], name="SPECOBJ"
    )
    _save(path, table, pipeline, TELESCOP="SDSS 2.5-M", BUNIT="1E-17 erg/cm^2/s/Ang", COEFF1=1e-4, VACUUM=True)


def _sdss_plate(path: Path) -> None:
    two = lambda values: fits.ImageHDU(np.stack([values, values]))
    flux = fits.PrimaryHDU(np.stack([FLUX, 2 * FLUX]))
    masks = two(_BAD.astype("i4")), two(0 * _BAD.astype("i4"))
    _save(path, flux, two(SIGMA**-2.0), *masks, two(np.full(PIXELS, 1.2)), COEFF0=3.7, COEFF1=1e-4, BUNIT=UNIT)


def _sdss_old(path: Path) -> None:
    image = fits.PrimaryHDU(np.stack([FLUX, 0 * FLUX, SIGMA, 1.0 * _BAD, 0 * FLUX]))
    unit = "1.0E-17 erg/cm/s/Ang"
    _save(path, image, TELESCOP="SDSS 2.5-M", FIBERID=7, COEFF0=3.7, COEFF1=1e-4, BUNIT=unit, Z=REDSHIFT)


def _desi(path: Path) -> None:
    parts = []
    for arm, here in (("B", slice(0, 70)), ("R", slice(60, 120))):
        kernel = np.array([0.25, 0.5, 0.25])[:, None] * np.ones(len(FLUX[here]))
        arrays = {"FLUX": FLUX, "IVAR": SIGMA**-2.0 / (1 + (np.abs(np.arange(PIXELS) - 64.5) < 5)), "MASK": _BAD * 1}
        images = {name: np.stack([values[here], values[here]]) for name, values in arrays.items()}
        images |= {"WAVELENGTH": WAVELENGTH[here], "RESOLUTION": np.stack([kernel, kernel])}
        parts += [fits.ImageHDU(values, name=f"{arm}_{name}") for name, values in images.items()]
        parts[-5].header["BUNIT"] = "10**-17 erg/(s cm2 Angstrom)"
    fibres = fits.BinTableHDU.from_columns([_column("TARGETID", np.array([11, 12], "i4"))], name="FIBERMAP")
    _save(path, fibres, *parts)


def _muse(path: Path) -> None:
    axis = {"CRVAL3": 5000.0, "CRPIX3": 1.0, "CD3_3": 1.25, "CTYPE3": "AWAV", "CUNIT3": "Angstrom"}
    data = fits.ImageHDU(np.ones((1, 2, 3)) * FLUX[:, None, None], name="DATA")
    data.header.update(axis | {"BUNIT": "10**(-17)*erg/s/cm**2/Angstrom"})
    variance = fits.ImageHDU(np.ones((1, 2, 3)) * SIGMA[:, None, None] ** 2, name="STAT")
    _save(path, data, variance, INSTRUME="MUSE")


def _jwst(path: Path) -> None:
    micron = WAVELENGTH / 1e4
    in_jansky = lambda values: (values * FLAM).to_value(units.Jy, units.spectral_density(WAVELENGTH * units.AA))
    jansky, error = in_jansky(FLUX), in_jansky(SIGMA)
    table = fits.BinTableHDU.from_columns(
        [
            _column("WAVELENGTH", micron, "um"),
            _column("FLUX", jansky, "Jy"),
            _column("FLUX_ERROR", error, "Jy"),
            _column("SURF_BRIGHT", jansky, "MJy/sr"),
            _column("DQ", _BAD.astype("i4")),
        ],
        name="EXTRACT1D",
    )
    _save(path, table, TELESCOP="JWST", TARGNAME="GAL")


def _eso(path: Path) -> None:
    unit = "10**(-17).erg.cm**(-2).s**(-1).angstrom**(-1)"
    table = fits.BinTableHDU.from_columns(
        [
            _column("WAVE", vacuum_to_air(WAVELENGTH), "angstrom", PIXELS),
            _column("FLUX", np.where(_BAD, np.nan, FLUX), unit, PIXELS),
            _column("ERR", np.where(_BAD, 0.0, SIGMA), unit, PIXELS),
            _column("QUAL", _BAD.astype("i2"), None, PIXELS),
        ],
        name="PHASE3SPECTRA",
    )
    table.header.update({"TUCD1": "em.wl;obs.atmos", "VOPUB": "ESO/SAF"})
    _save(path, table, ORIGIN="ESO", SPEC_RES=RESOLUTION, SPECSYS="BARYCENT")


def _fits_table(path: Path) -> None:
    columns = [_column("wavelength", WAVELENGTH / 10, "nm"), _column("flux", FLUX, UNIT)]
    columns += [_column("ivar", SIGMA**-2.0), _column("mask", _BAD.astype("i4"))]
    _save(path, fits.BinTableHDU.from_columns(columns), REDSHIFT=REDSHIFT, MEDIUM="vacuum")


def _fits_image(path: Path) -> None:
    axis = {"CRVAL1": 3.7, "CRPIX1": 1.0, "CDELT1": 1e-4, "DC-FLAG": 1, "CUNIT1": "Angstrom", "BUNIT": UNIT}
    image = fits.PrimaryHDU(FLUX)
    image.header.update(axis)
    _save(path, image, fits.ImageHDU(SIGMA, name="ERR"), fits.ImageHDU(_BAD * 1, name="MASK"))


def _ecsv(path: Path) -> None:
    table = QTable(
        {"wavelength": vacuum_to_air(WAVELENGTH) * units.AA, "flux": FLUX * FLAM, "sigma": SIGMA * FLAM, "mask": _BAD}
    )
    table.meta = {"redshift": REDSHIFT, "resolution": RESOLUTION, "medium": "air", "object": "M 1"}
    table.write(path, format="ascii.ecsv")


def _rows(mark: str) -> list[str]:
    rows = zip(WAVELENGTH, FLUX, SIGMA, _BAD.astype(int), strict=True)
    return [mark.join(f"{float(value)!r}" for value in row) for row in rows]


def _csv(path: Path) -> None:
    names = "wave (Angstrom),flux (1e-17 erg/s/cm2/A),err,mask"
    path.write_text("\n".join(["# redshift: 0.1", "# medium: vacuum", "# resolution: 1500", names, *_rows(",")]))


def _blanks(path: Path) -> None:
    names = "# wave_vac (Angstrom) flux (1e-17 erg/s/cm2/A) err mask"
    path.write_text("\n".join([names, *_rows("  ")]))


def _hdf5(path: Path, galaxies: int = 0) -> None:
    shape = (lambda values: np.stack([values] * galaxies)) if galaxies else (lambda values: values)
    with h5py.File(path, "w", libver="latest") as file:
        arrays = {
            "wavelength": WAVELENGTH,
            "flux": shape(FLUX),
            "sigma": shape(SIGMA),
            "mask": shape(_BAD.astype("i4")),
        }
        for name, values in arrays.items():
            file.create_dataset(name, data=values, fletcher32=True, chunks=values.shape)
        file["wavelength"].attrs["unit"], file["flux"].attrs["unit"] = "Angstrom", UNIT
        file.attrs.update({"medium": "vacuum", "resolution": RESOLUTION})
        if galaxies:
            file["redshift"] = np.full(galaxies, REDSHIFT)
        else:
            file.attrs["redshift"] = REDSHIFT


def _packed(pack: Callable[[bytes], bytes], make: Callable[[Path], None]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        plain = path.with_name(f"plain-{path.stem}")
        make(plain)
        path.write_bytes(pack(plain.read_bytes()))

    return write


MAKERS: dict[str, Callable[[Path], None]] = {
    "spec.fits": _sdss,
    "spPlate.fits": _sdss_plate,
    "spSpec.fit": _sdss_old,
    "coadd.fits": _desi,
    "muse.fits": _muse,
    "x1d.fits": _jwst,
    "legac.fits": _eso,
    "table.fits": _fits_table,
    "image.fits": _fits_image,
    "galaxy.ecsv": _ecsv,
    "galaxy.csv": _csv,
    "galaxy.txt": _blanks,
    "galaxy.h5": _hdf5,
    "galaxies.h5": lambda path: _hdf5(path, 3),
    "spec.fits.gz": _packed(gzip.compress, _sdss),
    "galaxy.csv.xz": _packed(lzma.compress, _csv),
}

COUNT = {"spPlate.fits": 2, "coadd.fits": 2, "muse.fits": 6, "galaxies.h5": 3}


def make_files(folder: Path) -> dict[str, Path]:
    """Write one file of each kind, and return their paths by name."""
    for name, make in MAKERS.items():
        make(folder / name)
    return {name: folder / name for name in MAKERS}

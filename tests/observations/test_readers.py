"""Each kind of file gives the spectrum that was written, and says what it assumed."""

import numpy as np
import pytest
from astropy import units
from astropy.table import QTable
from made_files import BAD, COUNT, FLUX, MAKERS, OPTIONS, PIXELS, REDSHIFT, SIGMA, WAVELENGTH, make_files

from digs.observations import read, read_all


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_files(tmp_path_factory.mktemp("made"))


def first(path, **options):
    found = read(path, **options)
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize("name", MAKERS)
def test_what_was_written_is_read(files, name):
    spectrum = (
        first(files[name], **OPTIONS) if name not in ("galaxy.ecsv", "legac.fits") else first(files[name], redshift=0.1)
    )
    good = np.arange(PIXELS) != BAD
    assert spectrum.pixels == PIXELS
    if name == "muse.fits":
        assert not spectrum.mask.any()
        np.testing.assert_allclose(np.diff(spectrum.wavelength), 1.25, rtol=1e-3)
        good[:] = True
    else:
        np.testing.assert_allclose(spectrum.wavelength, WAVELENGTH, rtol=2e-7)
    if name == "coadd.fits":  # the ends of its arms are left out
        good[[0, -1]] = False
    np.testing.assert_array_equal(spectrum.mask, ~good)
    np.testing.assert_allclose(spectrum.flux[good], 1e-17 * FLUX[good], rtol=1e-6)
    expected = np.where(np.abs(np.arange(PIXELS) - 64.5) < 5, 1.0, 1.0) if name == "coadd.fits" else 1.0
    if name != "coadd.fits":
        np.testing.assert_allclose(spectrum.sigma[good], (1e-17 * SIGMA * expected)[good], rtol=1e-6)
    assert spectrum.redshift == pytest.approx(REDSHIFT)


@pytest.mark.parametrize("name", COUNT)
def test_files_of_many_spectra(files, name):
    assert len(list(read_all(files[name], **OPTIONS))) == len(read(files[name], **OPTIONS)) == COUNT[name]


def test_a_table_of_quantities_alone_is_read(tmp_path):
    """Its ECSV says of each column that it is a quantity, and nothing else."""
    unit = units.Unit("erg / (s cm2 Angstrom)")
    table = QTable({"wavelength": WAVELENGTH * units.AA, "flux": 1e-17 * np.ones(PIXELS) * unit})
    table["sigma"] = 1e-18 * np.ones(PIXELS) * unit
    for name, meta in (("plain.ecsv", {}), ("more.ecsv", {"observer": "none"})):
        table.meta = meta
        table.write(tmp_path / name)
        spectrum = read(tmp_path / name, redshift=0.1, resolution=2000, medium="vacuum")
        np.testing.assert_allclose(spectrum.flux, 1e-17, rtol=1e-12)
        np.testing.assert_allclose(spectrum.wavelength, WAVELENGTH, rtol=1e-12)

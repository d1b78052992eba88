"""Spectra of real galaxies that packages bring: SDSS and LEGA-C by ppxf, DESI by specutils."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from digs.base.errors import DigsError
from digs.observations import read, read_all


def folder(package: str, place: str) -> Path:
    found = find_spec(package)
    if found is None:
        pytest.skip(f"{package} is not installed")
    return Path(found.origin).parent / place


@pytest.mark.parametrize(("name", "redshift", "pixels"), [("NGC3073", 0.00376266, 3848), ("NGC3522", 0.00401801, 3815)])
def test_sdss(name, redshift, pixels):
    found = read(folder("ppxf", "spectra") / f"{name}_SDSS_DR18.fits")
    assert found.pixels == pixels
    assert found.redshift == pytest.approx(redshift, rel=1e-5)
    assert found.light == "fibre"
    assert 1400 < np.median(found.resolution) < 2500
    assert 1e-16 < np.median(found.flux) < 1e-14
    # the calcium doublet of the stars, by the pixel: it is where the redshift has it, in vacuum
    rest = found.wavelength / (1 + found.redshift)
    for line in (3934.78, 3969.59):
        near = np.abs(rest - line) < 15
        depth = np.clip(np.median(found.flux[near]) - found.flux[near], 0, None)
        assert np.average(rest[near], weights=depth**2) == pytest.approx(line, abs=2)


def test_lega_c(refused):
    path = folder("ppxf", "spectra") / "legac_M19_56670_v3.0.fits"
    with refused("give redshift"):
        read(path)
    found = read(path, redshift=0.7)
    assert (found.resolution == 2500).all()
    assert found.mask.sum() == 2080
    assert any("air to vacuum" in note for note in found.notes)
    assert any("TOPOCENT" in note for note in found.notes)
    assert found.wavelength[0] == pytest.approx(5801.9, abs=0.1)
    assert 5 < np.median((found.flux / found.sigma)[~found.mask]) < 50


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("coadd-sv3-dark-26065.fits", [2, 4]),
        ("coadd-5-169-thru20210419.fits", [4]),
        ("spectra-sv3-dark-26065.fits", [2]),
    ],
)
def test_desi(name, targets):
    """Of the five rows, some were blanked out to make the files small."""
    path = folder("specutils", "io/default_loaders/tests/desi_test_data") / name
    found = list(read_all(path, redshift=0.5))
    assert [row for row, each in enumerate(found) if not isinstance(each, DigsError)] == targets
    for row in targets:
        spectrum = found[row]
        assert spectrum.pixels == 7781
        np.testing.assert_allclose(np.diff(spectrum.wavelength), 0.8, rtol=1e-9)
        assert spectrum.name.startswith("TARGETID 396")
        assert spectrum.resolution.shape == (7781, 7781)
        np.testing.assert_allclose(spectrum.resolution.sum(1), 1, rtol=1e-6)
        # each row of the matrix is as wide as DESI's line-spread function, R = 2000 to 5500
        rows = spectrum.resolution.toarray()[500:-500:200]
        offset = (np.arange(7781) - np.arange(500, 7281, 200)[:, None]) * 0.8
        width = np.sqrt((rows * offset**2).sum(1)) * 2.355
        assert 1.2 < np.median(width) < 2.2

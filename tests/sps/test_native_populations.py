"""Populations at native resolution: compression, the gas's tables, and photons, on made-up spectra."""

import numpy as np
import pytest

from digs.files.schemas.populations_schema import PHOTONS
from digs.sps.native_populations import PLACES, compressed, skeleton
from digs.sps.nebular_tables import ionising_photons, line_sigma, read_nebular_table

RANDOM = np.random.default_rng(5)


def test_compression_finds_what_spectra_have_in_common():
    basis = RANDOM.uniform(0.5, 1.5, (6, 300)) * np.geomspace(1e-3, 1, 300)
    spectra = np.geomspace(1e-20, 1e-14, 50)[:, None] * (RANDOM.uniform(size=(4, 50, 6)) @ basis)
    coefficients, found = compressed(spectra, 6)
    assert (coefficients.shape, found.shape) == ((4, 50, 6), (6, 300))
    np.testing.assert_allclose(coefficients @ found, spectra, rtol=1e-9)


def test_a_few_wavelengths_hold_a_continuum_of_few_shapes():
    shapes = RANDOM.uniform(0.5, 1.5, (PLACES, 200))
    continuum = RANDOM.uniform(size=(4, 3, 2, PLACES)) @ shapes
    chosen, follow = skeleton(np.log10(continuum), PLACES)
    np.testing.assert_allclose(follow[:, chosen], np.eye(PLACES), atol=1e-9)
    np.testing.assert_allclose(continuum[..., chosen] @ follow, continuum, rtol=1e-6)


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "ZAU.lines"
    nodes = [
        (z, age, u) for z in np.linspace(-1, 0, 11) for age in np.linspace(1e6, 1e7, 10) for u in np.linspace(-4, -1, 7)
    ]
    rows = [f"{z} {age} {u}\n{1e-47 * (2 + z)} {1e-47 * age} 0.0\n" for z, age, u in nodes]
    path.write_text("#a title\n4000 5000 6000\n" + "".join(rows))
    return path


def test_a_table_is_read_in_fsps_order(table):
    found = read_nebular_table(table)
    assert found.wavelength.tolist() == [4000, 5000, 6000]
    np.testing.assert_allclose(found.logz, np.linspace(-1, 0, 11), atol=1e-12)
    np.testing.assert_allclose(found.age, np.linspace(1e-3, 1e-2, 10))
    np.testing.assert_allclose(found.logu, np.linspace(-4, -1, 7))
    np.testing.assert_allclose(
        10 ** found.values[..., 0], PHOTONS * 1e-47 * (2 + found.logz[:, None, None]) * np.ones((11, 10, 7))
    )
    np.testing.assert_allclose(10 ** found.values[3, :, 2, 1], found.age * 1e9)
    assert (found.values[..., 2] == -95 + 47).all()


def test_another_table_is_refused(table, refused):
    table.write_text(table.read_text() + "1.0\n")
    with refused("770 spectra of 3 numbers", "replace it"):
        read_nebular_table(table)


def test_photons_are_counted_below_the_lyman_limit():
    wavelength = np.concatenate([np.geomspace(100, 912, 4000), [913.0, 2000.0]])
    luminosity = np.full((2, len(wavelength)), 1e-16) * [[1.0], [3.0]]
    photons = 1e-16 * 3.839e33 / 6.6261e-27 * np.log(912 / 100)  # of constant L_nu, as dnu / nu
    np.testing.assert_allclose(ionising_photons(wavelength, luminosity) * PHOTONS, [photons, 3 * photons], rtol=1e-5)


def test_lines_are_as_wide_as_two_wavelengths():
    wavelength = np.array([4000.0, 4001.0, 4003.0, 4010.0])
    assert line_sigma(wavelength, np.array([4000.5, 4002.0, 4003.0])).tolist() == [2.0, 4.0, 14.0]

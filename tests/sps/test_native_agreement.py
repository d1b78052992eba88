"""Galaxies of the tracked populations against Prospector and FSPS, if SPS_HOME has the data they were made from."""

import numpy as np
import pytest

from digs.config.params import load_params
from digs.config.stages.instruments_settings import InstrumentsSettings
from digs.config.stages.populations_settings import PopulationsSettings
from digs.files.product import Product, read_product
from digs.files.schemas.populations_schema import PHOTONS, POPULATIONS
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.sps.home import sps_data
from digs.sps.native_agreement import KINDS, differences, settings, with_gas


@pytest.fixture(scope="module")
def populations(sps_home, tracked) -> Product:
    product = read_product(tracked("populations.h5"), POPULATIONS)
    if product.attributes["sps_fingerprint"] != sps_data().fingerprint:
        pytest.skip("SPS_HOME has other data than those of populations.h5")
    return product


def test_galaxies_on_every_instrument_are_prospectors(populations, prospector, wide_theta):
    """Three galaxies of about solar metallicity, as each metallicity of FSPS takes its time."""
    params, theta = load_params(PopulationsSettings, InstrumentsSettings), wide_theta(3, 4).double()
    theta[:, 1] = theta[:, 1].new_tensor([-0.2, -0.1, -0.05])
    found = differences(POPULATIONS_FILE, with_gas(theta, 5), params.spectrum, params.gas.logu, prospector)
    for name in settings(params.spectrum):
        for kind in KINDS:
            difference = found[name][kind][0]
            assert np.median(difference) <= params.instruments.median_bar, (name, kind)
            assert np.quantile(difference, 0.999) <= params.instruments.tail_bar, (name, kind)


def test_photons_and_surviving_mass_are_fsps_own(populations, fsps_population):
    """FSPS's lines, divided by what its tables have for each photon, are the photons; none are left after 20 Myr."""
    fsps_population.params["logzsol"] = 0.0
    _, _ = fsps_population.get_spectrum(tage=0, peraa=False)
    solar = int(np.abs(populations["logzsol"]).argmin())
    np.testing.assert_allclose(fsps_population.stellar_mass, populations["surviving_mass"][solar], rtol=1e-5)
    line = int(np.abs(populations["line_wavelength"] - 6564.6).argmin())
    own = int(np.abs(fsps_population.emline_wavelengths - populations["line_wavelength"][line]).argmin())
    luminosity = fsps_population.emline_luminosity[:, own]
    young = populations["age"] <= populations["gas_age"][0]
    gas = [int(np.abs(populations[name] - at).argmin()) for name, at in (("gas_logz", 0.0), ("gas_logu", -2.0))]
    each = 10 ** float(populations["log_lines"][gas[0], 0, gas[1], line])
    np.testing.assert_allclose(luminosity[young] / each, populations["photons"][solar][young], rtol=1e-5)
    with_lines = populations["age"] <= populations["gas_age"][-1] * (1 + 1e-6)
    np.testing.assert_array_equal(luminosity > 1e-60, with_lines)  # FSPS has 1e-70 for nothing
    assert PHOTONS == 1e47

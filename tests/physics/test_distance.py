"""From luminosity to flux: the solar luminosity and the distance are Prospector's."""

import numpy as np
import pytest

from digs.physics.distance import SOLAR_LUMINOSITY, dimming
from digs.physics.spectra import f_lambda, observed_flux


def test_the_sun_is_prospectors():
    from prospect.sources.constants import lsun

    assert lsun == SOLAR_LUMINOSITY


@pytest.mark.parametrize("redshift", [1e-5, 0.08, 2.0])
def test_light_dims_as_prospector_has_it(redshift):
    """F_lambda of a flat L_nu, which Prospector dims at the rest-frame frequency and this at the wavelength."""
    rest = np.array([4000.0, 5000.0, 9000.0])
    luminosity = np.ones(3)  # Lsun / Hz
    by_frequency = f_lambda(rest * (1 + redshift), observed_flux(luminosity, redshift))
    by_wavelength = dimming(redshift) * f_lambda(rest, luminosity)
    np.testing.assert_allclose(by_wavelength, by_frequency, rtol=1e-6)

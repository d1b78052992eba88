"""The attenuation curve: against the paper that defines it, and against FSPS."""

import numpy as np
import pytest

from digs.physics.dust import calzetti


def calzetti_2000(wavelength: np.ndarray) -> np.ndarray:
    """k(lambda) / k(V) with the coefficients that Calzetti et al. (2000, eq. 4) print; k(V) = R_V = 4.05."""
    micron = wavelength / 1e4
    red = 2.659 * (-1.857 + 1.040 / micron) + 4.05
    blue = 2.659 * (-2.156 + 1.509 / micron - 0.198 / micron**2 + 0.011 / micron**3) + 4.05
    return np.where(micron >= 0.63, red, blue) / 4.05


def test_the_published_formula():
    """FSPS rounds 0.44 times 2.659 and 4.05 to two decimals: worth 0.0015 in optical depth, 0.2% where it is 0.6."""
    wavelength = np.linspace(3000.5, 10_000.5, 7001)  # not at 6300, where the two parts do not quite meet
    np.testing.assert_allclose(calzetti(wavelength), calzetti_2000(wavelength), rtol=0, atol=1.5e-3)
    green = wavelength < 8500
    np.testing.assert_allclose(calzetti(wavelength)[green], calzetti_2000(wavelength)[green], rtol=2e-3)


@pytest.mark.parametrize(
    ("wavelength", "attenuation"),
    # k(lambda) of eq. 4: H-alpha 3.326, H-beta 4.598, [O II] 5.858
    [(6563.0, 3.326), (4861.0, 4.598), (3727.0, 5.858)],
)
def test_attenuation_of_bright_lines(wavelength, attenuation):
    assert calzetti(wavelength) == pytest.approx(attenuation / 4.05, rel=2e-3)


def test_one_at_5500_angstrom_but_for_the_rounding_of_fsps():
    assert calzetti(5500.0) == pytest.approx(0.998, abs=1e-3)


@pytest.mark.parametrize(("blue", "red"), [(1300, 6299), (6301, 20_000)])
def test_bluer_light_is_dimmed_more(blue, red):
    curve = calzetti(np.linspace(blue, red, 20_001))
    assert (curve > 0).all()
    assert (np.diff(curve) < 0).all()


def test_the_two_parts_meet_as_well_as_the_published_ones():
    assert calzetti(6300.0 - 1e-6) == pytest.approx(calzetti(6300.0 + 1e-6), rel=1e-2)


def test_shape_and_kind_of_input():
    assert calzetti(np.array([[5000, 6000]])).shape == (1, 2)
    assert calzetti(5000) == calzetti(5000.0)


def test_fsps(fsps_population):
    """Spectra with dust over spectra without, of every tenth age."""
    wavelength, clear = fsps_population.get_spectrum(tage=0, peraa=False)
    for dust2 in (0.3, 1.0):
        fsps_population.params["dust2"] = dust2
        _, dusty = fsps_population.get_spectrum(tage=0, peraa=False)
        optical = (wavelength > 3600) & (wavelength < 9600)
        ratio = (dusty / clear)[::10, optical]
        expected = np.exp(-dust2 * calzetti(wavelength[optical]))
        np.testing.assert_allclose(ratio, np.broadcast_to(expected, ratio.shape), rtol=1e-4)

"""The modes of what is uncertain: their sizes, where they act, and what is refused."""

import numpy as np
import pytest

from digs.base.errors import DigsError
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes

WAVELENGTH = np.geomspace(3600.0, 8000.0, 1500)


def test_the_floor_is_the_same_everywhere_and_correlated_over_its_length():
    modes = relative_modes(Nuisances(modes=0, floor=0.02, correlation=50.0), WAVELENGTH).toarray()
    covariance = modes @ modes.T
    assert np.allclose(np.diag(covariance), 0.02**2)
    distance = np.abs(WAVELENGTH[:, None] - WAVELENGTH)
    assert np.all(covariance[distance > 100.0] == 0)
    assert np.all(covariance[distance < 5.0] > 0.95 * 0.02**2)


def test_calibration_is_smooth_and_as_large_as_asked_for():
    modes = relative_modes(Nuisances(calibration=0.03, modes=4, floor=0.0), WAVELENGTH).toarray()
    assert modes.shape == (1500, 4)
    assert np.allclose(np.abs(modes).max(0), 0.03)
    level = relative_modes(Nuisances(modes=0, level=0.05, floor=0.0), WAVELENGTH).toarray()
    assert np.allclose(level, 0.05)


def test_all_modes_together_have_the_rms_that_the_settings_promise():
    modes = relative_modes(Nuisances(floor=0.0), np.linspace(0.0, 1.0, 4001) + 1).toarray()
    assert np.sqrt((modes**2).sum(1).mean()) / 0.025 == pytest.approx(1.7, abs=0.05)


def test_an_error_of_the_redshift_moves_the_spectrum():

    def line(shift: float) -> np.ndarray:
        return np.exp(-(((WAVELENGTH / (1 + shift / 1.1) - 5000) / 20) ** 2))

    nuisances = Nuisances(modes=0, floor=0.0, redshift=1e-4)
    mode = covariance_modes(line(0.0), relative_modes(nuisances, WAVELENGTH), WAVELENGTH, 0.1, nuisances).toarray()[
        :, 0
    ]
    assert np.abs(mode - (line(1e-4) - line(-1e-4)) / 2).max() < 0.03 * np.abs(mode).max()


def test_none_has_no_modes():
    assert relative_modes(Nuisances.none(), WAVELENGTH).shape == (1500, 0)


@pytest.mark.parametrize(
    "given", [{"floor": -0.1}, {"calibration": np.nan}, {"modes": -1}, {"modes": 2.5}, {"correlation": 0.0}]
)
def test_a_setting_that_is_none_is_refused_by_name(given):
    with pytest.raises(DigsError, match=next(iter(given))):
        Nuisances(**given)

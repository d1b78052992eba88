"""Stand-ins for noisy spectra with gaps, in cases in which it is known what they should be."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from digs.inference.league.imputation import TrainingSpectra

PIXELS, NUMBER, FRACTION = 20, 2000, 0.05
LEVELS = np.linspace(1.0, 3.0, 4000)  # none of which is 2


@pytest.fixture
def training():
    """Flat spectra of many levels, without noise."""
    return TrainingSpectra(np.repeat(LEVELS[:, None], PIXELS, 1).astype(np.float32), FRACTION)


@pytest.fixture
def random():
    return np.random.default_rng(4)


def test_what_a_network_knows_stays_as_it_is(training, random):
    flux = np.full(PIXELS, 2.0)
    np.testing.assert_array_equal(training.stand_ins(flux, 0.9 * FRACTION * flux, 3, random), np.tile(flux, (3, 1)))


def test_chi_squared_is_that_of_the_pixels(training):
    flux, sigma, pixels = np.full(PIXELS, 2.0), np.full(PIXELS, 0.1), np.arange(PIXELS) < 5
    expected = ((LEVELS - 2) / 0.1) ** 2
    np.testing.assert_allclose(training.reduced_chi_squared(flux, sigma, pixels), expected, atol=1e-2)


def test_gaps_are_filled_with_what_near_spectra_have_there(training, random):
    flux, sigma = np.full(PIXELS, 2.0), np.full(PIXELS, 0.05)
    flux[3], sigma[3] = 0.0, np.inf
    found = training.stand_ins(flux, sigma, NUMBER, random)
    seen = np.arange(PIXELS) != 3
    np.testing.assert_array_equal(found[:, seen], np.full((NUMBER, PIXELS - 1), 2.0))
    # near are levels up to sqrt(5) sigma away, of weights 1 / distance
    assert np.median(found[:, 3]) == pytest.approx(2.0, abs=0.02)
    assert (np.abs(found[:, 3] - 2) < 0.05 * 5**0.5 + 0.05).all() and found[:, 3].std() > 0.02


def test_where_none_is_near_the_nearest_are(training, random):
    flux, sigma = np.full(PIXELS, 6.0), np.full(PIXELS, 0.01)
    flux[3], sigma[3] = 0.0, np.inf
    assert training.stand_ins(flux, sigma, NUMBER, random)[:, 3].min() > 2.8


def test_noisy_pixels_are_drawn_from_their_own_noise(training, random):
    """Limits by levels up to sqrt(5) sigma away."""
    flux, sigma = np.full(PIXELS, 2.0), np.full(PIXELS, 0.01)
    sigma[:4] = 0.2
    found = training.stand_ins(flux, sigma, NUMBER, random)[:, :4]
    cut = 5**0.5
    share = norm.cdf(cut) - norm.cdf(-cut)
    expected = lambda pull: (np.clip(norm.cdf(pull), norm.cdf(-cut), norm.cdf(cut)) - norm.cdf(-cut)) / share
    assert kstest(((found - 2.0) / 0.2).ravel(), expected).pvalue > 0.001
    assert abs(np.corrcoef(found.T) - np.eye(4)).max() < 0.1


def test_a_flux_below_zero_has_a_positive_stand_in(training, random):
    flux, sigma = np.full(PIXELS, 2.0), np.full(PIXELS, 0.05)
    flux[7], sigma[7] = -0.5, 1.0
    found = training.stand_ins(flux, sigma, NUMBER, random)
    assert (found[:, 7] >= LEVELS[0]).all() and (found[:, 7] <= LEVELS[-1]).all()


def test_units_change_nothing(random):
    levels = np.repeat(LEVELS[:, None], PIXELS, 1)
    flux, sigma = np.full(PIXELS, 2.0), np.full(PIXELS, 0.3)
    flux[3], sigma[3] = 0.0, np.inf
    found = [
        TrainingSpectra((unit * levels).astype(np.float32), FRACTION).stand_ins(
            unit * flux, unit * sigma, 50, np.random.default_rng(1)
        )
        / unit
        for unit in (1.0, 1e-9)
    ]
    np.testing.assert_allclose(*found, rtol=1e-3)

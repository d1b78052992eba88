"""Calibration where the answer is known: Gaussian galaxies, exact posteriors and ones that are wrong on purpose."""

import numpy as np
import pytest
from scipy import stats

from digs.base.statistics import QUANTILES, bootstrap_rows, with_error
from digs.diagnostics import ranks as calibration

GALAXIES, DRAWS, PARAMETERS = 2000, 400, 5
NOISE = np.array([0.1, 0.3, 1.0, 2.0, 0.5])  # of the datum that each parameter is measured by, in units of the prior's


class Gaussians:
    """theta ~ N(0, 1), datum ~ N(theta, NOISE), posterior N(datum / (1 + NOISE^2), NOISE^2 / (1 + NOISE^2)).

    Args:
        width: of the draws in units of the exact posterior's.
        shift: of the draws in units of the exact posterior's width.
    """

    def __init__(self, width: float = 1.0, shift: float = 0.0, seed: int = 0):
        random = np.random.default_rng(seed)
        self.truth = random.normal(size=(GALAXIES, PARAMETERS))
        datum = self.truth + NOISE * random.normal(size=self.truth.shape)
        sigma = NOISE / np.sqrt(1 + NOISE**2)
        mean = datum / (1 + NOISE**2) + shift * sigma
        self.draws = mean[:, None] + width * sigma * random.normal(size=(GALAXIES, DRAWS, PARAMETERS))
        self.rank = calibration.ranks(self.draws, self.truth)
        self.quantiles = np.quantile(self.draws, QUANTILES, axis=1).swapaxes(0, 1)


@pytest.fixture(scope="module")
def exact() -> Gaussians:
    return Gaussians()


@pytest.fixture(scope="module", params=[0.7, 1.4])
def wrong_width(request) -> tuple[float, Gaussians]:
    return request.param, Gaussians(width=request.param)


@pytest.fixture(scope="module", params=[-0.3, 0.3])
def shifted(request) -> tuple[float, Gaussians]:
    return request.param, Gaussians(shift=request.param)


LEVELS = np.linspace(0, 1, 51)


def test_ranks_count_draws_below_the_truth():
    draws = np.array([[[1.0], [2.0], [3.0], [4.0]]])
    for truth, rank in ((0.0, 0), (2.5, 2), (9.0, 4)):
        assert calibration.ranks(draws, np.array([[truth]])) == rank
    u = calibration.probability_integral(np.arange(5), 4)
    np.testing.assert_allclose(u, [0.1, 0.3, 0.5, 0.7, 0.9])


def test_exact_posteriors_have_uniform_ranks(exact):
    assert (calibration.uniformity_p_value(exact.rank, DRAWS) > 1e-3).all()
    counts = calibration.rank_counts(exact.rank, DRAWS, 20)
    assert (counts.sum(1) == GALAXIES).all()
    low, high = calibration.uniform_count_band(GALAXIES, 20)
    assert ((counts >= low) & (counts <= high)).mean() > 0.88


def test_exact_posteriors_cover_what_they_say(exact):
    covered = calibration.coverage(exact.rank, DRAWS, LEVELS)
    assert np.abs(covered - LEVELS).max() < 4.5 * 0.5 / np.sqrt(GALAXIES)
    assert (covered[:, 0] < 0.01).all()
    assert (covered[:, -1] == 1).all()
    assert (np.diff(covered, axis=1) >= 0).all()


def test_rank_cdf_of_exact_posteriors_is_within_its_band(exact):
    cdf = calibration.rank_cdf(exact.rank, DRAWS, LEVELS)
    low, high = calibration.uniform_cdf_band(GALAXIES, LEVELS, 1 - 1e-5)
    assert ((cdf >= low) & (cdf <= high)).all()
    assert (low[0], high[0], low[-1], high[-1]) == (0, 0, 1, 1)
    narrow = calibration.uniform_cdf_band(GALAXIES, LEVELS, 0.5)
    assert (narrow[0] >= low).all()
    assert (narrow[1] <= high).all()


def test_coverage_of_wrong_widths_is_what_theory_says(wrong_width):
    width, galaxies = wrong_width
    covered = calibration.coverage(galaxies.rank, DRAWS, LEVELS)
    expected = 2 * stats.norm.cdf(width * stats.norm.ppf((1 + LEVELS) / 2)) - 1
    assert np.abs(covered - expected).max() < 4.5 * 0.5 / np.sqrt(GALAXIES) + 2 / DRAWS


def test_wrong_widths_are_detected(wrong_width):
    width, galaxies = wrong_width
    assert (calibration.uniformity_p_value(galaxies.rank, DRAWS) < 1e-6).all()
    covered = calibration.coverage(galaxies.rank, DRAWS, np.array([0.68]))[:, 0]
    assert ((covered > 0.68 + 0.05) == (width > 1)).all()
    assert ((covered < 0.68 - 0.05) == (width < 1)).all()
    counts = calibration.rank_counts(galaxies.rank, DRAWS, 20)
    low, high = calibration.uniform_count_band(GALAXIES, 20)
    ends, middle = counts[:, [0, -1]], counts[:, 8:12]
    assert (ends > high).all() if width < 1 else (ends < low).all()
    assert (middle < low).mean() > 0.5 if width < 1 else (middle > high).mean() > 0.5
    chi = calibration.recovery(galaxies.quantiles, galaxies.truth)["chi_std"]
    np.testing.assert_allclose(chi, 1 / width, rtol=0.06)


def test_shifts_are_detected(shifted):
    shift, galaxies = shifted
    assert (calibration.uniformity_p_value(galaxies.rank, DRAWS) < 1e-6).all()
    u = calibration.probability_integral(galaxies.rank, DRAWS)
    np.testing.assert_allclose(u.mean(0), stats.norm.cdf(-shift / np.sqrt(2)), atol=0.025)
    chi = calibration.recovery(galaxies.quantiles, galaxies.truth)["chi_mean"]
    np.testing.assert_allclose(chi, shift, atol=0.1)
    low, high = calibration.uniform_cdf_band(GALAXIES, LEVELS)
    cdf = calibration.rank_cdf(galaxies.rank, DRAWS, LEVELS)
    assert (cdf[:, 25] > high[25]).all() if shift > 0 else (cdf[:, 25] < low[25]).all()


def test_recovery_is_what_theory_says(exact):
    measured = calibration.recovery(exact.quantiles, exact.truth)
    sigma = NOISE / np.sqrt(1 + NOISE**2)
    np.testing.assert_allclose(measured["correlation"], 1 / np.sqrt(1 + NOISE**2), atol=0.03)
    np.testing.assert_allclose(measured["rmse"], sigma, rtol=0.06)
    np.testing.assert_allclose(measured["half_width"], sigma, rtol=0.02)
    np.testing.assert_allclose(measured["chi_std"], 1, atol=0.06)
    assert (np.abs(measured["bias"]) < 5 * sigma / np.sqrt(GALAXIES)).all()


def test_posteriors_that_repeat_the_prior_are_calibrated_but_useless():
    """Uniform ranks alone do not make a good posterior; recovery tells."""
    random = np.random.default_rng(3)
    truth, draws = random.normal(size=(GALAXIES, 5)), random.normal(size=(GALAXIES, DRAWS, 5))
    assert (calibration.uniformity_p_value(calibration.ranks(draws, truth), DRAWS) > 1e-3).all()
    quantiles = np.quantile(draws, QUANTILES, axis=1).swapaxes(0, 1)
    assert (np.abs(calibration.recovery(quantiles, truth)["correlation"]) < 0.1).all()


@pytest.mark.parametrize("bins", [5, 20])
def test_the_count_band_holds_what_it_says(bins):
    counts = np.random.default_rng(4).multinomial(GALAXIES, [1 / bins] * bins, 4000)
    low, high = calibration.uniform_count_band(GALAXIES, bins, 0.95)
    assert ((counts >= low) & (counts <= high)).mean() == pytest.approx(0.955, abs=0.01)


def test_bootstrap_errors_are_binomial(exact):
    rows = bootstrap_rows(GALAXIES, 400, seed=1)
    assert rows.shape == (400, GALAXIES)
    np.testing.assert_array_equal(rows, bootstrap_rows(GALAXIES, 400, seed=1))
    shares = np.array([calibration.coverage(exact.rank[row], DRAWS, np.array([0.68]))[0, 0] for row in rows])
    assert shares.std() == pytest.approx(np.sqrt(0.68 * 0.32 / GALAXIES), rel=0.15)


def test_central_keeps_its_share_of_the_prior():
    truth = np.random.default_rng(5).uniform([-2.0] * 5, [3.0] * 5, (20_000, 5))
    low, high = np.full(5, -2.0), np.full(5, 3.0)
    inside = calibration.central(truth, low, high)
    assert inside.mean() == pytest.approx(0.68, abs=0.005)
    assert (np.abs(truth[inside] - 0.5) <= 0.34 * 5).all()


def test_error_of_a_mean_by_resampling():
    values = np.random.default_rng(8).normal(3.0, 2.0, 400)
    found = with_error(values, np.mean, bootstrap_rows(400, 2000, seed=1))
    assert found["value"] == pytest.approx(values.mean())
    assert found["error"] == pytest.approx(values.std() / 20, rel=0.1)

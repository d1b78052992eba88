"""Each diagnostic on posteriors in closed form that are right, too wide, too narrow, shifted, or deaf to the data."""

import numpy as np
import pytest
import torch
from arviz.stats.ecdf_utils import ecdf_confidence_band
from sbi.diagnostics.tarp import _run_tarp
from scipy import stats

from digs.diagnostics import joint as diagnostics
from digs.diagnostics.ranks import rank_cdf

GALAXIES, DRAWS, PARAMETERS = 1500, 199, 3
LEVELS = np.linspace(0, 1, 51)
NOISE = np.array([0.1, 0.5, 2.0])  # of the datum that each parameter is measured by, in units of the prior's


class Gaussians:
    """theta ~ N(0, 1), datum ~ N(theta, NOISE): the posterior is normal, and is drawn wrongly on purpose.

    Args:
        width, shift: of the draws, in units of the exact posterior's width; shift may depend on the datum.
        deaf: whether the draws are the prior's.
    """

    def __init__(self, width: float = 1.0, shift=0.0, deaf: bool = False, seed: int = 0):
        random = np.random.default_rng(seed)
        self.truth = random.normal(size=(GALAXIES, PARAMETERS))
        self.datum = self.truth + NOISE * random.normal(size=self.truth.shape)
        sigma = NOISE / np.sqrt(1 + NOISE**2)
        exact_mean = self.datum / (1 + NOISE**2)
        mean = exact_mean + sigma * (shift(self.datum) if callable(shift) else shift)
        mean, sigma = (0 * mean, np.ones(PARAMETERS)) if deaf else (mean, width * sigma)
        self.draws = mean[:, None] + sigma * random.normal(size=(GALAXIES, DRAWS + 1, PARAMETERS))
        self.draws, self.draw = self.draws[:, :-1], self.draws[:, -1]
        # a reference point near the data, whatever the draws are
        self.reference = exact_mean + 0.5 * random.normal(size=self.truth.shape)
        self.log_prob, self.log_prob_truth = (
            -(((theta - mean[:, None]) / sigma) ** 2).sum(-1) / 2 for theta in (self.draws, self.truth[:, None])
        )

    def curve(self, kind: str) -> np.ndarray:
        """The distribution function of the ranks by density or by distance."""
        rank = (
            diagnostics.density_rank(self.log_prob, self.log_prob_truth[:, 0])
            if kind == "density"
            else diagnostics.distance_rank(self.draws, self.truth, self.reference)
        )
        return rank_cdf(rank[:, None], DRAWS, LEVELS)[0]


CASES = {
    "right": {},
    "wide": {"width": 1.4},
    "narrow": {"width": 0.7},
    "shifted": {"shift": 0.5},
}


@pytest.fixture(scope="module", params=CASES)
def case(request) -> tuple[str, Gaussians]:
    return request.param, Gaussians(**CASES[request.param])


@pytest.fixture(scope="module")
def band() -> np.ndarray:
    return diagnostics.simultaneous_band(GALAXIES, LEVELS, 0.99)


def test_band_holds_whole_curves_as_often_as_it_says():
    random = np.random.default_rng(3)
    galaxies, curves = 500, 2000
    counts = random.multinomial(galaxies, np.diff(LEVELS), size=curves)
    cdf = np.concatenate([np.zeros((curves, 1)), counts.cumsum(1) / galaxies], 1)
    for probability in (0.9, 0.99):
        band = diagnostics.simultaneous_band(galaxies, LEVELS, probability)
        held = (diagnostics.excursion(cdf, LEVELS, band) <= 1 + 1e-9).mean()
        assert abs(held - probability) < 4 * np.sqrt(probability * (1 - probability) / curves) + 0.005
        np.testing.assert_array_equal(band[:, [0, -1]], [[0, 1], [0, 1]])


def test_simultaneous_band_is_wider_than_the_level_by_level_one(band):
    inside = LEVELS[1:-1]
    low, high = ecdf_confidence_band(GALAXIES, inside, inside, prob=0.99, method="pointwise")
    assert (band[0, 1:-1] < low).all()
    assert (band[1, 1:-1] > high).all()


def test_excursion_is_in_units_of_the_band(band):
    for side in band:
        curve = LEVELS + 1.5 * (side - LEVELS)
        assert diagnostics.excursion(curve, LEVELS, band) == pytest.approx(1.5)
    assert diagnostics.excursion(LEVELS, LEVELS, band) == 0


def test_ranks_of_parameters_leave_the_band_where_posteriors_are_wrong(case, band):
    name, gaussians = case
    rank = (gaussians.draws < gaussians.truth[:, None]).sum(1)
    excursion = diagnostics.excursion(rank_cdf(rank, DRAWS, LEVELS), LEVELS, band)
    assert ((excursion < 1) == (name == "right")).all()


def test_density_ranks_tell_wide_from_narrow(case, band):
    name, gaussians = case
    curve = gaussians.curve("density")
    departure = (curve - LEVELS)[np.argmax(np.abs(curve - LEVELS))]
    if name == "right":
        assert diagnostics.excursion(curve, LEVELS, band) < 1
    else:
        assert diagnostics.excursion(curve, LEVELS, band) > 2
        assert (departure > 0) == (name == "wide")  # a wide posterior holds more than it says


def test_density_ranks_are_the_chi_square_distribution_of_normal_posteriors():
    gaussians = Gaussians(width=1.4)
    inside = diagnostics.density_rank(gaussians.log_prob, gaussians.log_prob_truth[:, 0]) / DRAWS
    expected = stats.chi2.cdf(1.4**2 * stats.chi2.ppf(0.68, PARAMETERS), PARAMETERS)
    assert (inside < 0.68).mean() == pytest.approx(expected, abs=0.03)


def test_distance_ranks_leave_the_band_where_posteriors_are_wrong(case, band):
    name, gaussians = case
    assert (diagnostics.excursion(gaussians.curve("distance"), LEVELS, band) < 1) == (name == "right")


def test_only_references_that_depend_on_the_data_find_a_posterior_that_ignores_them(band):
    gaussians = Gaussians(deaf=True)
    assert diagnostics.excursion(gaussians.curve("distance"), LEVELS, band) > 2
    assert diagnostics.excursion(gaussians.curve("density"), LEVELS, band) < 1
    gaussians.reference = np.random.default_rng(8).normal(size=gaussians.truth.shape)
    assert diagnostics.excursion(gaussians.curve("distance"), LEVELS, band) < 1


def test_distance_ranks_are_those_of_sbi(case):
    """Which knows one unit for all galaxies: theirs are given in units of the widths beforehand."""
    _, gaussians = case
    scale = gaussians.draws.std(1)
    draws, truth, reference = (
        torch.as_tensor(each)
        for each in (
            (gaussians.draws / scale[:, None]).swapaxes(0, 1),
            gaussians.truth / scale,
            gaussians.reference / scale,
        )
    )
    share, level = _run_tarp(draws, truth, reference, num_bins=97)  # whose ends no rank meets
    rank = diagnostics.distance_rank(gaussians.draws, gaussians.truth, gaussians.reference)
    mine = [(rank / DRAWS < end).mean() for end in level.numpy()[1:-1]]
    np.testing.assert_allclose(mine, share.numpy()[1:-1], atol=1e-6)


def test_weighted_draws_of_wrong_posteriors_have_the_ranks_of_the_exact_one(case, band):
    name, gaussians = case
    sigma = NOISE / np.sqrt(1 + NOISE**2)
    mean = (gaussians.datum / (1 + NOISE**2))[:, None]
    exact = -(((gaussians.draws - mean) / sigma) ** 2).sum(-1) / 2
    probability = diagnostics.weighted_probability(gaussians.draws, gaussians.truth, exact - gaussians.log_prob)
    cdf = (probability.T[:, :, None] <= LEVELS).mean(1)
    if name != "narrow":  # draws that do not reach as far as the exact posterior cannot stand for it
        assert (diagnostics.excursion(cdf, LEVELS, band) < 1).all()


def test_equal_weights_give_the_ranks():
    gaussians = Gaussians()
    probability = diagnostics.weighted_probability(gaussians.draws, gaussians.truth, np.full((GALAXIES, DRAWS), -3.0))
    np.testing.assert_allclose(probability, (gaussians.draws < gaussians.truth[:, None]).mean(1))


def test_contraction_and_z_scores_are_those_of_normal_posteriors(case):
    name, gaussians = case
    width, shift = CASES[name].get("width", 1.0), CASES[name].get("shift", 0.0)
    variance = (width * NOISE) ** 2 / (1 + NOISE**2)
    low, high = np.full(PARAMETERS, -np.sqrt(3)), np.full(PARAMETERS, np.sqrt(3))  # a uniform prior of variance 1
    contraction = diagnostics.contraction(gaussians.draws, low, high)
    np.testing.assert_allclose(contraction.mean(0), 1 - variance, atol=0.03)
    z = diagnostics.z_score(gaussians.draws, gaussians.truth)
    np.testing.assert_allclose(z.mean(0), shift / width, atol=0.1)
    np.testing.assert_allclose(z.std(0), 1 / width, rtol=0.08)


def test_whitened_draws_have_mean_zero_and_covariance_one():
    random = np.random.default_rng(5)
    draws = random.normal(size=(4, 300, 3)) @ random.normal(size=(3, 3)) + random.normal(size=(4, 1, 3))
    white = diagnostics.whiten(draws, draws)
    np.testing.assert_allclose(white.mean(1), 0, atol=1e-9)
    for galaxy in white:
        np.testing.assert_allclose(np.cov(galaxy.T, bias=True), np.eye(3), atol=1e-9)


def local_p_values(gaussians: Gaussians) -> tuple[float, float]:
    """At galaxies whose first datum is far below and far above 0."""
    truth, draw = (
        diagnostics.whiten(each[:, None], gaussians.draws)[:, 0] for each in (gaussians.truth, gaussians.draw)
    )
    test = diagnostics.LocalTest(truth, draw, gaussians.datum, trials=20, seed=1)
    places = [np.argmin(np.abs(gaussians.datum - (first, 0, 0)).sum(1)) for first in (-1.0, 1.0)]
    return tuple(
        test.p_value(diagnostics.whiten(gaussians.draws[[place]], gaussians.draws[[place]])[0], gaussians.datum[place])
        for place in places
    )


def test_local_test_finds_what_is_wrong_everywhere(case):
    name, gaussians = case
    p_values = local_p_values(gaussians)
    assert (min(p_values) > 0.05) if name == "right" else (max(p_values) < 0.05)


def test_local_test_finds_what_is_wrong_in_one_place_only_there():
    low, high = local_p_values(Gaussians(shift=lambda datum: 1.0 * (datum[:, :1] > 0.3)))
    assert high < 0.05
    assert low > high


def test_local_test_leaves_global_random_numbers_alone():
    gaussians = Gaussians()
    torch.manual_seed(3)
    before = torch.get_rng_state()
    diagnostics.LocalTest(gaussians.truth, gaussians.draw, gaussians.datum, trials=2, seed=1)
    assert torch.equal(before, torch.get_rng_state())

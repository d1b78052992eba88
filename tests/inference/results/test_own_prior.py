"""A prior of one's own: the right posterior and evidence, and a refusal where draws cannot give them."""

import numpy as np
import pytest
from scipy import stats

from digs.inference.results.galaxy_draws import TOO_FAR, TRUSTED
from digs.inference.results.own_prior import independent_prior, pareto_shape, reweight

NAMES = ("logmass", "tage")
BOX = {"logmass": stats.uniform(7, 6), "tage": stats.uniform(0, 10)}
OLD = independent_prior(NAMES, BOX)
SIGMA = 0.5


@pytest.fixture(scope="module")
def found(made_catalogue):
    """Normal likelihoods of width SIGMA around (10, 5) and (10.5, 6), inside a box; galaxy 2 is outside the model."""
    mean = np.array([[[10, 5]], [[10.5, 6]], [[9, 3]]])
    return made_catalogue(mean + SIGMA * np.random.default_rng(2).normal(size=(3, 4000, 2)), NAMES, outside=[2])


def of_mass(marginal):
    return independent_prior(NAMES, BOX | {"logmass": marginal})


def test_normal_posteriors_under_a_normal_prior_are_in_closed_form(found):
    again = reweight(found, of_mass(stats.norm(9.8, 0.4)), OLD)
    precision = SIGMA**-2 + 0.4**-2
    for row, mean in enumerate((10, 10.5)):
        center = (mean * SIGMA**-2 + 9.8 * 0.4**-2) / precision
        expected = center + np.array([-0.994, 0, 0.994]) / precision**0.5
        np.testing.assert_allclose(again.quantiles((0.16, 0.5, 0.84))[row, :, 0], expected, atol=0.03)
    np.testing.assert_allclose(again.quantiles()[:2, :, 1], found.quantiles()[:2, :, 1], atol=0.06)
    assert np.isnan(again.draws[2]).all() and again.reason[2] == "no fit"


def test_the_evidence_changes_by_the_mean_ratio_of_priors(found):
    again = reweight(found, of_mass(stats.norm(9.8, 0.4)), OLD)
    for row, mean in enumerate((10, 10.5)):
        expected = stats.norm(9.8, np.hypot(0.4, SIGMA)).logpdf(mean) + np.log(6)
        assert abs(again.log_evidence[row] - expected) < 4 * again.log_evidence_error[row]
        assert again.log_evidence_error[row] < 0.03


def test_there_and_back_changes_nothing(found):
    other = of_mass(stats.norm(10, 0.6))
    again = reweight(reweight(found, other, OLD), OLD, other)
    np.testing.assert_allclose(again.weight[:2], found.weight[:2], atol=1e-12)
    np.testing.assert_allclose(again.log_evidence[:2], 0, atol=1e-12)


def test_the_same_prior_changes_nothing(found):
    again = reweight(found, OLD, OLD)
    np.testing.assert_array_equal(again.weight[:2], found.weight[:2])
    np.testing.assert_allclose(again.log_evidence[:2], 0, atol=1e-12)


def test_a_galaxy_that_is_too_far_says_so(found):
    again = reweight(found, of_mass(stats.norm(8.9, 0.1)), OLD, pareto_k=np.inf)
    assert again.verdict.tolist()[:2] == [TRUSTED, TOO_FAR]
    assert "effective" in again.reason[1] and np.isnan(again.draws[1]).all() and np.isnan(again.log_evidence[1])


def test_a_heavy_tail_of_weights_is_too_far(made_catalogue):
    """Draws of a normal density stand for no density that is three times as wide."""
    draws = 5 + np.array([[[0.8]], [[0.3]]]) * np.random.default_rng(3).normal(size=(2, 4000, 1))
    found = made_catalogue(draws, ["tage"])
    old = independent_prior(["tage"], {"tage": stats.uniform(-20, 50)})
    steep = lambda theta: old(theta) + 0.9 * (theta[..., 0] - 5) ** 2 / 2 / 0.8**2  # k = 0.9, and 0.13
    again = reweight(found, steep, old, effective=10)
    assert again.verdict.tolist() == [TOO_FAR, TRUSTED]
    assert "tail of k" in again.reason[0]


def test_a_tail_that_is_known():
    weight = stats.genpareto(0.5).ppf((np.arange(20_000) + 0.5) / 20_000)
    assert pareto_shape(np.log(weight)) == pytest.approx(0.5, abs=0.15)
    assert pareto_shape(np.zeros(100)) == -np.inf


def test_support_beyond_the_old_prior_is_refused(found, refused):
    with refused("reaches beyond", "logmass"):
        reweight(found, of_mass(stats.uniform(7, 7)), OLD)
    with refused("reaches beyond", "tage"):
        reweight(found, independent_prior(NAMES, BOX | {"tage": stats.norm(5, 3)}), OLD)


def test_less_support_is_welcome(found):
    again = reweight(found, of_mass(stats.uniform(7, 3)), OLD)
    assert again.quantiles((1.0,))[0, 0, 0] <= 10


def test_nonsense_is_refused(found, refused):
    with refused("not finite"):
        reweight(found, lambda theta: np.full(theta.shape[:-1], np.nan), OLD)
    with refused("excludes draws"):
        reweight(found, OLD, of_mass(stats.uniform(8, 1)))
    with refused("all galaxies", "excludes all draws"):
        reweight(found, of_mass(stats.uniform(7, 0.1)), OLD)
    with refused("dust2"):
        independent_prior(NAMES, {"dust2": stats.norm()})

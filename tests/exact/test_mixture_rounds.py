"""Rounds of a mixture: analytic posteriors, evidences within their errors, calibration, draws to begin with."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from digs.base.statistics import weighted_quantiles
from digs.exact.mixture_rounds import Rounds, WeightedDraws, mixture_rounds

D = 5
LOW, HIGH = np.zeros(D), np.ones(D)
FEW = Rounds(draws=500, components=4)


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def correlated():
    """A normal distribution of strongly correlated parameters, far from the ends of the box; its ln density, ln Z."""
    turn = np.linalg.qr(seeded(0).standard_normal((D, D)))[0]
    covariance = turn @ np.diag((3e-2, 1e-2, 1e-3, 3e-4, 1e-4)) ** 2 @ turn.T
    inverse, mean = np.linalg.inv(covariance), np.linspace(0.35, 0.65, D)
    log_density = lambda theta: -0.5 * np.einsum("ni,ij,nj->n", theta - mean, inverse, theta - mean)
    return log_density, np.linalg.slogdet(2 * np.pi * covariance)[1] / 2, mean, covariance


def banana(theta: np.ndarray) -> np.ndarray:
    """Ln density of a thin parabola, and three more parameters."""
    x, y, rest = theta[:, 0] - 0.5, theta[:, 1] - 0.5, theta[:, 2:] - 0.5
    return -0.5 * ((x / 0.1) ** 2 + ((y - 2 * x**2) / 0.003) ** 2 + np.square(rest / 0.05).sum(1))


BANANA = math.log(2 * math.pi * 0.1 * 0.003) + 3 * math.log(0.05 * math.sqrt(2 * math.pi))


def cut_off(theta: np.ndarray) -> np.ndarray:
    """Ln density of a normal distribution whose middle is an end of the box, in all parameters."""
    return -0.5 * np.square(theta / 0.05).sum(1)


CUT_OFF = D * math.log(0.05 * math.sqrt(2 * math.pi) / 2)


@pytest.mark.parametrize(
    ("log_density", "expected"),
    [(correlated()[0], correlated()[1]), (banana, BANANA), (cut_off, CUT_OFF)],
    ids=["correlated", "banana", "cut off"],
)
def test_evidences_are_right_within_their_errors(log_density, expected):
    found = mixture_rounds(log_density, LOW, HIGH, 2000, seeded())
    assert found.effective >= 2000
    assert found.log_evidence_error < 0.02
    assert abs(found.log_evidence - expected) < 4 * found.log_evidence_error
    assert ((found.draws >= LOW) & (found.draws <= HIGH)).all()


def test_draws_have_the_mean_and_the_covariance_of_the_posterior():
    log_density, _, mean, covariance = correlated()
    found = mixture_rounds(log_density, LOW, HIGH, 4000, seeded())
    weight = np.exp(found.log_weight - found.log_weight.max())
    white = np.linalg.solve(np.linalg.cholesky(covariance), (found.draws - mean).T)
    np.testing.assert_allclose(np.average(white, axis=1, weights=weight), 0, atol=0.08)
    np.testing.assert_allclose(np.cov(white, aweights=weight), np.eye(D), atol=0.12)


def test_quantiles_where_the_box_ends():
    found = mixture_rounds(cut_off, LOW, HIGH, 4000, seeded(2))
    weight = np.exp(found.log_weight - found.log_weight.max())
    expected = 0.05 * stats.halfnorm.ppf((0.16, 0.5, 0.84))
    quantiles = weighted_quantiles(found.draws, weight, (0.16, 0.5, 0.84))
    np.testing.assert_allclose(quantiles, expected[:, None].repeat(D, 1), rtol=0.08)


def test_evidences_are_calibrated():
    """100 repeats of a parabola that the box cuts off: no bias, and errors that are as large as they say."""

    def two(theta: np.ndarray) -> np.ndarray:
        x, y = theta.T
        return -0.5 * (((x - 0.5) / 0.1) ** 2 + ((y - 4 * (x - 0.5) ** 2) / 0.03) ** 2)

    x = np.linspace(0, 1, 2001)
    inside = ndtr((1 - 4 * (x - 0.5) ** 2) / 0.03) - ndtr(-4 * (x - 0.5) ** 2 / 0.03)
    expected = math.log(2 * math.pi * 0.1 * 0.03 * np.average(inside, weights=stats.norm(0.5, 0.1).pdf(x)))
    found = [mixture_rounds(two, np.zeros(2), np.ones(2), 300, seeded(seed), rounds=FEW) for seed in range(100)]
    ratio = np.exp([one.log_evidence - expected for one in found])
    pull = np.array([(one.log_evidence - expected) / one.log_evidence_error for one in found])
    assert abs(ratio.mean() - 1) < 4 * ratio.std() / 10
    assert 0.75 < pull.std() < 1.3
    assert np.quantile([one.effective for one in found], 0.1) > 300


def test_ranks_are_calibrated():
    """100 truths of the box with data: the shares of the weights below the truths are uniform."""
    ranks = []
    for seed in range(100):
        random = seeded(seed)
        truth = random.random(2)
        data = truth + 0.2 * random.standard_normal(2)
        posterior = lambda theta, data=data: -0.5 * np.square((theta - data) / 0.2).sum(1)
        found = mixture_rounds(posterior, np.zeros(2), np.ones(2), 300, random, rounds=FEW)
        weight = np.exp(found.log_weight - found.log_weight.max())
        ranks.append(np.average(found.draws < truth, axis=0, weights=weight))
    for column in np.array(ranks).T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_two_modes_are_both_found():
    def log_density(theta: np.ndarray) -> np.ndarray:
        left, right = (-0.5 * np.square((theta - middle) / 0.02).sum(1) for middle in (0.2, 0.8))
        return np.logaddexp(left, right + math.log(3))

    found = mixture_rounds(log_density, np.zeros(3), np.ones(3), 2000, seeded(3))
    expected = math.log(4) + 3 * math.log(0.02 * math.sqrt(2 * math.pi))
    assert abs(found.log_evidence - expected) < 4 * found.log_evidence_error
    weight = np.exp(found.log_weight - found.log_weight.max())
    assert np.average(found.draws[:, 0] > 0.5, weights=weight) == pytest.approx(0.75, abs=0.04)


def test_rounds_begin_with_draws_of_another_method():
    """Weighted draws nearby spare rounds; walkers come without weights."""
    log_density, expected, mean, covariance = correlated()
    random = seeded(4)
    draws = random.multivariate_normal(mean, 2 * covariance, 2000).clip(0, 1)
    log_weight = log_density(draws) - stats.multivariate_normal(mean, 2 * covariance).logpdf(draws)
    warm = mixture_rounds(log_density, LOW, HIGH, 2000, random, (draws, log_weight))
    walkers = mixture_rounds(log_density, LOW, HIGH, 2000, random, (draws[:128], np.zeros(128)))
    cold = mixture_rounds(log_density, LOW, HIGH, 2000, random)
    assert warm.rounds <= walkers.rounds < cold.rounds
    for found in (warm, walkers):
        assert abs(found.log_evidence - expected) < 4 * found.log_evidence_error


def test_one_draw_with_all_the_weight_is_no_dead_end():
    log_weight = np.full(500, -1e4)
    log_weight[3] = 0.0
    start = 0.4 + 0.2 * seeded(5).random((500, D)), log_weight
    found = mixture_rounds(correlated()[0], LOW, HIGH, 1000, seeded(6), start)
    assert abs(found.log_evidence - correlated()[1]) < 4 * found.log_evidence_error


def test_the_random_numbers_are_all_there_is():
    first, again, other = (mixture_rounds(cut_off, LOW, HIGH, 500, seeded(seed), rounds=FEW) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.draws, again.draws)
    np.testing.assert_array_equal(first.log_weight, again.log_weight)
    assert first.log_evidence != other.log_evidence


def test_what_rounds_do_not_allow_is_not_reached():
    little = Rounds(draws=100, rounds=1, most=200)
    found = mixture_rounds(banana, LOW, HIGH, 1000, seeded(), rounds=little)
    assert len(found.draws) == 200
    assert found.effective < 200


def test_a_density_that_is_0_in_half_of_the_box():
    half = lambda theta: np.where(theta[:, 0] < 0.5, 0.0, -np.inf)
    found = mixture_rounds(half, LOW, HIGH, 2000, seeded(7))
    assert abs(found.log_evidence - math.log(0.5)) < 4 * found.log_evidence_error
    assert (found.draws[np.isfinite(found.log_weight), 0] < 0.5).all()


def test_other_boxes():
    low, high = np.array([8.0, -2.0]), np.array([13.0, 0.2])
    density = lambda theta: -0.5 * (((theta[:, 0] - 12.9) / 0.5) ** 2 + ((theta[:, 1] + 1) / 0.1) ** 2)
    found = mixture_rounds(density, low, high, 2000, seeded(8))
    expected = math.log(2 * math.pi * 0.5 * 0.1 * ndtr(0.1 / 0.5))
    assert abs(found.log_evidence - expected) < 4 * found.log_evidence_error


def test_wrong_densities_and_draws_end_in_one_sentence(refused):
    with refused("ln density is nan"):
        mixture_rounds(lambda theta: np.full(len(theta), np.nan), LOW, HIGH, 100, seeded())
    with refused("(3, 4)", "(n, 5)"):
        mixture_rounds(cut_off, LOW, HIGH, 100, seeded(), (np.full((3, 4), 0.5), np.zeros(3)))
    with refused("ln weights"):
        mixture_rounds(cut_off, LOW, HIGH, 100, seeded(), (np.full((3, 5), 0.5), np.array([0, np.nan, 0])))


def test_no_weight_is_no_evidence():
    nothing = WeightedDraws(np.zeros((3, 2)), np.full(3, -np.inf))
    assert nothing.effective == 0
    assert nothing.log_evidence == -np.inf

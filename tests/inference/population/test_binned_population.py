"""Histograms of populations: against closed forms, for populations that are not normal, and what is refused.

Their prior is wider than that of normal populations, which may move the answer by less than its error, half of it in
the mean over catalogues, and make the error less than twice as large. NUMBER draws of a walk, three steps apart, tell a
width to a tenth.
"""

import numpy as np
import pytest
from scipy import stats
from test_normal_population import ERROR, WIDTH, by_data, closed_form, flat, measured, one_width

from digs.inference.population.binned_population import binned_population
from digs.inference.population.cell_grid import CellGrid
from digs.inference.population.flat_widths import log_flat_widths, slope_of_flat_widths
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.population.smooth_histogram import softmax

EDGES = {"logmass": np.linspace(8, 12, 21)}
NUMBER = 100


def test_intervals_hold_the_truth_as_often_as_they_should():
    inside, shift = [], []
    for seed in range(30):
        _, seen, draws = one_width(40, seed)
        found = binned_population(draws, EDGES, number=NUMBER, effective=4)
        _, covariance = closed_form(seen, ERROR)
        exact = np.sqrt(covariance[:, 0, 0])
        low, high = np.quantile(np.stack([found.mean[:, 0], found.width[:, 0]], 1), (0.16, 0.84), axis=0)
        inside.append((low < (10, WIDTH)) & (high > (10, WIDTH)))
        shift.append((found.width.mean() - exact.mean()) / exact.std())
    share = np.mean(inside, axis=0)
    assert (np.abs(share - 0.68) < 3 * np.sqrt(0.68 * 0.32 / 30)).all()
    assert abs(np.mean(shift)) < 0.5


def test_two_parameters_and_their_correlation_are_those_of_a_normal_population():
    width, error = np.array([0.2, 0.6]), np.array([0.15, 0.45])
    covariance = np.outer(width, width) * [[1, 0.6], [0.6, 1]]
    truth = np.random.default_rng(1).multivariate_normal([10.5, 3], covariance, 80)
    seen, draws = measured(truth, error, 400, 2)
    edges = {"logmass": np.linspace(9.6, 11.4, 13), "tage": np.linspace(0.3, 5.7, 13)}
    walks = [binned_population(draws, edges, seed=seed, number=NUMBER, effective=4) for seed in range(3)]
    _, covariance = closed_form(seen, error)
    widths = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlations = covariance[:, 0, 1] / widths.prod(1)
    ours = np.concatenate([walk.width for walk in walks]), np.concatenate([walk.correlation[:, 0, 1] for walk in walks])
    for found, exact in zip(ours, (widths, correlations), strict=True):
        assert (np.abs(found.mean(0) - exact.mean(0)) < exact.std(0)).all()
        assert ((found.std(0) > 0.7 * exact.std(0)) & (found.std(0) < 2 * exact.std(0))).all()
    for walk in walks:
        assert walk.share.shape == (NUMBER, 12, 12)
        np.testing.assert_allclose(walk.share.sum((1, 2)), 1)


def test_two_peaks_are_apart_that_point_estimates_blur():
    """Errors half fill the gap between the peaks of the medians' distribution, here without the scatter of a sample."""
    random = np.random.default_rng(3)
    truth = random.choice([9.4, 10.6], (200, 1)) + 0.15 * random.normal(size=(200, 1))
    _, draws = measured(truth, 0.35, 400, 4)
    found = binned_population(draws, {"logmass": np.linspace(8, 12, 25)}, number=NUMBER, effective=2)
    dip = lambda values: values[11:13].mean() / min(values[6:11].max(), values[13:18].max())
    places = (found.edges[0][1:] + found.edges[0][:-1]) / 2
    medians = sum(stats.norm.pdf(places, peak, np.hypot(0.15, 0.35)) for peak in (9.4, 10.6))
    assert 0.5 < dip(medians) < 0.65
    dips = [dip(density) for density in found.density("logmass")]
    assert np.quantile(dips, 0.95) < dip(medians)


def test_what_was_not_detected_is_accounted_for():
    draws, detection = by_data(9)
    found = binned_population(draws, EDGES, detection, number=NUMBER, effective=2)
    assert abs(found.mean.mean() - 10) < 3 * found.mean.std()


def test_the_same_seed_gives_the_same_histogram():
    _, _, draws = one_width(30, 16)
    one, again = (binned_population(draws, EDGES, seed=1, number=20, effective=1) for _ in range(2))
    np.testing.assert_array_equal(one.share, again.share)


@pytest.mark.parametrize(
    ("edges", "mention"),
    [
        ({"tage": np.linspace(0, 1, 9)}, "edges for each of logmass"),
        ({"logmass": np.array([8.0, 9, 11, 12, 13])}, "equal width"),
        ({"logmass": np.linspace(12, 8, 9)}, "equal width"),
        ({"logmass": np.linspace(8, 12, 3)}, "4 or more bins"),
        ({"logmass": np.linspace(13, 15, 9)}, "between the edges"),
        ({"logmass": np.linspace(8, 12, 5)}, "narrower than a bin"),
    ],
)
def test_edges_that_do_not_fit_are_refused(edges, mention, refused):
    with refused(mention):
        binned_population(one_width(30, 18)[2], edges, number=20, effective=1)


def test_cells_beyond_the_interim_prior_are_refused(refused):
    _, _, draws = one_width(30, 18)
    box = lambda places: np.where(np.abs(places[..., 0] - 10) < 1.75, 0.0, -np.inf)
    with refused("logmass", "beyond the interim prior"):
        binned_population(InterimDraws(draws.names, draws.values, flat(draws.values), draws.rows, box), EDGES)


def test_normal_distributions_are_not_rough():
    grid = CellGrid.of(("a", "b"), {"a": np.linspace(0, 1, 8), "b": np.linspace(-2, 2, 10)})
    x, y = grid.centers.T
    for smooth in (x**2, x * y - y**2, 1 + x - y):
        assert smooth @ grid.roughness() @ smooth == pytest.approx(0, abs=1e-9)
    for rough in (x**3, x * y**2, y**3):
        assert rough @ grid.roughness() @ rough > 1e-3


def test_moments_and_sums_of_cells():
    grid = CellGrid.of(("a", "b"), {"a": np.linspace(0, 4, 5), "b": np.linspace(0, 8, 5)})
    share = np.zeros((1, 4, 4))
    share[0, 0, 0] = share[0, 2, 3] = 0.5
    mean, covariance = grid.moments(share.reshape(1, -1))
    np.testing.assert_allclose(mean, [[1.5, 4]])
    np.testing.assert_allclose(covariance, [[[1 + 1 / 12, 3], [3, 9 + 4 / 12]]])
    values = np.array([[[0.5, 1.0], [2.5, 7.9], [2.1, 6.1], [9.0, 1.0]]])
    log_weight = np.log([[0.2, 0.1, 0.05, 1.0]])
    first, second = grid.sums(InterimDraws(("a", "b"), values, log_weight, np.arange(1), flat))
    assert first.reshape(4, 4)[0, 0] == pytest.approx(0.2) and first.reshape(4, 4)[2, 3] == pytest.approx(0.15)
    assert second.reshape(4, 4)[2, 3] == pytest.approx(0.0125) and first.sum() == pytest.approx(0.35)


def test_the_slope_of_the_flat_prior_is_its_gradient():
    grid = CellGrid.of(("a", "b"), {"a": np.linspace(0, 1, 6), "b": np.linspace(-2, 2, 7)})
    h = np.random.default_rng(20).normal(size=30)
    value = lambda places: log_flat_widths(grid, softmax(places))
    numeric = (value(h + 1e-5 * np.eye(30)) - value(h - 1e-5 * np.eye(30))) / 2e-5
    np.testing.assert_allclose(slope_of_flat_widths(grid, softmax(h[None])[0]), numeric, atol=1e-7)

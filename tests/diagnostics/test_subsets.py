"""Subsets of galaxies: what an exact posterior shows in them, and what wrong ones add."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.config.params import load_params
from digs.config.theta import NAMES, index
from digs.diagnostics.deviations import LEAST, SUMMARIES, Deviations
from digs.diagnostics.subsets import (
    bins,
    compare_groups,
    line_excess,
    same_p_value,
    same_spread_p_value,
    traits,
)
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

GALAXIES, DRAWS, NOISE = 4000, 999, 1.0
H_ALPHA = 6564.6


def normal(width: float, seed: int = 0) -> dict[str, tuple[np.ndarray, Deviations]]:
    """Galaxies of five parameters of N(0, 1), each measured with a noise of NOISE, and posteriors of some width.

    Returns:
        the theta that chooses, and the deviations from the truth that it stands for, by selection.
    """
    random = np.random.default_rng(seed)
    truth = random.normal(size=(GALAXIES, len(NAMES)))
    datum = truth + NOISE * random.normal(size=truth.shape)
    mean, sigma = datum / (1 + NOISE**2), NOISE / np.sqrt(1 + NOISE**2)
    drawn = mean + width * sigma * random.normal(size=truth.shape)

    def from_theta(theta: np.ndarray) -> Deviations:
        z = (mean - theta) / (width * sigma)
        return Deviations(mean - theta, z, random.binomial(DRAWS, stats.norm.cdf(-z)), DRAWS)

    return {
        "truth": (truth, from_theta(truth)),
        "expected": (drawn, from_theta(drawn)),
        "estimate": (mean, from_theta(truth)),
    }


@pytest.fixture(scope="module")
def exact() -> dict[str, tuple[np.ndarray, Deviations]]:
    return normal(1.0)


def high(selected: tuple[np.ndarray, Deviations]) -> tuple[Deviations, np.ndarray]:
    """The galaxies with a high first parameter."""
    theta, deviations = selected
    return deviations, bins(theta[:, 0], [0.5])[1]


def test_bins_hold_every_galaxy_once():
    values = np.array([0.1, 2.0, 0.5, 0.75, 3.0, 2.5])
    assert [rows.tolist() for rows in bins(values, [0.75, 2.5])] == [[0, 2], [1, 3], [4, 5]]


def test_exact_posteriors_are_calibrated_where_estimates_are_chosen(exact):
    deviations, rows = high(exact["estimate"])
    value, error = deviations.summaries_and_errors(rows, 200, 1)
    ideal = np.array([0, 0, 1, 0.68, 0.95])[:, None]
    assert (np.abs(value - ideal) < 4 * error).all()


def test_exact_posteriors_are_biased_where_truths_are_chosen_and_as_much_as_expected(exact):
    found = [
        deviations.summaries_and_errors(rows, 200, 1)
        for deviations, rows in (high(exact["truth"]), high(exact["expected"]))
    ]
    (truth, truth_error), (expected, expected_error) = found
    bias = SUMMARIES.index("z_mean"), 0
    assert truth[bias] < -10 * truth_error[bias]
    assert (np.abs(truth - expected) < 4 * np.hypot(truth_error, expected_error)).all()


def test_wide_posteriors_are_found_in_subsets_by_estimate_and_against_what_is_expected():
    wide = normal(1.5)
    deviations, rows = high(wide["estimate"])
    value, error = deviations.summaries_and_errors(rows, 200, 1)
    assert (value[SUMMARIES.index("coverage_68")] > 0.68 + 5 * error[SUMMARIES.index("coverage_68")]).all()
    (real, truths), (drawn, draws) = high(wide["truth"]), high(wide["expected"])
    assert (same_p_value(real.probability[truths], drawn.probability[draws]) < 1e-3).all()


def test_errors_are_the_scatter_of_repeated_experiments():
    found = [high(normal(1.0, seed)["estimate"]) for seed in range(20)]
    scatter = np.std([deviations.summaries(rows) for deviations, rows in found], axis=0).mean(1)
    deviations, rows = found[0]
    error = deviations.summaries_and_errors(rows, 200, 1)[1].mean(1)
    np.testing.assert_allclose(error, scatter, rtol=0.3)


def test_a_subset_of_next_to_nothing_is_refused(exact, refused):
    deviations, rows = high(exact["truth"])
    with refused("validation.spectra", "subsets"):
        deviations.summaries_and_errors(rows[: LEAST - 1], 10, 1)


def test_p_values_tell_different_scatter_from_chance():
    random = np.random.default_rng(4)
    same, other = random.normal(size=(2, 800, 3)), 1.7 * random.normal(size=(800, 3))
    for p_value in (same_p_value, same_spread_p_value):
        assert (p_value(*same) > 0.01).all()
        assert (p_value(same[0], other) < 0.01).all()


def test_groups_are_compared_in_units_of_the_parameters(exact):
    deviations, rows = high(exact["estimate"])
    others = np.setdiff1d(np.arange(GALAXIES), rows)
    width = np.where(np.isin(np.arange(GALAXIES), rows), 2.0, 3.0)[:, None] * np.ones(len(NAMES))
    compared = compare_groups(deviations, width, {"young": others, "old": rows}, 50)
    assert compared["galaxies"] == {"young": len(others), "old": len(rows)}
    for name in NAMES:
        assert [compared[name][group]["half_width"]["value"] for group in ("young", "old")] == [3.0, 2.0]
        assert compared[name]["scatter_p_value"] > 1e-3
        assert compared[name]["ranks_p_value"] > 1e-3


def test_line_excess_is_that_of_the_nearest_pixel():
    wavelength = np.arange(6000.0, 7000.0, 42.0)
    place = int(np.argmin(np.abs(wavelength - H_ALPHA)))
    flux = np.ones((3, len(wavelength))) * np.linspace(1, 2, len(wavelength))  # a slope is no line
    flux[0, place] *= 3.0
    flux[1, place] *= 0.8
    np.testing.assert_allclose(line_excess(flux, wavelength, H_ALPHA), [2.0, -0.2, 0.0], atol=1e-12)


def test_traits_of_a_star_forming_and_of_a_dead_galaxy():
    prior = Prior.over(load_params().prior)
    theta = prior.from_unit(torch.full((2, len(NAMES)), 0.5, dtype=torch.float64))
    theta[:, index("tage")] = torch.tensor([0.5, 3.9])
    theta[:, index("logtau")] = torch.tensor([0.9, -0.9])
    found = traits(theta.numpy(), Simulator(), prior, H_ALPHA)
    assert found["line"][0] > 1
    assert found["line"][1] < 0
    np.testing.assert_allclose(found["tage"], [0.5, 3.9])
    np.testing.assert_allclose(found["edge"], [0.05, min(0.05, (4.0 - 3.9) / (4.0 - 0.01))], atol=1e-6)

"""Posteriors close to the ends of the prior."""

import numpy as np
import pytest
import torch

from digs.config.theta import NAMES
from digs.diagnostics.edges import LEAST_DRAWS, LEAST_GALAXIES, at_the_ends, bias_and_coverage, marginals_inside
from digs.physics.prior import Prior

PRIOR = Prior([0.0] * 5, [1.0] * 5)


def test_draws_outside_the_prior_do_not_count_and_hardly_any_inside_tell_nothing():
    inside = torch.rand(1, 400, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    draws = torch.cat([inside, 2 + inside], 1).repeat(2, 1, 1)
    draws[1, LEAST_DRAWS - 1 :] = 3.0
    found = marginals_inside(PRIOR, draws, np.full((2, 5), 0.5))
    np.testing.assert_allclose(found["median"][0], np.median(inside[0].numpy(), axis=0))
    np.testing.assert_allclose(found["probability"][0], ((inside[0] < 0.5).sum(0) + 0.5) / 401)
    assert np.isnan(found["median"][1]).all()


def marginals(number: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Truths over the prior, with posteriors that are a tenth too high in the first parameter."""
    random = np.random.default_rng(2)
    truth, noise = random.uniform(size=(number, 5)), random.normal(size=(number, 5))
    median = truth + 0.05 * noise
    median[:, 0] += 0.1
    half_width = np.full(truth.shape, 0.05)
    return truth, {"median": median, "half_width": half_width, "probability": random.uniform(size=truth.shape)}


def test_bias_is_in_units_and_in_widths_and_the_lost_are_counted():
    truth, found = marginals(2000)
    found["median"][:7] = np.nan
    numbers = bias_and_coverage(truth, found, np.ones(2000, bool), 0)
    assert (numbers["galaxies"], numbers["lost"]) == (1993, 7)
    assert numbers["bias"]["value"] == pytest.approx(0.1, abs=0.01)
    assert numbers["bias_in_widths"]["value"] == pytest.approx(2.0, abs=0.2)
    assert numbers["coverage_68"]["value"] == pytest.approx(0.68, abs=0.05)


def test_few_galaxies_say_nothing():
    truth, found = marginals(2000)
    rows = np.arange(2000) < LEAST_GALAXIES - 1
    assert bias_and_coverage(truth, found, rows, 0) is None


def test_galaxies_are_taken_at_either_end_by_truth_and_by_estimate():
    truth, found = marginals(4000)
    measured = at_the_ends(PRIOR, truth, found, 0.1)
    assert list(measured) == list(NAMES)
    last = measured[NAMES[-1]]
    for end in ("low", "high"):
        assert last[end]["by_truth"]["galaxies"] == pytest.approx(400, abs=80)
    first = measured[NAMES[0]]  # the shift empties the low end and fills the high one
    assert first["low"]["by_estimate"]["galaxies"] < first["high"]["by_estimate"]["galaxies"] / 3

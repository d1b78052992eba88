"""What is measured of networks whose density leaks out of the prior, on posteriors that are known."""

import numpy as np
import pytest
import torch

from digs.base.statistics import bootstrap_rows
from digs.diagnostics.leaking_networks import BoxedPosteriors, losses

GALAXIES, DRAWS = 1500, 200


@pytest.fixture
def random():
    return np.random.default_rng(4)


def posteriors(random, spread: float) -> BoxedPosteriors:
    """Normal posteriors that are so many times as wide as the truths scatter."""
    mean = random.normal(size=(GALAXIES, 1, 5))
    draws = mean + spread * random.normal(size=(GALAXIES, DRAWS, 5))
    truth = (mean + random.normal(size=mean.shape))[:, 0]
    return BoxedPosteriors(draws, np.full(GALAXIES, 0.8), truth)


@pytest.mark.parametrize(("spread", "coverage"), [(1.0, 0.683), (2.0, 0.954)])
def test_coverage_and_widths_are_those_of_the_normal_distribution(random, spread, coverage):
    found = posteriors(random, spread).report(bootstrap_rows(GALAXIES, 50, 1))
    assert found["share_inside"]["value"] == pytest.approx(0.8)
    for numbers in found["parameters"].values():
        share = numbers["coverage_68"]
        assert share["value"] == pytest.approx(coverage, abs=5 * share["error"] + 0.005)
        assert numbers["half_width"]["value"] == pytest.approx(spread, rel=0.03)
        assert (numbers["uniform_ranks_p_value"] > 1e-3) == (spread == 1.0)


def test_curves_of_an_exact_posterior_are_diagonals(random):
    level = np.linspace(0, 1, 21)
    rank_cdf, coverage = posteriors(random, 1.0).curves(level)
    assert rank_cdf.shape == coverage.shape == (5, 21)
    assert np.abs(rank_cdf - level).max() < 0.06
    assert np.abs(coverage - level).max() < 0.06


def test_the_share_inside_lowers_the_loss(random):
    log_q = torch.as_tensor(random.normal(-1, 1, 4000))
    found = losses(log_q, np.full(100, 0.5))
    assert found["flow"]["value"] == pytest.approx(-log_q.mean().item())
    assert found["posterior"]["value"] == pytest.approx(found["flow"]["value"] + np.log(0.5))
    assert found["posterior"]["error"] == pytest.approx(found["flow"]["error"])

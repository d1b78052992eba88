"""Posteriors of many galaxies, batch by batch: mock galaxies, weighted draws, and inspections of spectra."""

import numpy as np
import pytest
import torch

from digs.base.statistics import QUANTILES, efficiency
from digs.config.theta import NAMES
from digs.diagnostics.ranks import ranks
from digs.exact.best_fit import BestFit
from digs.exact.brute_force.grid import Grid
from digs.inference import mock_inference
from digs.inference.importance import log_weights, quantiles_and_log_weights
from digs.inference.inspection import _LEAST, Inspection
from digs.inference.lights import Judge
from digs.inference.mock_inference import exact_mocks, infer_mocks
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator
from digs.training.pairs import Sample, exact_sample

DRAWS, SEED, NUMBER, SIZE = 60, 5, 30, 12


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return Posterior.load("fiducial")


@pytest.fixture(scope="module")
def sample(posterior) -> Sample:
    return exact_sample(Simulator(), posterior.flow.prior, posterior.record.noise_fraction, NUMBER, 1, "test of mocks")


def test_mocks_are_ranked_among_the_draws_of_their_posteriors(posterior, sample, monkeypatch):
    monkeypatch.setattr(mock_inference, "AT_ONCE", SIZE)
    theta, flux = sample
    mocks = infer_mocks(posterior, sample, theta.numpy(), DRAWS, SEED, "test")
    rows = slice(SIZE, 2 * SIZE)
    draws = posterior.sample(flux[rows], DRAWS + 1, SEED).double().numpy()
    np.testing.assert_array_equal(mocks.draw[rows], draws[:, 0])
    np.testing.assert_array_equal(mocks.rank[rows], ranks(draws[:, 1:], theta[rows].numpy()))
    assert len(mocks.truth) == NUMBER
    assert (mocks.joint_rank[:, 1] == 0).all()  # no draw is nearer to a centre than the truth that lies there


def test_exact_mocks_are_near_those_of_the_network(posterior, sample, monkeypatch):
    monkeypatch.setattr(mock_inference, "AT_ONCE", SIZE)
    theta, flux = sample
    mocks = infer_mocks(posterior, sample, theta.numpy(), 499, SEED, "test")
    grid = Grid(Simulator(), posterior.flow.prior, posterior.record.noise_fraction)
    exact = exact_mocks(grid, sample, 500, SEED, "test")
    assert len(exact.probability) == len(exact.half_width) == len(exact.effective) == NUMBER
    assert np.abs(exact.probability - (mocks.rank + 0.5) / 500).mean() < 0.05
    np.testing.assert_allclose(np.median(mocks.half_width / exact.half_width, 0), 1, atol=0.1)
    own = grid.posterior(flux[SIZE : SIZE + 1], 500, SEED, ids=[SIZE])
    below = (own.draws[0] < theta[SIZE]).double()
    np.testing.assert_allclose(exact.probability[SIZE], own.log_weight[0].softmax(0) @ below, rtol=1e-12)
    assert exact.effective[SIZE] == pytest.approx(own.effective.item())


def test_quantiles_and_weights_are_those_of_the_same_draws(posterior, sample):
    simulator, (_, flux) = Simulator(), sample
    quantiles, weights = quantiles_and_log_weights(posterior, simulator, flux, DRAWS, SEED, SIZE)
    rows = slice(SIZE, 2 * SIZE)
    draws = posterior.sample(flux[rows], DRAWS, SEED)
    np.testing.assert_array_equal(quantiles[rows], np.quantile(draws.numpy(), QUANTILES, axis=1).swapaxes(0, 1))
    torch.testing.assert_close(weights[rows], log_weights(posterior, simulator, draws, flux[rows]), rtol=0, atol=0)
    assert efficiency(weights).median() > 0.5


@pytest.fixture
def inspected() -> Inspection:
    """40 spectra, half of them lit by a misfit, whose posteriors are one half-width too high."""
    number = 40
    pulls = torch.randn(number, 138, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    fit = BestFit(torch.zeros(number, 5), pulls, pulls.square().sum(1))
    quantiles = np.tile(np.array([0.0, 1.0, 2.0])[None, :, None], (number, 1, len(NAMES)))
    return Inspection({"misfit": np.arange(number) % 2 * 1000.0}, fit, quantiles)


def test_shares_say_what_is_detected_and_rejected(inspected):
    shares = inspected.shares(Judge({"misfit": 500.0}, freedom=138.0, rejected=1e-6))
    assert shares["detected"]["value"] == shares["lights"]["misfit"]["value"] == 0.5
    assert shares["rejected"]["value"] == 0
    assert shares["detected_of_rejected"] is None


def test_bias_is_in_half_widths_of_enough_galaxies(inspected):
    truth = np.zeros((40, len(NAMES)))
    assert inspected.bias(truth, 20, 1)["tage"] == {"value": 1.0, "error": 0.0}
    few = np.arange(40) < _LEAST - 1
    assert inspected.bias(truth, 20, 1, few) is None

"""Walks in other coordinates, how far short ones lie from a long one, and noise in units of the data."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.prospector_chain_settings import ProspectorChainSettings
from digs.exact.fit_costs import mcmc_steps
from digs.exact.fixed_sigma import change_by_fixed_sigma
from digs.exact.short_walks import in_coordinates, long_and_short_walks, scatter_of_short_walks
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


def normal(theta: np.ndarray) -> np.ndarray:
    return stats.norm.logpdf(theta).sum(-1)


def test_a_density_keeps_its_mass_in_other_coordinates():
    density = in_coordinates(normal, np.log, lambda theta: theta.sum(-1))  # of exp(theta)
    points = np.linspace(1e-4, 60, 400_000)[:, None]
    assert np.exp(density(points)).sum() * (points[1, 0] - points[0, 0]) == pytest.approx(1, abs=1e-3)
    with np.errstate(invalid="ignore"):
        assert density(np.array([[-1.0]])).tolist() == [-np.inf]


def test_short_walks_scatter_about_the_long_one():
    settings = load_params(ProspectorChainSettings).prospector_chain.model_copy(
        update={"burn_in": [16], "steps": 64, "thin": 2, "reference_burn_in": [100], "reference_steps": 400, "seed": 5}
    )
    starts = [np.random.default_rng(seed).normal(size=(20, 5)) for seed in range(3)]
    long, short = long_and_short_walks(normal, starts, lambda points: points, settings)
    assert long.shape == (len(QUANTILES), 5)
    assert short.shape == (3, len(QUANTILES), 5)
    ratio, shift = scatter_of_short_walks(long, short)
    assert ((ratio > 0) & (ratio < 0.5)).all()
    assert ((shift > 0) & (shift < 1)).all()
    still = scatter_of_short_walks(long, np.stack([long, long]))
    assert not np.any(still)


@pytest.fixture
def simulator(fake_populations) -> Simulator:
    return Simulator(path=fake_populations, dtype=torch.float64)


def test_noise_in_units_of_the_data_changes_little_where_there_is_little(simulator, wide_theta):
    prior, theta = Prior.over(load_params().prior), wide_theta(2, 1)
    flux = simulator(theta)
    width = 1e-4 * (prior.high - prior.low)
    draws = theta[:, None] + width * torch.randn(2, 500, 5, generator=torch.Generator().manual_seed(2))
    draws = draws.clamp(prior.low, prior.high).numpy()
    for fraction, limit in ((1e-3, 0.2), (0.05, 0.3)):
        noisy = add_noise(flux, torch.Generator().manual_seed(3), fraction)
        ratio, shift, share = change_by_fixed_sigma(simulator, prior, draws, noisy, fraction)
        assert ratio.shape == shift.shape == (2, 5)
        assert share.shape == (2,)
        assert (np.abs(ratio - 1) < limit).all()
        assert (share > 0.5).all()


def test_timed_steps_leave_the_number_of_threads_as_it_was(simulator, wide_theta, monkeypatch):
    monkeypatch.setattr("digs.exact.fit_costs._BURN_IN", 2)
    monkeypatch.setattr("digs.exact.fit_costs.STEPS", 2)
    monkeypatch.setattr("digs.exact.fit_costs.Simulator", lambda: simulator)
    prior, threads = Prior.over(load_params().prior), torch.get_num_threads()
    random = torch.Generator().manual_seed(1)
    walk = mcmc_steps(prior, simulator(wide_theta(3, 2)).numpy(), 0.05, "model", 12, threads + 1, random)
    walk()
    assert torch.get_num_threads() == threads

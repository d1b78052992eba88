"""Noise in units of the data, and the costs of walks."""

import numpy as np
import pytest
import torch

from digs.config.params import load_params
from digs.exact.fit_costs import mcmc_steps
from digs.exact.fixed_sigma import change_by_fixed_sigma
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


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

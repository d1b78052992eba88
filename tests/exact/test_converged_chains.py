"""Exact posteriors of many galaxies: where walkers start, and which of them are stuck."""

import numpy as np
import torch

from digs.config.params import load_params
from digs.exact.converged_chains import starts, stuck_draws
from digs.physics.prior import Prior


def test_stuck_draws_are_those_far_below_the_best_of_their_galaxy():
    log_prob = torch.tensor([[0.0, -3.0, -26.0], [-500.0, -524.0, -526.0]])
    assert stuck_draws(log_prob).tolist() == [[False, False, True], [False, False, True]]
    generator = torch.Generator().manual_seed(7)
    normal = -torch.randn(1, 200_000, 5, generator=generator).square().sum(-1) / 2
    assert not stuck_draws(normal).any()


def test_walkers_start_at_different_draws_inside_the_prior():
    prior, random = Prior.over(load_params().prior), np.random.default_rng(4)
    draws = prior.sample(2 * 50, torch.Generator().manual_seed(5)).reshape(2, 50, 5).numpy()
    draws[0, :, 0], draws[1, :, 3] = prior.low[0], prior.high[3] + 1e-6  # as rounding leaves them
    start = starts(prior, draws, 40, random)
    assert start.shape == (2, 40, 5)
    assert prior.contains(start).all()
    assert all(len(torch.unique(each, dim=0)) == 40 for each in start)
    assert torch.isfinite(prior.to_unbounded(start)).all()

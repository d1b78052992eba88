"""Exact posteriors of many galaxies: where walkers start, and when chains count as converged."""

import numpy as np
import torch

from digs.config.model import FAR_BELOW, Walk
from digs.config.params import load_params
from digs.exact.converged_chains import converged, starts
from digs.physics.prior import Prior


def test_chains_with_a_draw_far_below_the_best_have_not_converged():
    settings = Walk(ensembles=2, walkers=10, burn_in=1, steps=1, thin=1, r_hat=1.01, sample_size=1000, extensions=0)
    assert settings.far_below == FAR_BELOW
    r_hat, size, farthest = np.full((4, 5), 1.005), np.full((4, 5), 2000.0), np.full(4, 15.0)
    r_hat[1, 2], size[2, 4], farthest[3] = 1.02, 900, FAR_BELOW + 1
    assert converged(r_hat, size, farthest, settings).tolist() == [True, False, False, False]


def test_walkers_start_at_different_draws_inside_the_prior():
    prior = Prior.over(load_params().prior)
    draws = prior.sample(2 * 50, torch.Generator().manual_seed(5)).reshape(2, 50, 5).numpy()
    draws[0, :, 0], draws[1, :, 3] = prior.low[0], prior.high[3] + 1e-6  # as rounding leaves them
    start = starts(prior, draws, 40, 4, [b"one", b"two"])
    assert start.shape == (2, 40, 5)
    assert torch.equal(starts(prior, draws[1:], 40, 4, [b"two"]), start[1:])  # whatever the company
    assert prior.contains(start).all()
    assert all(len(torch.unique(each, dim=0)) == 40 for each in start)
    assert torch.isfinite(prior.to_unbounded(start)).all()

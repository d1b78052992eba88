"""Weighted draws by a grid and by a network: the same posteriors, whatever the batches."""

import numpy as np
import pytest
import torch

from digs.base.statistics import reweighted_quantiles
from digs.config.params import load_params
from digs.inference.weighted_sampling import against_chains, against_evidence, in_batches, methods, shares
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

GALAXIES, DRAWS = 6, 1000


@pytest.fixture(scope="module")
def found():
    """Weighted draws of a few galaxies of the prior, by either proposal, with the spectra."""
    params = load_params()
    prior, random = Prior.over(params.prior), torch.Generator().manual_seed(8)
    flux = add_noise(Simulator()(prior.sample(GALAXIES, random)), random, params.noise.fraction)
    ways = methods(prior, params.noise.fraction, "fiducial", seed=3)
    return flux, ways, {name: in_batches(way, flux, DRAWS, 4) for name, way in ways.items()}


def test_both_proposals_give_the_same_posterior(found):
    _, _, weighted = found
    grid = reweighted_quantiles(weighted["grid"][0].numpy(), weighted["grid"][1])
    measured = against_chains(weighted["network"], grid, np.arange(GALAXIES)[None])
    assert all(abs(each["ratio"]["value"] - 1) < 0.1 and each["shift"]["value"] < 0.15 for each in measured.values())


def test_both_proposals_give_the_same_evidence(found):
    _, _, weighted = found
    by_grid = torch.logsumexp(weighted["grid"][1], 1).numpy() - np.log(DRAWS)
    assert against_evidence(weighted["network"][1], by_grid)["largest"] < 0.1


def test_batches_change_nothing_of_a_grid(found):
    flux, ways, weighted = found
    draws, log_weight = in_batches(ways["grid"], flux, DRAWS, 1)
    assert torch.equal(draws, weighted["grid"][0]) and torch.equal(log_weight, weighted["grid"][1])


def test_shares_of_even_weights_are_one():
    share = shares(torch.zeros(3, 10), np.array([[0, 1, 2], [2, 2, 0]]))
    assert share["efficiency"]["value"] == pytest.approx(1) and share["efficiency_5"]["error"] == pytest.approx(0)


def test_a_share_of_uneven_weights_is_what_kish_has():
    log_weight = torch.tensor([[0.0, 0.0, -torch.inf, -torch.inf]])
    assert shares(log_weight, np.array([[0]]))["efficiency"]["value"] == pytest.approx(0.5)

"""Posteriors of mock galaxies, batch by batch: of each, what is kept to judge it by (digs.diagnostics.mocks)."""

from dataclasses import dataclass

import numpy as np
import torch

from digs.base.join import join_rows
from digs.base.statistics import QUANTILES, reweighted_quantiles
from digs.diagnostics.joint import weighted_probability
from digs.diagnostics.mocks import MockPosteriors
from digs.exact.brute_force.grid import Grid
from digs.inference.batches import draws_in_batches, in_batches
from digs.inference.posterior import Posterior
from digs.training.pairs import Sample

AT_ONCE = 100  # galaxies


def infer_mocks(
    posterior: Posterior,
    sample: Sample,
    centres: np.ndarray,
    draws: int,
    seed: int,
    description: str,
) -> MockPosteriors:
    """Return what is kept of the posteriors of mock galaxies.

    Args:
        sample: theta of the galaxies, and their spectra.
        centres: points near the data, as of diagnostics.joint.distance_rank, shape (N, 5).
        draws: how many of each posterior the truth is compared with; one more is drawn to stand for the truth.
        description: of the progress bar.
    """
    theta, flux = sample
    prior, mocks = posterior.flow.prior, []
    ends = prior.low.numpy(), prior.high.numpy()
    for rows, drawn in draws_in_batches(posterior, flux, draws + 1, seed, AT_ONCE, description):
        drawn = drawn.double()
        log_prob = posterior.log_prob(torch.cat([drawn[:, 1:], theta[rows, None]], 1), flux[rows]).numpy()
        log_prob, log_prob_truth = log_prob[:, :-1], log_prob[:, -1]
        truth, draw, compared = theta[rows].numpy(), drawn[:, 0].numpy(), drawn[:, 1:].numpy()
        mocks.append(MockPosteriors.of(truth, draw, compared, log_prob, log_prob_truth, centres[rows], ends))
    return join_rows(mocks)


@dataclass(frozen=True)
class ExactMocks:
    """What is kept of the exact posteriors of N mock galaxies.

    probability: their cumulative probability at the truth; half_width; shape (N, 5) each.
    effective: how many of their draws are, shape (N,).
    """

    probability: np.ndarray
    half_width: np.ndarray
    effective: np.ndarray


def exact_mocks(grid: Grid, sample: Sample, draws: int, seed: int, description: str) -> ExactMocks:
    """Return what is kept of exact posteriors, by brute force.

    Args:
        sample: as of infer_mocks.
        draws: weighted ones, of each posterior.
    """
    theta, flux = sample
    low, high = (QUANTILES.index(each) for each in (0.16, 0.84))
    parts = []
    for rows in in_batches(len(flux), AT_ONCE, description):
        # by their numbers, as spectra may be alike
        found = grid.posterior(flux[rows], draws, seed, ids=range(len(flux))[rows])
        quantiles = reweighted_quantiles(found.draws.numpy(), found.log_weight)
        probability = weighted_probability(found.draws.numpy(), theta[rows].numpy(), found.log_weight.numpy())
        parts.append(ExactMocks(probability, (quantiles[:, high] - quantiles[:, low]) / 2, found.effective.numpy()))
    return join_rows(parts)

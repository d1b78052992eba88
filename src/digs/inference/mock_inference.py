"""Posteriors of mock galaxies, batch by batch: of each, what is kept to judge it by (digs.diagnostics.mocks)."""

import numpy as np
import torch

from digs.base.join import join_rows
from digs.diagnostics.joint import weighted_probability
from digs.diagnostics.mocks import MockPosteriors
from digs.exact.likelihood import log_joint
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.physics.simulator import Simulator
from digs.training.pairs import Sample

AT_ONCE = 100  # galaxies


def infer_mocks(
    posterior: Posterior,
    sample: Sample,
    centres: np.ndarray,
    draws: int,
    seed: int,
    description: str,
    weigh_by: Simulator | None = None,
) -> tuple[MockPosteriors, np.ndarray | None]:
    """Return what is kept of the posteriors of mock galaxies.

    Args:
        sample: theta of the galaxies, and their spectra.
        centres: points near the data, as of diagnostics.joint.distance_rank, shape (N, 5).
        draws: how many of each posterior the truth is compared with; one more is drawn to stand for the truth.
        description: of the progress bar.
        weigh_by: the exact simulator, if the draws are to be weighted to the exact posterior.
    Returns:
        what is kept; and the exact posterior's cumulative probability at the truth, shape (N, 5), if asked for.
    """
    theta, flux = sample
    prior, fraction = posterior.flow.prior, posterior.record.noise_fraction
    ends = prior.low.numpy(), prior.high.numpy()
    mocks, probability = [], []
    for rows, drawn in draws_in_batches(posterior, flux, draws + 1, seed, AT_ONCE, description):
        drawn = drawn.double()
        log_prob = posterior.log_prob(torch.cat([drawn[:, 1:], theta[rows, None]], 1), flux[rows]).numpy()
        log_prob, log_prob_truth = log_prob[:, :-1], log_prob[:, -1]
        truth, draw, compared = theta[rows].numpy(), drawn[:, 0].numpy(), drawn[:, 1:].numpy()
        mocks.append(MockPosteriors.of(truth, draw, compared, log_prob, log_prob_truth, centres[rows], ends))
        if weigh_by is not None:
            joint = log_joint(weigh_by, prior, torch.as_tensor(compared), flux[rows], fraction).numpy()
            probability.append(weighted_probability(compared, truth, joint - log_prob))
    return join_rows(mocks), join_rows(probability) if probability else None

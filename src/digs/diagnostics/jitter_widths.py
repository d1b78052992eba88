"""Widths of posteriors from libraries of several sizes: what networks learn, and what the law says of them."""

from pathlib import Path

import numpy as np
from torch import Tensor

from digs.base.random_streams import generator
from digs.base.statistics import resample_systematically
from digs.config.stages.jitter_settings import JitterSettings
from digs.diagnostics.jitter_law import jittered, of_members
from digs.diagnostics.label_jitter import LabelJitter, label_jitter
from digs.exact.brute_force.grid import Grid
from digs.physics.noise import add_noise
from digs.training.jittered_networks import Labels, simulated, trained_network

_AT_ONCE = 50_000  # models, to bound memory
LAWS = ("predicted", "independent", "members")  # local jitter, that of any pair, and a network without limit


def half_width(draws: np.ndarray) -> np.ndarray:
    """Return half of what lies between the 16th and the 84th percentile, (N, 5), of draws, (N, draws, 5)."""
    low, high = np.quantile(draws, (0.16, 0.84), axis=1)
    return (high - low) / 2


def exact_draws(grid: Grid, flux: Tensor, settings: JitterSettings) -> np.ndarray:
    """Return draws of the exact posteriors, (N, draws, 5), all of one weight."""
    found = grid.posterior(flux, settings.exact_draws, settings.seed, ids=range(len(flux)))
    random = np.random.default_rng(settings.seed)
    rows = [resample_systematically(each, settings.draws, random) for each in found.log_weight.numpy()]
    return np.stack([draws[row] for draws, row in zip(found.draws.numpy(), rows, strict=True)])


def measured_and_predicted(
    size: int | None, flux: Tensor, exact: np.ndarray, grid: Grid, settings: JitterSettings, checkpoint: Path
) -> dict[str, np.ndarray]:
    """Return half-widths, (N, 5), that a library gives: measured, and by LAWS; and what its jitter is.

    Args:
        size: of the library; None for exact pairs, for which there is nothing to predict.
        flux: noisy spectra, (N, pixels).
        exact: draws of their exact posteriors, (N, draws, 5).
        checkpoint: of the training.
    Returns:
        besides these, the standard deviation of the jitter, (5,), as the labels tell it; and as the diagnostic tells it
        of some pairs: jitter, its error, z, and widening, (4, 5).
    """
    prior, seed = grid.prior, settings.seed
    labels = Labels.draw(prior, settings.network.pairs + settings.network.held_out, size, seed)
    noiseless = simulated(grid.simulator, labels.own)
    given = labels, noiseless, prior, grid.noise, settings.network, seed, checkpoint
    network = trained_network(*given, f"Library of {size or 'all'}")
    found = {"measured": half_width(network.draw(flux, settings.draws, seed).numpy())}
    some = slice(0, settings.diagnosed)
    diagnosed = add_noise(noiseless[labels.rows[some]], generator(seed, "diagnosed"), grid.noise)
    told: LabelJitter = label_jitter(labels.label[some], diagnosed, grid, settings.draws, seed)
    found["diagnosed"] = np.stack([told.jitter, told.jitter_error, told.z, told.widening])
    label, own = labels.label.numpy(), labels.own[labels.rows].numpy()
    found["jitter"] = (label - own).std(0)
    if size is not None:
        kernel = slice(0, settings.kernel_pairs)
        pairs = label[kernel], own[kernel], prior.low.numpy(), prior.high.numpy(), seed
        likelihood = log_likelihoods_of_members(flux, noiseless, grid.noise)
        by_law = (
            jittered(exact, *pairs, local=True),
            jittered(exact, *pairs, local=False),
            of_members(likelihood, label, labels.rows.numpy(), settings.draws, seed),
        )
        found |= {name: half_width(draws) for name, draws in zip(LAWS, by_law, strict=True)}
    return found


def log_likelihoods_of_members(flux: Tensor, model: Tensor, fraction: float) -> np.ndarray:
    """Return ln L, up to a constant, of N spectra under M models, (N, M), single precision.

    The sum of (flux / model - 1)^2 is multiplied out, so that it takes two products of matrices.

    Args:
        flux: (N, pixels).
        model: noiseless, (M, pixels).
        fraction: of the noise, in units of the model.
    """
    unit = model.median()
    flux, found = (flux / unit).float(), np.empty((len(flux), len(model)), dtype=np.float32)
    for start in range(0, len(model), _AT_ONCE):
        inverse = (unit / model[start : start + _AT_ONCE]).float()
        square = flux.square() @ inverse.square().T - 2 * flux @ inverse.T + flux.shape[1]
        found[:, start : start + _AT_ONCE] = inverse.log().sum(1) - square / (2 * fraction**2)
    return found

"""Do the labels of a training set belong to its spectra? And if not, how much wider do posteriors become?

The mean of the exact posterior of a spectrum differs from the theta that the spectrum was simulated for by the
posterior's standard deviation s, on average over pairs of the prior. From another label it differs more:

    E (label - mean)^2 = E s^2 + J,

J being the variance of the jitter, if the label is a jittered version of that theta. A network that is trained on such
pairs learns posteriors wider by sqrt(1 + J / s^2) (digs.diagnostics.jitter_law).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.inputs import read_tensor
from digs.base.statistics import bootstrap_rows, weighted_mean_and_std

_BOOTSTRAP = 400
_LEAST_PAIRS, _LEAST_DRAWS = 20, 100


class WeightedPosterior(Protocol):
    """Weighted draws: theta, (N, draws, d), and ln weights, (N, draws)."""

    draws: Tensor
    log_weight: Tensor


class ExactPosteriors(Protocol):
    """What makes them of spectra, as digs.exact.Grid does."""

    def posterior(self, flux: Any, draws: int, seed: int) -> WeightedPosterior:
        """Return so many weighted draws for each spectrum."""
        ...


@dataclass(frozen=True)
class LabelJitter:
    """What was found, for each parameter in turn, (d,) each.

    jitter, jitter_error: the standard deviation of the labels' jitter, 0 where none is seen.
    z: by how many standard errors J is above 0; labels that belong to their spectra have |z| below 3 or so.
    widening: how many times as wide posteriors become, the median over the pairs.
    """

    jitter: np.ndarray
    jitter_error: np.ndarray
    z: np.ndarray
    widening: np.ndarray


def label_jitter(theta: Any, flux: Any, exact: ExactPosteriors, draws: int = 1000, seed: int = 0) -> LabelJitter:
    """Return how much the labels of training pairs are jittered, found from some of the pairs (300 do) and a simulator.

    Args:
        theta: the labels, (N, d).
        flux: the noisy spectra that they come with, (N, pixels). If the simulator cannot make them, labels look
            jittered.
        exact: makes exact posteriors for the same simulator, prior and noise.
        draws: of each exact posterior.
        seed: of the draws.
    Raises:
        DigsError: theta and flux have no such shapes, labels are not finite, or pairs or draws are too few.

    Example:
        >>> import digs, torch
        >>> from digs.config import load_params
        >>> from digs.diagnostics.label_jitter import label_jitter
        >>> from digs.exact import Grid
        >>> from digs.physics import Prior
        >>> simulator, prior = digs.Simulator(), Prior.over(load_params().prior)
        >>> random = torch.Generator().manual_seed(1)
        >>> theta = prior.sample(60, random)
        >>> flux = digs.add_noise(simulator(theta), random)
        >>> theta[:, 2] += 0.2 * torch.randn(60, generator=random)  # wrong labels of the dust
        >>> found = label_jitter(theta, flux, Grid(simulator, prior, 0.05))
        >>> bool(found.z[2] > 3), bool(found.widening[2] > 2)
        (True, True)
    """
    label, flux = (read_tensor(given, what).detach() for given, what in ((theta, "The labels"), (flux, "The spectra")))
    label = label.double().numpy()
    if label.ndim != 2 or flux.ndim != 2 or len(label) != len(flux):
        raise DigsError(
            f"The labels have shape {label.shape}, the spectra {tuple(flux.shape)}; give one row of each for a pair."
        )
    if not np.isfinite(label).all():
        raise DigsError("Some labels are not finite; leave these pairs out.")
    if len(label) < _LEAST_PAIRS or draws < _LEAST_DRAWS:
        raise DigsError(
            f"{len(label)} pairs with {draws} draws each are too few; give {_LEAST_PAIRS} pairs, better 300, and "
            f"{_LEAST_DRAWS} draws or more."
        )
    found = exact.posterior(flux, draws, seed)
    if label.shape[1] != found.draws.shape[2]:
        raise DigsError(
            f"The labels have {label.shape[1]} columns, posteriors {found.draws.shape[2]} parameters; give theta."
        )
    mean, std = weighted_mean_and_std(found.draws.numpy(), torch.softmax(found.log_weight, 1).numpy())
    return jitter_of(label, mean, std, seed)


def jitter_of(label: np.ndarray, mean: np.ndarray, std: np.ndarray, seed: int = 0) -> LabelJitter:
    """Return the same from means and standard deviations of exact posteriors, (N, d) each."""
    excess = (label - mean) ** 2 - std**2

    def measure(rows: np.ndarray | slice) -> tuple[np.ndarray, np.ndarray]:
        variance = excess[rows].mean(0)
        return variance, np.sqrt(variance.clip(min=0))

    again = [measure(rows) for rows in bootstrap_rows(len(label), _BOOTSTRAP, seed)]
    variance, jitter = measure(slice(None))
    error, jitter_error = (np.std(each, axis=0) for each in zip(*again, strict=True))
    widening = np.median(np.sqrt(1 + variance.clip(min=0) / std**2), axis=0)
    return LabelJitter(jitter, jitter_error, variance / error, widening)


def table_of(found: LabelJitter, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the same by parameter and name, as JSON takes it."""
    columns = {"jitter": found.jitter, "jitter_error": found.jitter_error, "z": found.z, "widening": found.widening}
    return {name: {key: float(each[place]) for key, each in columns.items()} for place, name in enumerate(names)}

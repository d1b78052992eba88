"""Nested sampling of one galaxy's posterior, by nautilus (Lange 2023): nothing in it moves as emcee's walkers do."""

from dataclasses import dataclass

import numpy as np
import torch
from nautilus import Sampler

from digs.config.theta import MASS
from digs.exact.likelihood import RelativeDensity

_WINDOW = 0.05  # dex, either side of the mass that the level asks for: the data fix it to about 0.002


_IMPOSSIBLE = -1e30  # nautilus wants numbers


@dataclass(frozen=True)
class NestedSample:
    """Draws of theta, (N, 5), their weights, (N,), ln of the evidence, and how many calls of the density these took."""

    theta: np.ndarray
    weight: np.ndarray
    log_evidence: float
    calls: int

    @property
    def size(self) -> float:
        """Return the effective number of draws (Kish 1965)."""
        return float(self.weight.sum() ** 2 / np.square(self.weight).sum())


def nested_sample(density: RelativeDensity, live: int, networks: int, size: int, seed: int) -> NestedSample:
    """Sample a posterior and find its evidence with nautilus (Lange 2023).

    Args:
        density: of one galaxy. It is sampled in phi, mass relative to the level, inside a window of mass.
        live: points of each bound.
        networks: behind each bound.
        size: the effective number of draws that is wanted.
        seed: of all random numbers.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact import PosteriorDensity, RelativeDensity, nested_sample
        >>> from digs.physics import Prior
        >>> simulator = digs.Simulator()
        >>> flux = simulator([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> density = RelativeDensity(PosteriorDensity(simulator, Prior.over(load_params().prior), flux, fraction=0.05))
        >>> found = nested_sample(density, live=20, networks=0, size=20, seed=1)
        >>> found.theta.shape == (len(found.weight), 5), found.size > 20
        (True, True)
    """
    prior = density.density.prior
    low, high = prior.low.double().numpy().copy(), prior.high.double().numpy().copy()
    low[MASS], high[MASS] = -_WINDOW, _WINDOW

    def log_density(phi: np.ndarray) -> np.ndarray:
        return density(torch.as_tensor(phi)).numpy().clip(_IMPOSSIBLE)

    sampler = Sampler(
        lambda unit: low + unit * (high - low),
        log_density,
        n_dim=len(low),
        n_live=live,
        n_networks=networks,
        vectorized=True,
        pass_dict=False,
        seed=seed,
    )
    sampler.run(n_eff=size, discard_exploration=True, verbose=False)
    phi, log_weight, _ = sampler.posterior()
    theta = density.theta(torch.as_tensor(phi)).numpy()
    # the density holds the prior's: what is left to integrate is the volume of phi
    log_evidence = sampler.log_z + np.log(high - low).sum()
    return NestedSample(theta, np.exp(log_weight - log_weight.max()), float(log_evidence), sampler.n_like)

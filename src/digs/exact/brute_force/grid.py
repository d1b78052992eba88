r"""Exact posteriors by brute force: templates on a grid, and draws that are weighted by the exact likelihood.

Mass and dust are in closed form; that leaves three parameters, few enough for a grid of all spectra there are. There
may be fewer, or more (digs.exact.brute_force.axes): with four a grid is as good, with five or six it is as coarse as
memory asks.

1. Once: templates on a grid as dense as spectra change (axes), compressed to some forty numbers each (templates).
2. For a galaxy: its Gaussian approximation (readings), and by it the posterior at all nodes (node_densities).
3. Candidates between the nodes, of which those are chosen that interpolated features make likely (candidates).
4. Their spectra from the simulator, and the exact likelihood (weights). The weights are L prior / (q pi).

The approximations of steps 1 to 3 make the weights less even, but not wrong: the mean of the weights has the evidence
as its expectation, whatever the grid is, except for what lies 18 nat below the best node. How many candidates there are
is told by a small pilot of candidates, which has random numbers of its own and is then forgotten, so that this holds as
it did. Where an effective number of draws is asked for and not reached, there are further tries, with wider proposals
and more draws, each by itself. Of more draws than are wanted, some are chosen as in step 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from digs.base import inputs
from digs.base.errors import DigsError
from digs.base.random_streams import galaxy_keys, stream
from digs.base.statistics import efficiency
from digs.base.torch_state import calculating
from digs.config.theta import NAMES
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.proposals import propose
from digs.exact.brute_force.samples import Sample
from digs.exact.brute_force.templates import make_templates
from digs.exact.brute_force.weights import log_likelihoods
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.fixed_columns import FixedColumns, with_all_columns
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import check_flux

_AT_ONCE = 64_000  # draws, to bound memory


_LARGEST_NOISE = 1.0


_FEWEST = 3  # parameters: mass and dust, which are in closed form, and one more


# one after the other, until enough draws are effective: the power of the readings' likelihoods (below 1 for wider
# proposals), whether readings are careful, and how many times as many draws as usual are made
_TRIES = ((1.0, False, 1), (0.5, False, 2), (0.5, True, 4), (0.25, True, 16), (0.25, True, 64))


@dataclass(frozen=True)
class GridPosterior:
    """Weighted draws of N posteriors.

    draws: theta, (N, draws, columns), and log_weight, (N, draws), all float64. A weight is likelihood times prior over
        the density that its draw came with.
    log_evidence: ln of the integral of likelihood times prior, (N,), and log_evidence_error, its standard error.

    Example:
        >>> import torch, digs
        >>> from digs.exact import GridPosterior
        >>> two = GridPosterior(torch.zeros(1, 2, 5), torch.zeros(1, 2), torch.zeros(1), torch.zeros(1))
        >>> two.effective
        tensor([2.])
    """

    draws: Tensor
    log_weight: Tensor
    log_evidence: Tensor
    log_evidence_error: Tensor

    @property
    def effective(self) -> Tensor:
        """Return the effective number of draws (Kish 1965), (N,); 0 where none has any weight."""
        return self.draws.shape[1] * efficiency(self.log_weight).nan_to_num(nan=0.0)


class Grid:
    """Exact posteriors without a network: set up in seconds, some milliseconds a galaxy.

    Args:
        simulator: of delayed-tau galaxies, any instrument and redshift; their gas may be free, their ages and times
            may be fixed (digs.physics.fixed_columns). With more than the five parameters a grid takes half a minute and
            more to set up, and two gigabytes.
        prior: of theta.
        noise: the standard deviation in units of the flux: of the model, which is then all of the noise; or, where
            sigmas are given, a typical one, that the spacing of the grid is made for.
        sigma: "model", or "given": sigmas of each pixel come with the spectra.
    Raises:
        DigsError: the simulator makes other galaxies, or none of a part of the prior; the noise is no such number, or
            so small that the grid would be too dense for memory.

    Example:
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.exact import Grid
        >>> from digs.physics import Prior
        >>> simulator = digs.Simulator()
        >>> grid = Grid(simulator, Prior.over(load_params().prior), noise=0.05)
        >>> flux = digs.add_noise(simulator([[10.5, -0.4, 0.6, 1.6, -0.9]]), torch.Generator().manual_seed(1))
        >>> found = grid.posterior(flux, draws=1000, seed=1)
        >>> found.draws.shape, bool(found.effective > 800)
        (torch.Size([1, 1000, 5]), True)
    """

    def __init__(
        self,
        simulator: Simulator | FixedColumns,
        prior: Prior,
        noise: float,
        sigma: Literal["model", "given"] = "model",
    ):
        if not hasattr(simulator, "names"):
            raise DigsError(f"The simulator is of type '{type(simulator).__name__}'; give a digs.Simulator().")
        self.noise = inputs.real_number(noise, "The noise", 1e-4)
        if self.noise > _LARGEST_NOISE:
            raise DigsError(
                f"The noise is {self.noise:g}; give a fraction of the flux of {_LARGEST_NOISE:g} at most, 0.05 for 5%."
            )
        if sigma not in ("model", "given"):
            raise DigsError(f"The sigma is {sigma!r}; give 'model' or 'given'.")
        if simulator.names[: len(NAMES)] != NAMES[: len(simulator.names)] or len(simulator.names) < _FEWEST:
            raise DigsError(
                f"A grid is over the first {_FEWEST} or more of {', '.join(NAMES)}, and what may follow; this "
                f"simulator has {', '.join(simulator.names)}."
            )
        _check_prior(prior, simulator)
        self.simulator, self.prior, self.sigma = simulator, prior, sigma
        with torch.no_grad():
            self.nodes = Nodes.of(make_templates(simulator, prior, self.noise), prior)
        inner, self._whole = with_all_columns(simulator)
        self._spectra = CompiledSpectra(inner) if CompiledSpectra.takes(inner) else None
        self._log_prior = -torch.log(prior.high - prior.low).sum().item()

    @calculating
    def posterior(
        self,
        flux: Any,
        draws: int = 1000,
        seed: int = 0,
        sigma: Any = None,
        ids: Sequence[int | str] | None = None,
        effective: float | None = None,
    ) -> GridPosterior:
        """Return weighted draws from the posteriors of spectra.

        What a galaxy gets depends on the seed and the galaxy alone, to the bit, in whatever batch. A spectrum that no
        model makes has few effective draws, one or none: look at `effective` before you believe what you get.

        Args:
            flux: F_lambda of N galaxies on the simulator's pixels, shape (N, pixels) or (pixels,).
            draws: how many of each posterior.
            seed: from 0 to 2^63 - 1.
            sigma: where it is given: of each pixel, of the shape and unit of flux; inf in gaps.
            ids: of the galaxies, as of digs.Posterior.sample.
            effective: how many of the draws are to be effective, fewer than draws; a galaxy is then simulated more
                often, 64 times as often as usual at most. By default it is not looked at.
        Raises:
            DigsError: an argument is not one of these.
        """
        draws, seed = inputs.draws_wanted(draws), inputs.seed(seed)
        flux, sigma = self._observed(flux, sigma)
        if effective is not None and not 0 < inputs.real_number(effective, "The effective number", 0.0) < draws:
            raise DigsError(f"The effective number of draws is {effective:g}; give one above 0 and below {draws}.")
        keys = galaxy_keys(np.concatenate([flux, sigma], 1).astype(np.float32), ids)
        if not len(flux):
            empty = torch.empty(0, dtype=torch.float64)
            return GridPosterior(
                torch.empty(0, draws, len(self.prior.low), dtype=torch.float64), empty.reshape(0, draws), empty, empty
            )
        if effective is None:
            return _posterior(self._sample(flux, sigma, seed, "try 0", keys, draws, 1.0, False))
        return self._refined(flux, sigma, seed, keys, draws, effective)

    def _refined(
        self, flux: np.ndarray, sigma: np.ndarray, seed: int, keys: list[bytes], draws: int, effective: float
    ) -> GridPosterior:
        """Draws of which so many are effective, if any of the tries has as many; else those of the best try."""
        found, best = np.empty(len(flux), dtype=object), np.zeros(len(flux))
        rows = np.arange(len(flux))
        for number, (power, careful, times) in enumerate(_TRIES):
            own = [keys[row] for row in rows]
            sample = self._sample(flux[rows], sigma[rows], seed, f"try {number}", own, times * draws, power, careful)
            if times > 1:
                sample = sample.fewer(draws, [stream(seed, f"grid fewer {number}", key).random() for key in own])
            share = sample.effective_share
            for row, one, reached in zip(rows, sample.each(), share, strict=True):
                if reached > best[row]:
                    found[row], best[row] = one, reached
            rows = rows[share < effective / draws]
            if not len(rows):
                break
        return _posterior(Sample.together(found))

    def _sample(
        self,
        flux: np.ndarray,
        sigma: np.ndarray,
        seed: int,
        purpose: str,
        keys: list[bytes],
        draws: int,
        power: float,
        careful: bool,
    ) -> Sample:
        """Draws with weights, a block of galaxies at a time."""
        size = max(1, _AT_ONCE // draws)
        parts = []
        for rows in (slice(first, first + size) for first in range(0, len(flux), size)):
            given, streams = (flux[rows], sigma[rows]), [stream(seed, f"grid {purpose}", key) for key in keys[rows]]
            proposal = propose(self.nodes, *given, np.full(len(streams), power), streams, draws, careful)
            log_likelihood = log_likelihoods(*given, self.noise, self._models(proposal.theta))
            parts.append(Sample.weighted(proposal, log_likelihood + self._log_prior - proposal.log_density))
        return Sample.together(parts)

    def _models(self, theta: np.ndarray) -> np.ndarray:
        """Spectra, (G, draws, n), of theta, (G, draws, D + 2); each galaxy's to the bit the same in any company."""
        if self._spectra is not None:
            rows = self._whole(theta.reshape(-1, theta.shape[2]))
            return self._spectra(rows).numpy().reshape(*theta.shape[:2], -1)
        return np.stack([self.simulator(each).float().cpu().numpy() for each in theta])

    def _observed(self, flux: Any, sigma: Any) -> tuple[np.ndarray, np.ndarray]:
        """Checked fluxes and sigmas, float64, (N, n) both, or (N, 0) where the noise is that of the model."""
        if (sigma is None) != (self.sigma == "model"):
            wanted = "comes without sigmas" if self.sigma == "model" else "wants the sigma of each pixel"
            raise DigsError(f"A grid with sigma='{self.sigma}' {wanted}.")
        if sigma is None:
            flux = check_flux(flux, self.simulator.instrument.wavelength).astype(float)
            return flux, np.empty((len(flux), 0))
        flux, sigma = (
            np.atleast_2d(inputs.read_tensor(each, name).double().cpu().numpy())
            for each, name in ((flux, "The spectra"), (sigma, "The sigmas"))
        )
        if flux.shape != sigma.shape or flux.shape[1:] != (self.simulator.pixels,):
            raise DigsError(
                f"The spectra have shape {flux.shape}, their sigmas {sigma.shape}; make both (galaxies, "
                f"{self.simulator.pixels})."
            )
        gaps = np.isinf(sigma)
        flux = np.where(gaps, 0.0, flux)
        bad = ~(np.isfinite(flux) & (sigma > 0))
        if bad.any():
            row, pixel = np.argwhere(bad)[0]
            raise DigsError(
                f"Galaxy {row} has the flux {flux[row, pixel]:g} and the sigma {sigma[row, pixel]:g} at pixel {pixel}; "
                "give finite fluxes and positive sigmas, inf in gaps."
            )
        if (gaps.sum(1) > self.simulator.pixels - 5).any():
            row = int((gaps.sum(1) > self.simulator.pixels - 5).argmax())
            raise DigsError(f"Galaxy {row} has fewer than 5 pixels that are no gaps; leave it out.")
        return flux, sigma


def _check_prior(prior: Any, simulator: Simulator | FixedColumns) -> None:
    """Refuse a prior that is none, has no volume, or reaches to where the simulator makes no spectra."""
    if not isinstance(prior, Prior):
        raise DigsError(f"The prior is of type '{type(prior).__name__}'; give a digs.physics.Prior.")
    if prior.low.shape != prior.high.shape or prior.low.ndim != 1:
        raise DigsError(
            f"The prior's ends have the shapes {tuple(prior.low.shape)} and {tuple(prior.high.shape)}; give one number "
            f"for each of the {len(simulator.names)} parameters."
        )
    if len(prior.low) != len(simulator.names):
        raise DigsError(f"The prior is of {len(prior.low)} parameters, the simulator has {len(simulator.names)}.")
    domain = simulator.domain.double().cpu()
    for name, low, high, least, most in zip(simulator.names, prior.low, prior.high, *domain, strict=True):
        if not (torch.isfinite(low) and torch.isfinite(high) and low < high):
            raise DigsError(f"The prior of {name} is from {low:g} to {high:g}; give a lower and a higher number.")
        if not least <= low < high <= most:
            raise DigsError(
                f"The prior of {name} is from {low:g} to {high:g}, the simulator's spectra are from {least:g} to "
                f"{most:g}; give a prior inside that."
            )


def _posterior(sample: Sample) -> GridPosterior:
    return GridPosterior(
        *(torch.as_tensor(part) for part in (sample.theta, sample.log_weight, sample.log_evidence, sample.error))
    )

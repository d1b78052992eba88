"""Reference posteriors: brute force on a grid first, rounds of a mixture where that is not enough.

Each posterior is sampled twice, with other random numbers, which the rules compare (digs.diagnostics.benchmark.rules).
Where a rule is broken both halves are made again by mixture rounds, with twice as many draws in each further attempt.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digs.base.random_streams import galaxy_keys, stream
from digs.base.statistics import QUANTILES, resample_systematically, weighted_quantiles
from digs.config.stages.benchmark_settings import BenchmarkSettings
from digs.config.theta import NAMES
from digs.diagnostics.benchmark.rules import MEASURES, broken, measured, normalised, together
from digs.exact.brute_force.grid import Grid
from digs.exact.mixture_rounds import Rounds, WeightedDraws, mixture_rounds
from digs.exact.pixel_density import PixelDensity
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_HALVES = 2
_TRUSTED = 100  # effective draws of a grid, from which mixture rounds start; with fewer they start from the prior
_FINE = 0.6  # the noise that a grid is made for is at most this share of the data's


@dataclass(frozen=True)
class Reference:
    """One posterior.

    draws: equally weighted, (m, 5), in random order; repeats: how often the one that is there most often is.
    quantiles: at QUANTILES, of all weighted draws, (quantiles, 5).
    log_evidence, log_evidence_error, effective: of all weighted draws.
    attempts: of mixture rounds, 0 where the grid is enough.
    measures: as of rules.measured.
    """

    draws: np.ndarray
    repeats: int
    quantiles: np.ndarray
    log_evidence: float
    log_evidence_error: float
    effective: float
    attempts: int
    measures: np.ndarray

    def row(self) -> np.ndarray:
        """Return all of it as one row of numbers."""
        few = [self.repeats, self.log_evidence, self.log_evidence_error, self.effective, self.attempts]
        return np.concatenate([self.measures, few, self.quantiles.ravel(), self.draws.ravel()])

    @classmethod
    def of_row(cls, row: np.ndarray) -> "Reference":
        """Return what a row holds."""
        measures, few, rest = np.split(row, [len(MEASURES), len(MEASURES) + 5])
        table = rest.reshape(-1, len(NAMES))
        repeats, log_evidence, error, effective, attempts = few
        return cls(
            table[len(QUANTILES) :],
            int(repeats),
            table[: len(QUANTILES)],
            float(log_evidence),
            float(error),
            float(effective),
            int(attempts),
            measures,
        )


class ReferenceSampler:
    """What makes reference posteriors, each the same to the bit in any company.

    Args:
        simulator: of delayed-tau galaxies, one that CompiledSpectra takes.
        prior: of theta.
        fraction: of the noise in units of the model's flux, where no sigmas are given.
        settings: how many draws, of what, and the rules.
    """

    def __init__(self, simulator: Simulator, prior: Prior, fraction: float, settings: BenchmarkSettings):
        self.simulator, self.prior, self.fraction, self.settings = simulator, prior, fraction, settings
        self.low, self.high = prior.low.double().numpy(), prior.high.double().numpy()
        self._spectra = CompiledSpectra(simulator)
        self._grids: dict[tuple[float, bool], Grid] = {}

    def __call__(self, flux: np.ndarray, sigma: np.ndarray | None) -> list[Reference]:
        """Return the references of N spectra.

        Args:
            flux: shape (N, pixels).
            sigma: of the pixels, shape (N, pixels), inf in gaps; None where the noise is a fraction of the model.
        """
        keys = galaxy_keys(flux if sigma is None else np.concatenate([flux, sigma], 1))
        halves = [self.weighted(flux, sigma, self.settings.half, self.settings.seed + half) for half in range(_HALVES)]
        found = []
        for row, (key, *pair) in enumerate(zip(keys, *halves, strict=True)):
            density = self.density(flux[row], None if sigma is None else sigma[row])
            found.append(self._reference(pair, density, key))
        return found

    def weighted(self, flux: np.ndarray, sigma: np.ndarray | None, draws: int, seed: int) -> list[WeightedDraws]:
        """Return so many weighted draws of each of N posteriors, from grids as fine as the noise is low."""
        found = np.empty(len(flux), dtype=object)
        fineness = self._fineness(flux, sigma)
        for noise in np.unique(fineness):
            rows = np.flatnonzero(fineness == noise)
            grid = self._grid(float(noise), sigma is not None)
            sample = grid.posterior(flux[rows], draws, seed, None if sigma is None else sigma[rows])
            for row, theta, log_weight in zip(rows, sample.draws.numpy(), sample.log_weight.numpy(), strict=True):
                found[row] = WeightedDraws(theta, log_weight)
        return list(found)

    def density(self, flux: np.ndarray, sigma: np.ndarray | None) -> PixelDensity:
        """Return the density of one galaxy, of pixels (pixels,)."""
        return PixelDensity(self._spectra, self.prior, flux, self.fraction if sigma is None else sigma)

    def _fineness(self, flux: np.ndarray, sigma: np.ndarray | None) -> np.ndarray:
        """The noise that each galaxy's grid is made for, (N,)."""
        if sigma is None:
            return np.full(len(flux), self.fraction)
        seen = np.isfinite(sigma)
        ratio = np.nanmedian(np.where(seen, flux, np.nan) / sigma, axis=1)
        grids = np.sort(self.settings.grids)
        # the coarsest that is fine enough, or the finest
        return grids[(grids[None] <= _FINE / ratio[:, None]).sum(1).clip(min=1) - 1]

    def _grid(self, noise: float, given: bool) -> Grid:
        if (noise, given) not in self._grids:
            self._grids[noise, given] = Grid(self.simulator, self.prior, noise, "given" if given else "model")
        return self._grids[noise, given]

    def _reference(self, halves: Sequence[WeightedDraws], density: PixelDensity, key: bytes) -> Reference:
        settings, start, attempts = self.settings, halves, 0
        measures = measured(halves, self.low, self.high)
        while broken(measures, settings.rules) and attempts < settings.attempts:
            attempts += 1
            halves = [
                self._by_mixture(density, one, attempts, stream(settings.seed, f"half {half} of {attempts}", key))
                for half, one in enumerate(start)
            ]
            measures = measured(halves, self.low, self.high)
        both = together(halves)
        chosen = resample_systematically(both.log_weight, settings.draws, stream(settings.seed, "chosen", key))
        return Reference(
            draws=both.draws[chosen],
            repeats=int(np.unique(chosen, return_counts=True)[1].max()),
            quantiles=weighted_quantiles(both.draws, normalised(both.log_weight)),
            log_evidence=both.log_evidence,
            log_evidence_error=both.log_evidence_error,
            effective=both.effective,
            attempts=attempts,
            measures=measures,
        )

    def _by_mixture(
        self, density: PixelDensity, first: WeightedDraws, attempt: int, random: np.random.Generator
    ) -> WeightedDraws:
        """Draws by mixture rounds, which start from others where these are worth it."""
        given = self.settings.mixture
        rounds = Rounds(**given.model_dump() | {"draws": given.draws * 2 ** (attempt - 1)})
        start = (density.phi(first.draws), first.log_weight) if first.effective > _TRUSTED else None
        found = mixture_rounds(density, density.low, density.high, self.settings.half / 2, random, start, rounds)
        return replace(found, draws=density.theta(found.draws))

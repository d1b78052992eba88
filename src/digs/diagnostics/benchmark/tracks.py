"""The benchmark as it is stored: spectra, what is known of them, and draws of their exact posteriors."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from digs.base import inputs, paths
from digs.base.errors import DigsError
from digs.base.statistics import QUANTILES
from digs.config.model import PriorRanges
from digs.config.theta import NAMES
from digs.diagnostics.benchmark.stored_draws import from_steps
from digs.exact.brute_force.weights import log_likelihoods
from digs.files.product import Product, read_product
from digs.files.schemas.benchmark_schema import BENCHMARK
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.noise import FRACTION
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

TRACKS = tuple(BENCHMARK)

_AT_ONCE = 20_000  # spectra, to bound memory


@dataclass(frozen=True)
class Track:
    """N spectra and their exact posteriors.

    name: of the track, one of TRACKS.
    flux: in erg/s/cm^2/Angstrom, (N, pixels), float32, 0 in gaps.
    sigma: of the noise, of the shape and unit of flux, inf in gaps; None where it is a fraction of the model's flux.
    theta: of the galaxies, (N, 5); None where no model makes the spectra.
    draws: of the posteriors, equally weighted, (N, draws, 5), float64.
    quantiles: of the posteriors, at levels, (N, levels, 5).
    log_evidence, log_evidence_error: (N,) each, in nat, for fluxes in the unit of flux.
    effective: how many weighted draws there were, (N,).
    prior: of theta, whose density is in the evidence.
    levels: of the quantiles.
    fraction: of the noise, where there is no sigma.

    Example:
        >>> from digs.diagnostics.benchmark import load_track
        >>> track = load_track("k22")
        >>> track.draws.shape
        (2000, 500, 5)
        >>> track.of_galaxies([3, 1]).flux.shape
        (2, 138)
    """

    name: str
    flux: np.ndarray
    sigma: np.ndarray | None
    theta: np.ndarray | None
    draws: np.ndarray
    quantiles: np.ndarray
    log_evidence: np.ndarray
    log_evidence_error: np.ndarray
    effective: np.ndarray
    prior: Prior
    levels: tuple[float, ...] = QUANTILES
    fraction: float = FRACTION

    def of_galaxies(self, rows: Any) -> "Track":
        """Return the track of some galaxies alone, by their row numbers, a mask or a slice.

        Raises:
            DigsError: there are no such rows.
        """
        try:
            chosen = np.atleast_1d(np.arange(len(self.flux))[rows if isinstance(rows, slice) else np.asarray(rows)])
        except (IndexError, TypeError, ValueError):
            chosen = np.empty(0)
        if chosen.ndim != 1 or not len(chosen):
            raise DigsError(
                f"Track {self.name} has no such rows; give numbers from 0 to {len(self.flux) - 1}, a mask of "
                f"{len(self.flux)} truth values, or a slice, that name one galaxy or more."
            )
        per_galaxy = {
            field.name: getattr(self, field.name)[chosen]
            for field in fields(self)
            if isinstance(getattr(self, field.name), np.ndarray)
        }
        return replace(self, **per_galaxy)

    def log_likelihood(self, draws: Any) -> np.ndarray:
        """Return ln L of theta by the exact simulator, shape (N, m); -inf where that makes no spectrum.

        Args:
            draws: theta, shape (N, m, 5).
        Raises:
            DigsError: they have another shape, or are no numbers.
        """
        draws = inputs.read_tensor(draws, "The draws").detach().double().cpu().numpy()
        if draws.ndim != 3 or draws.shape[0] != len(self.flux) or not draws.shape[1] or draws.shape[2] != len(NAMES):
            raise DigsError(
                f"The draws have shape {draws.shape}, not ({len(self.flux)}, 1 or more, {len(NAMES)}); order the last "
                f"axis as {', '.join(NAMES)}."
            )
        simulator = Simulator()
        spectra, (low, high) = CompiledSpectra(simulator), simulator.domain.numpy()
        sigma = np.empty((len(self.flux), 0)) if self.sigma is None else self.sigma.astype(float)
        found = np.full(draws.shape[:2], -np.inf)
        at_once = max(1, _AT_ONCE // max(1, draws.shape[1]))
        for first in range(0, len(draws), at_once):
            rows = slice(first, first + at_once)
            theta = draws[rows].reshape(-1, draws.shape[2])
            known = ((theta >= low) & (theta <= high)).all(1)
            models = spectra(np.where(known[:, None], theta, (low + high) / 2)).numpy()
            models = models.reshape(*draws[rows].shape[:2], -1)
            log_likelihood = log_likelihoods(self.flux[rows].astype(float), sigma[rows], self.fraction, models)
            found[rows] = np.where(known.reshape(log_likelihood.shape), log_likelihood, -np.inf)
        return found


def track_file(name: str, folder: Path = paths.DATA) -> Path:
    """Return where a track is stored.

    Raises:
        DigsError: there is no such track.
    """
    if name not in TRACKS:
        raise DigsError(f"There is no track '{name}'; choose from: {', '.join(TRACKS)}.")
    return Path(folder) / f"benchmark_{name}.h5"


def load_track(name: str, folder: Path = paths.DATA) -> Track:
    """Read a track of the benchmark.

    Args:
        name: one of TRACKS.
        folder: in which the products lie.
    Raises:
        DigsError: there is no such track, or its file is missing, damaged or of other levels.

    Example:
        >>> import digs
        >>> track = digs.load_track("noise")
        >>> track.sigma.shape, len(track.of_galaxies(track.effective > 7000).flux) > 500
        ((1000, 138), True)
    """
    path = track_file(name, folder)
    product = read_product(path, BENCHMARK[name])
    levels, fraction, prior = _attributes(product, path)
    sigma = product.arrays.get("sigma")
    return Track(
        name=name,
        flux=product["flux"],
        sigma=None if sigma is None else np.where(sigma > 0, sigma, np.inf),
        theta=product.arrays.get("theta"),
        draws=from_steps(product["center"], product["axes"], product["steps"].swapaxes(1, 2)),
        prior=prior,
        levels=levels,
        fraction=fraction,
        **{key: product[key] for key in ("quantiles", "log_evidence", "log_evidence_error", "effective")},
    )


def _attributes(product: Product, path: Path) -> tuple[tuple[float, ...], float, Prior]:
    """The levels of the quantiles, the fraction of the noise, and the prior."""
    try:
        levels = tuple(map(float, product.attributes["levels"]))
        fraction = float(product.attributes["parameters"]["noise"]["fraction"])
        prior = Prior.over(PriorRanges(**product.attributes["parameters"]["prior"]))
    except (KeyError, TypeError, ValueError):
        raise DigsError(f"{paths.shown(path)} lacks its levels, noise or prior; fetch it again.") from None
    if len(levels) != product["quantiles"].shape[1]:
        raise DigsError(f"{paths.shown(path)} has {len(levels)} levels, but other quantiles; fetch it again.")
    return levels, fraction, prior

"""Posteriors that say whether to believe them: the network's where no warning light is on, exact ones where one is."""

import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.config.model import Walk
from digs.config.theta import NAMES
from digs.exact.best_fit import best_fit
from digs.exact.converged_chains import exact_chains
from digs.inference.lights import WarningLights, any_of, lit
from digs.inference.predictive import STARTS, promising
from digs.physics.spectra import check_flux

TRUSTED, REFITTED, OUTSIDE = VERDICTS = ("trusted", "refitted", "outside the model")


AT_ONCE = 100  # galaxies
REFITS_AT_ONCE = 60  # galaxies
REFIT = Walk(ensembles=4, walkers=32, burn_in=500, steps=3000, thin=10, r_hat=1.01, sample_size=1000, extensions=2)


@dataclass(frozen=True)
class Inference:
    """Posteriors of N galaxies and what they rest on.

    draws: of theta, shape (N, draws, 5): the network's where the verdict is "trusted", those of converged chains where
        it is "refitted", nan where it is "outside the model", which no posterior of this model describes.
    verdict: one of VERDICTS for each galaxy, shape (N,).
    lights: which warning lights are on, by name, shape (N,) each.
    statistics: what the lights look at, and `best_fit_probability`, `r_hat` (the largest) and `sample_size` (the
        smallest of the five parameters'), nan where nothing was fitted; shape (N,) each.
    """

    draws: np.ndarray
    verdict: np.ndarray
    lights: dict[str, np.ndarray]
    statistics: dict[str, np.ndarray]


@cache
def _warning_lights() -> WarningLights:
    return WarningLights()


def _checked(flux: Tensor | np.ndarray, pixels: int) -> Tensor:
    try:
        array = flux.detach().cpu().numpy() if isinstance(flux, Tensor) else np.asarray(flux)
    except ValueError:  # rows of different lengths
        raise DigsError(
            f"The spectra differ in length; resample all of them to the network's {pixels} pixels."
        ) from None
    if array.ndim not in (1, 2):
        raise DigsError(f"The spectra have {array.ndim} axes; make them of shape (galaxies, {pixels}).")
    return torch.as_tensor(check_flux(array, pixels)).to(torch.get_default_dtype())


def infer(flux: Tensor | np.ndarray, draws: int = 1000, seed: int = 0) -> Inference:
    """Posteriors of galaxies, with a verdict on each.

    The network draws from all posteriors. Where a warning light (digs.warning_lights) is on, the exact model is fitted:
    if its best fit is rejected, or leaves a light of the data on, the galaxy is outside the model; else chains with the
    exact likelihood replace the network's draws. The rate of false alarms, 1% as tracked, bounds how many galaxies of
    the model take the seconds that chains need.

    Args:
        flux: F_lambda in erg/s/cm^2/Angstrom on the network's pixels, shape (N, pixels) or (pixels,), with the noise
            that the network was trained for.
        draws: how many of each posterior. seed: the same one gives the same draws.
    Raises:
        DigsError: flux has the wrong shape, or values that are not finite or not positive; draws is not positive.
    """
    if draws < 1:
        raise DigsError(f"{draws} draws were asked for; ask for 1 or more.")
    lights = _warning_lights()
    observer, judge, posterior = lights.observer, lights.judge, lights.observer.posterior
    flux = _checked(flux, len(posterior.record.wavelength))
    kept = np.empty((len(flux), draws, len(NAMES)))
    statistics = {name: np.empty(len(flux)) for name in judge.thresholds}
    starts = torch.empty(len(flux), STARTS, len(NAMES), dtype=torch.float64)
    for start in progress(range(0, len(flux), AT_ONCE), quiet=len(flux) <= AT_ONCE, desc="Posteriors", unit="part"):
        rows = slice(start, start + AT_ONCE)
        look = observer.look(flux[rows], seed + start, draws)
        kept[rows] = look.draws[:, :draws].numpy()
        starts[rows] = promising(look.draws, look.examined.chi_squared).double()
        for name, values in look.statistics.items():
            statistics[name][rows] = values
    on = lit(statistics, judge.thresholds)
    verdict = np.full(len(flux), TRUSTED, dtype=object)
    statistics |= {name: np.full(len(flux), np.nan) for name in ("best_fit_probability", "r_hat", "sample_size")}
    flagged = np.flatnonzero(any_of(on))
    if len(flagged):
        prior, fraction = posterior.flow.prior, posterior.record.noise_fraction
        fit = best_fit(observer.simulator, prior, flux[flagged], fraction, starts[flagged])
        outside = judge.outside(fit)
        statistics["best_fit_probability"][flagged] = judge.probability(fit)
        verdict[flagged] = np.where(outside, OUTSIDE, REFITTED)
        kept[flagged[outside]] = np.nan
        _replace(flagged[~outside], flux, kept, statistics, seed)
    return Inference(kept, verdict.astype(str), on, statistics)


def _replace(
    galaxies: np.ndarray, flux: Tensor, kept: np.ndarray, statistics: dict[str, np.ndarray], seed: int
) -> None:
    """Put draws of chains in the place of the network's, for some galaxies."""
    settings, observer = REFIT, _warning_lights().observer
    posterior = observer.posterior
    for first in range(0, len(galaxies), REFITS_AT_ONCE):
        some = galaxies[first : first + REFITS_AT_ONCE]
        start = posterior.sample(flux[some], settings.ensembles * settings.walkers, seed + first)
        prior, fraction, draws = posterior.flow.prior, posterior.record.noise_fraction, kept.shape[1]
        random = np.random.default_rng(seed + first)
        chains = exact_chains(
            observer.simulator, prior, flux[some], fraction, start, draws, settings, seed + first, random, "Refitting"
        )
        kept[some] = chains.draws
        statistics["r_hat"][some] = chains.r_hat.max(1)
        statistics["sample_size"][some] = chains.sample_size.min(1)
        if not chains.converged.all():
            rows = ", ".join(map(str, some[~chains.converged]))
            warnings.warn(f"The chains of galaxies {rows} have not converged; see r_hat and sample_size.", stacklevel=3)

"""Posteriors that say whether to believe them: the network's where no warning light is on, exact ones where one is."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base import inputs
from digs.base.join import join_rows
from digs.base.progress import announce
from digs.base.random_streams import read_ids, stream
from digs.base.statistics import resample_systematically
from digs.base.torch_state import building, calculating
from digs.config.theta import NAMES
from digs.exact.best_fit import best_fit
from digs.exact.brute_force.grid import Grid
from digs.inference.batches import in_batches
from digs.inference.lights import Look, WarningLights, any_of, lit
from digs.inference.posterior import NoPosteriorError
from digs.inference.predictive import STARTS, promising
from digs.physics.spectra import read_flux

TRUSTED, REFITTED, OUTSIDE = VERDICTS = ("trusted", "refitted", "outside the model")


FITTED = ("best_fit_probability", "effective")  # statistics of what was fitted


AT_ONCE = 100  # galaxies
REFITS_AT_ONCE = 20  # galaxies
CANDIDATES, EFFECTIVE = 4, 2  # weighted draws for each one of a refit, and how many of them are to be effective


@dataclass(frozen=True)
class Inference:
    """Posteriors of N galaxies and what they rest on.

    draws: of theta, shape (N, draws, 5): the network's where the verdict is "trusted", exact ones where it is
        "refitted", nan where it is "outside the model", which no posterior of this model describes.
    verdict: one of VERDICTS for each galaxy, shape (N,).
    reason: why it is not trusted, in a few words, shape (N,); empty where it is.
    lights: which warning lights are on, by name, shape (N,) each; none where there was nothing to look at.
    statistics: what the lights look at, and FITTED: the best fit's probability, and the effective number of weighted
        draws that those of a refit were chosen from; nan where nothing was looked at or fitted; shape (N,) each.
    sps_label: of the stellar populations behind all of it.

    Example:
        >>> import digs
        >>> found = digs.infer([float("nan")] * 138, draws=10)
        >>> found.verdict.tolist(), found.draws.shape
        (['outside the model'], (1, 10, 5))
    """

    draws: np.ndarray
    verdict: np.ndarray
    reason: np.ndarray
    lights: dict[str, np.ndarray]
    statistics: dict[str, np.ndarray]
    sps_label: str


@cache
def _warning_lights() -> WarningLights:
    with building():
        return WarningLights()


@calculating
def infer(flux: Any, draws: int = 1000, seed: int = 0, ids: Sequence[int | str] | None = None) -> Inference:
    """Return posteriors of galaxies, with a verdict on each.

    The network draws from all posteriors. Where a warning light (digs.inference.lights) is on, the exact model is
    fitted: if its best fit is rejected, or leaves a light of the data on, the galaxy is outside the model; else exact
    draws, by brute force (digs.exact.Grid), replace the network's: some seconds the first time, and a fraction of a
    second a galaxy.

    A spectrum that is masked, not finite or not positive anywhere, or so far from all of the model that the network has
    no posterior, is outside the model, too. It changes nothing for the other galaxies.

    Verdict and draws of a galaxy depend on the seed and the galaxy alone, refitted or not: to the bit on the same CPU,
    number of threads and draws, in whatever batch and order. Galaxies with the same data get the same draws, unless
    their ids differ.

    Args:
        flux: F_lambda on the network's pixels, whose wavelengths are in vacuum (Posterior.wavelength), with the noise
            that the network was trained for, shape (N, pixels) or (pixels,): whatever Posterior.sample takes.
        draws: how many of each posterior, 1 or more.
        seed: from 0 to 2^63 - 1; the same one gives the same draws.
        ids: of the galaxies, N whole numbers or strings, which their random numbers depend on instead of the data.
    Raises:
        DigsError: draws or seed is no such number, or ids are not such; flux has the wrong shape, a unit that cannot be
            converted, or holds no numbers.

    Example:
        >>> import digs, torch
        >>> flux = digs.Simulator()([[10.5, -0.4, 0.6, 1.6, -0.9], [9.5, 0.1, 0.2, 5.0, 0.3]])
        >>> noisy = digs.add_noise(flux, torch.Generator().manual_seed(1))
        >>> noisy[1, 60] = 1e20  # a fill value
        >>> found = digs.infer(noisy, draws=50, seed=1)
        >>> found.verdict.tolist()
        ['trusted', 'outside the model']
        >>> found.draws.shape
        (2, 50, 5)
    """
    draws, seed = inputs.draws_wanted(draws), inputs.seed(seed)
    lights = _warning_lights()
    observer, judge = lights.observer, lights.judge
    given = read_flux(flux, observer.posterior.wavelength)
    flux, faults = torch.from_numpy(given.flux).to(torch.float32, copy=True), dict(given.faults)
    flux[list(faults)] = observer.typical
    ids = None if ids is None else read_ids(ids, len(flux))
    kept = np.empty((len(flux), draws, len(NAMES)))
    statistics = {name: np.empty(len(flux)) for name in judge.thresholds}
    starts = torch.empty(len(flux), STARTS, len(NAMES), dtype=torch.float64)
    for rows in in_batches(len(flux), AT_ONCE, "Posteriors"):
        look = _look(flux, rows, draws, seed, faults, ids)
        kept[rows] = look.draws[:, :draws].numpy()
        starts[rows] = promising(look.draws, look.examined.chi_squared).double()
        for name, values in look.statistics.items():
            statistics[name][rows] = values
    statistics |= {name: np.full(len(flux), np.nan) for name in FITTED}
    verdict, reason = np.full(len(flux), TRUSTED, dtype=object), np.full(len(flux), "", dtype=object)
    for row, fault in faults.items():
        verdict[row], reason[row], kept[row] = OUTSIDE, fault, np.nan
        for values in statistics.values():
            values[row] = np.nan
    on = lit(statistics, judge.thresholds)
    flagged = np.flatnonzero(any_of(on))
    if len(flagged):
        prior, fraction = observer.posterior.flow.prior, observer.posterior.record.noise_fraction
        # one by one, as rounding depends on what is computed together
        each = ((flux[[row]], starts[[row]]) for row in flagged)
        fit = join_rows([best_fit(observer.simulator, prior, one, fraction, start) for one, start in each])
        outside = judge.outside(fit)
        statistics["best_fit_probability"][flagged] = judge.probability(fit)
        verdict[flagged] = np.where(outside, OUTSIDE, REFITTED)
        reason[flagged] = [_reason(row, on, no_fit) for row, no_fit in zip(flagged, outside, strict=True)]
        kept[flagged[outside]] = np.nan
        _replace(flagged[~outside], flux, kept, statistics, seed, ids)
    label = _warning_lights().observer.simulator.sps_label
    return Inference(kept, verdict.astype(str), reason.astype(str), on, statistics, label)


def _look(
    flux: Tensor, rows: slice, draws: int, seed: int, faults: dict[int, str], ids: list[int | str] | None
) -> Look:
    """Look at a batch. A galaxy that the network has no posterior for is a fault, and a typical one takes its place."""
    observer = _warning_lights().observer
    try:
        return observer.look(flux[rows], seed, draws, None if ids is None else ids[rows])
    except NoPosteriorError as error:
        for row in error.rows:
            faults[rows.start + row] = "a spectrum so far from all of the model that the network has no posterior"
            flux[rows.start + row] = observer.typical
        return _look(flux, rows, draws, seed, faults, ids)


def _reason(row: int, on: dict[str, np.ndarray], no_fit: bool) -> str:
    lights = "lights on: " + ", ".join(name for name, where in on.items() if where[row])
    return f"no fit of the model is good enough; {lights}" if no_fit else lights


@cache
def _grid() -> Grid:
    announce("digs.infer sets up exact posteriors, once: some seconds.")
    observer = _warning_lights().observer
    with building():
        return Grid(observer.simulator, observer.posterior.flow.prior, observer.posterior.record.noise_fraction)


def _replace(
    galaxies: np.ndarray,
    flux: Tensor,
    kept: np.ndarray,
    statistics: dict[str, np.ndarray],
    seed: int,
    ids: list[int | str] | None,
) -> None:
    """Put draws of exact posteriors in the place of the network's, for some galaxies."""
    draws, posterior = kept.shape[1], _warning_lights().observer.posterior
    for part in in_batches(len(galaxies), REFITS_AT_ONCE, "Refits"):
        some = galaxies[part]
        of_some = None if ids is None else [ids[row] for row in some]
        found = _grid().posterior(flux[some], CANDIDATES * draws, seed, ids=of_some, effective=EFFECTIVE * draws)
        statistics["effective"][some] = found.effective.numpy()
        keys = posterior.keys(flux[some], of_some)
        for row, key, theta, log_weight in zip(some, keys, found.draws, found.log_weight, strict=True):
            chosen = resample_systematically(log_weight.numpy(), draws, stream(seed, "refit", key))
            kept[row] = theta[chosen].numpy()
    few = galaxies[statistics["effective"][galaxies] < draws]
    if len(few):
        warnings.warn(
            f"The exact posterior of {inputs.named(few)} rests on fewer effective draws than asked for; see "
            "statistics['effective'].",
            stacklevel=4,
        )

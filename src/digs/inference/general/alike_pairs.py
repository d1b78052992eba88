r"""Pairs of galaxies that are observed alike, made without their spectra.

A network sees linear functions of a spectrum alone (digs.inference.general.wiener_summary). With K their weights in the
pixels, its level among them, and A the model's matrix, a galaxy with the amounts g of shapes and lines, mass M, has

    K d = M [ K A g + \sum_j s l_j e_j K L_j + \sum_k a_k e_k K T_k m + f \sum_w e_w K W_w m + z e_z K m' ] + K n

with the noise n and standard normal e. Calibration and floor multiply the strong shapes of m, and the calibration its
lines as well. All terms are one matrix of some hundred columns, computed once; K n has a covariance of the size of K.

The level must be 1. It is where M = (1 - e_0) / (level of the bracket), e_0 being that of the noise. As the prior is
uniform in ln M, a pair counts in proportion to d ln M / d level = 1 / (1 - e_0).
"""

from dataclasses import dataclass, replace

import numpy as np

from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.nuisances import calibration_modes, relative_modes
from digs.exact.normal.scatter import COARSE
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.spectrographs import random_sight
from digs.inference.general.wiener_summary import Sight, WienerSummary, in_pixels, within
from digs.physics.linear.linear_model import LinearModel

FLOOR_SHAPES = 8  # which hold the continuum to some percent; the floor is of 1%


_FAINTEST = 0.05  # 1 - e_0, below which a spectrum has no level


@dataclass(frozen=True)
class WayToObserve:
    """A way to observe, and what pairs need of it.

    columns: what galaxies' amounts and errors are multiplied by, shape (columns, 1 + components), float32: shapes and
        all lines, the scatter of lines, calibration (mode by shape), floor (window by shape), and redshift if it errs.
    noise: lower factor of the covariance of what the noise adds, shape (1 + components, 1 + components), float32.
    start, spread, facts: of the summary.
    at_lines: the calibration's modes at all lines, relative, shape (modes, lines).
    line_scatter: of each line, relative, shape (lines,).
    floor: how many windows there are.
    logdispersion: log10 of the galaxies' dispersion in km/s.
    redshift: of the galaxies.
    """

    columns: np.ndarray
    noise: np.ndarray
    start: np.ndarray
    spread: np.ndarray
    facts: np.ndarray
    at_lines: np.ndarray
    line_scatter: np.ndarray
    floor: int
    logdispersion: float
    redshift: float


def random_alike(
    components: GalaxyComponents, moments: CoefficientMoments, random: np.random.Generator
) -> tuple[WayToObserve, Sight, LinearModel]:
    """Return a random way to observe, with the sight and the model that it stands for; the noise is in levels."""
    flat, logdispersion = random_sight(random)
    sight = in_levels(flat, components, random.random())
    return alike(sight, logdispersion, components, moments)


def in_levels(flat: Sight, components: GalaxyComponents, steepness: float) -> Sight:
    """Return what is observed with the noise in units of the level of a typical galaxy.

    Args:
        flat: with the noise relative to the galaxy, where `steepness` is 1, or relative to its median, where it is 0.
        components: whose typical galaxy it is.
        steepness: of the noise with the flux.
    """
    flat = within(flat, components)
    _, response = in_pixels(flat, components)
    typical = np.abs(response @ np.median(components.pool, axis=0)) + 1e-300
    shape = np.full(len(flat.sigma), np.inf)
    shape[flat.seen] = typical**steepness * np.median(typical) ** (1 - steepness)
    return replace(flat, sigma=np.where(flat.seen, flat.sigma * shape, np.inf))


def alike(
    sight: Sight, logdispersion: float, components: GalaxyComponents, moments: CoefficientMoments
) -> tuple[WayToObserve, Sight, LinearModel]:
    """Return what pairs need of a way to observe, whose noise is in units of the level.

    Args:
        sight: how galaxies are observed.
        logdispersion: log10 of their dispersion in km/s.
        components: that the network sees.
        moments: which say what lines are strong.
    """
    summary = WienerSummary.of(sight, components)
    seen = sight.seen
    model = LinearModel.of(sight.instrument, sight.redshift, 10**logdispersion)
    matrix = model.matrix[seen] / np.abs(model.matrix[seen, 0]).mean()
    shapes, lines = moments.shapes, moments.luminosity.shape[1]
    rest, nuisances = model.wavelength[seen], sight.nuisances
    weights = np.concatenate([summary.typical[None], summary.weights])
    through = np.zeros((shapes + lines, len(weights)))
    through[np.append(np.arange(shapes), shapes + model.lines)] = (weights @ matrix).T
    strong = np.zeros(lines)
    strong[model.lines] = moments.strong(model.lines) * nuisances.lines
    smooth = calibration_modes(nuisances, rest, rest)
    calibration = [(weights * mode) @ matrix[:, :COARSE] for mode in smooth.T]
    at_lines = np.zeros((smooth.shape[1], lines))
    at_lines[:, model.lines] = calibration_modes(nuisances, rest, model.line_wavelength).T
    windows = relative_modes(replace(nuisances, calibration=0.0, modes=0), rest).tocsc()
    each = np.stack([windows.T @ (weights * shape).T for shape in matrix[:, :FLOOR_SHAPES].T], 1)
    used = np.flatnonzero(np.diff(windows.indptr))
    parts = [through, through[shapes:], *(part.T for part in calibration), each[used].reshape(-1, len(weights))]
    if sight.redshift_error:
        change = np.gradient(matrix, np.log(rest), axis=0) * (-sight.redshift_error / (1 + sight.redshift))
        parts.append(np.zeros_like(through))
        parts[-1][np.append(np.arange(shapes), shapes + model.lines)] = (weights @ change).T
    spoilt = weights * sight.sigma[seen]
    covariance = spoilt @ spoilt.T
    covariance[np.diag_indices_from(covariance)] *= 1 + 1e-7
    found = WayToObserve(
        columns=np.concatenate(parts).astype(np.float32),
        noise=np.linalg.cholesky(covariance).astype(np.float32),
        start=summary.start.astype(np.float32),
        spread=summary.spread.astype(np.float32),
        facts=summary.facts.astype(np.float32),
        at_lines=at_lines.astype(np.float32),
        line_scatter=strong.astype(np.float32),
        floor=len(used),
        logdispersion=logdispersion,
        redshift=sight.redshift,
    )
    return found, sight, model


def amounts_and_weights(
    one: WayToObserve, galaxies: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the summary's amounts, (N, components), and how much each pair counts, (N,), 0 where there is no level.

    Args:
        one: how they are observed.
        galaxies: amounts of shapes and lines in galaxies of one solar mass, shape (N, shapes + lines), float32.
        random: source of random numbers.
    """
    number, modes = len(galaxies), len(one.at_lines)
    shapes = galaxies.shape[1] - len(one.line_scatter)
    coarse, luminosity = galaxies[:, :COARSE], galaxies[:, shapes:]
    of_lines = random.standard_normal((number, len(one.line_scatter)), dtype=np.float32) * one.line_scatter
    of_modes = random.standard_normal((number, modes), dtype=np.float32)
    of_lines += of_modes @ one.at_lines
    of_windows = random.standard_normal((number, one.floor), dtype=np.float32)
    parts = [
        galaxies,
        of_lines * luminosity,
        (of_modes[:, :, None] * coarse[:, None]).reshape(number, -1),
        (of_windows[:, :, None] * coarse[:, None, :FLOOR_SHAPES]).reshape(number, -1),
    ]
    if sum(part.shape[1] for part in parts) < len(one.columns):
        parts.append(random.standard_normal((number, 1), dtype=np.float32) * galaxies)
    signal = np.concatenate(parts, 1) @ one.columns
    noise = random.standard_normal((number, len(one.noise)), dtype=np.float32) @ one.noise.T
    left = 1 - noise[:, 0]
    fair = (left > _FAINTEST) & (signal[:, 0] > 0)
    mass = np.where(fair, left, 1) / np.where(fair, signal[:, 0], 1)
    return one.start + mass[:, None] * signal[:, 1:] + noise[:, 1:], np.where(fair, 1 / left.clip(_FAINTEST), 0.0)

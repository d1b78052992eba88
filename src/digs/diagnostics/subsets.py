"""Where posteriors fail: bias, spread and coverage of galaxies of one kind.

Kinds are told by traits, functions of theta: age, dust, metallicity, the distance to the nearest end of the prior, and
how far H-alpha stands out of a noiseless spectrum. Which theta decides what one may expect:

- `estimate`, the posterior's median, is a function of the data: an exact posterior is calibrated in every subset.
- `truth` is not: where truths are chosen, even an exact posterior is biased, towards where more of the prior lies.
- `expected` takes a draw of each posterior for the truth, in choosing and in measuring. It is what one finds by `truth`
  if the posterior is exact, as the draw and the data then have the joint distribution of the truth and the data.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import stats

from digs.base.errors import DigsError
from digs.base.statistics import NAMED_LEVELS, bootstrap_rows, with_error
from digs.config.theta import NAMES, index
from digs.diagnostics.ranks import coverage, probability_integral
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

SELECTIONS = ("truth", "expected", "estimate")


TESTED = ("truth", "estimate")  # that p-values are for


SUMMARIES = ("bias", "z_mean", "z_spread", *NAMED_LEVELS)


LEAST = 20  # galaxies that say anything


_CONTINUUM = (2, 3)  # pixels from a line, on either side


def line_excess(flux: np.ndarray, wavelength: np.ndarray, line: float) -> np.ndarray:
    """Flux of the pixel nearest to a line over the mean of pixels beside it, less 1, shape (N,): above 0 in emission.

    Args:
        flux: noiseless F_lambda, shape (N, pixels). wavelength, line: Angstrom.
    """
    place = int(np.argmin(np.abs(wavelength - line)))
    beside = [place + side * step for side in (-1, 1) for step in _CONTINUUM]
    return flux[:, place] / flux[:, beside].mean(1) - 1


def traits(theta: np.ndarray, simulator: Simulator, prior: Prior, line: float) -> dict[str, np.ndarray]:
    """What subsets are told by, shape (N,) each, of theta, shape (N, 5).

    edge: the distance to the nearest end of the prior, in units of its range. line: line_excess.
    """
    theta = torch.as_tensor(theta)
    unit = prior.to_unit(theta).numpy()
    columns = {name: theta[:, index(name)].numpy() for name in ("tage", "dust2", "logzsol")}
    with torch.no_grad():
        flux = simulator(theta).numpy()
    return columns | {
        "edge": np.minimum(unit, 1 - unit).min(1),
        "line": line_excess(flux, np.asarray(simulator.wavelength), line),
    }


@dataclass(frozen=True)
class Judged:
    """How posteriors did by one set of truths, each of shape (galaxies, parameters).

    residual: mean less truth, as the mean, unlike the median, has no bias where the posterior is exact. z: the same in
    standard deviations. rank: of the truth, out of so many draws.
    """

    residual: np.ndarray
    z: np.ndarray
    rank: np.ndarray
    draws: int

    @property
    def probability(self) -> np.ndarray:
        return probability_integral(self.rank, self.draws)

    def summaries(self, rows: np.ndarray) -> np.ndarray:
        """SUMMARIES of some galaxies, shape (summaries, parameters)."""
        inside = coverage(self.rank[rows], self.draws, np.array(list(NAMED_LEVELS.values()))).T
        return np.stack([self.residual[rows].mean(0), self.z[rows].mean(0), self.z[rows].std(0), *inside])

    def summaries_and_errors(self, rows: np.ndarray, resampled: int, seed: int) -> np.ndarray:
        """The same with standard errors from resampling galaxies, shape (2, summaries, parameters).

        Raises:
            DigsError: fewer than LEAST galaxies.
        """
        if len(rows) < LEAST:
            raise DigsError(
                f"A subset has {len(rows)} galaxies, fewer than {LEAST}; raise validation.spectra or move the ends of "
                "validation.subsets in params.yaml."
            )
        random = np.random.default_rng(seed)
        again = [self.summaries(random.choice(rows, len(rows))) for _ in range(resampled)]
        return np.stack([self.summaries(rows), np.std(again, 0)])

    def compared(self, half_width: np.ndarray, young: np.ndarray, old: np.ndarray, resampled: int) -> dict[str, Any]:
        """Widths and scatter of two groups of galaxies, with p-values of equal scatter and of equal ranks.

        Args:
            half_width: shape (galaxies, parameters). young, old: row numbers.
        """
        groups = {"young": young, "old": old}
        ranked = same_p_value(*(self.probability[rows] for rows in groups.values()))
        scattered = same_spread_p_value(*(self.residual[rows] for rows in groups.values()))
        result: dict[str, Any] = {"galaxies": {group: len(rows) for group, rows in groups.items()}}
        for place, name in enumerate(NAMES):
            result[name] = {"scatter_p_value": float(scattered[place]), "ranks_p_value": float(ranked[place])}
            for group, rows in groups.items():
                again = bootstrap_rows(len(rows), resampled, place)
                result[name][group] = {
                    "half_width": with_error(half_width[rows, place], np.median, again),
                    "scatter": with_error(self.residual[rows, place], np.std, again),
                }
        return result


def bins(values: np.ndarray, ends: list[float]) -> list[np.ndarray]:
    """Row numbers of the galaxies below the first end, between ends, and from the last on."""
    place = np.digitize(values, ends)
    return [np.flatnonzero(place == number) for number in range(len(ends) + 1)]


def same_p_value(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kolmogorov-Smirnov p-values of columns with the same distribution, shape (parameters,)."""
    return np.array([stats.ks_2samp(*columns).pvalue for columns in zip(first.T, second.T, strict=True)])


def same_spread_p_value(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """p-values of columns with the same scatter (Brown and Forsythe 1974), shape (parameters,)."""
    return np.array([stats.levene(*columns, center="median").pvalue for columns in zip(first.T, second.T, strict=True)])

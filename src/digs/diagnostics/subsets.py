"""Where posteriors fail: bias, spread and coverage of galaxies of one kind.

Kinds are told by traits, functions of theta: age, dust, metallicity, the distance to the nearest end of the prior, and
how far H-alpha stands out of a noiseless spectrum. Which theta decides what one may expect:

- `estimate`, the posterior's median, is a function of the data: an exact posterior is calibrated in every subset.
- `truth` is not: where truths are chosen, even an exact posterior is biased, towards where more of the prior lies.
- `expected` takes a draw of each posterior for the truth, in choosing and in measuring. It is what one finds by `truth`
  if the posterior is exact, as the draw and the data then have the joint distribution of the truth and the data.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy import stats

from digs.base.statistics import bootstrap_rows, with_error
from digs.config.theta import NAMES, index
from digs.diagnostics.deviations import Deviations
from digs.diagnostics.mocks import MockPosteriors
from digs.diagnostics.ranks import uniformity_p_value
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

SELECTIONS = ("truth", "expected", "estimate")


TESTED = ("truth", "estimate")  # that p-values are for


_CONTINUUM = (2, 3)  # pixels from a line, on either side


def line_excess(flux: np.ndarray, wavelength: np.ndarray, line: float) -> np.ndarray:
    """Return the flux of the pixel nearest to a line over the mean beside it, less 1, shape (N,): above 0 in emission.

    Args:
        flux: noiseless F_lambda, shape (N, pixels).
        wavelength, line: Angstrom.
    """
    place = int(np.argmin(np.abs(wavelength - line)))
    beside = [place + side * step for side in (-1, 1) for step in _CONTINUUM]
    return flux[:, place] / flux[:, beside].mean(1) - 1


def traits(theta: np.ndarray, simulator: Simulator, prior: Prior, line: float) -> dict[str, np.ndarray]:
    """Return what subsets are told by, shape (N,) each, of theta, shape (N, 5).

    edge: the distance to the nearest end of the prior, in units of its range.
    line: line_excess.
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


def bins(values: np.ndarray, ends: list[float]) -> list[np.ndarray]:
    """Return the row numbers of the galaxies below the first end, between ends, and from the last on."""
    place = np.digitize(values, ends)
    return [np.flatnonzero(place == number) for number in range(len(ends) + 1)]


def same_p_value(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return Kolmogorov-Smirnov p-values of columns having the same distribution, shape (parameters,)."""
    return np.array([stats.ks_2samp(*columns).pvalue for columns in zip(first.T, second.T, strict=True)])


def same_spread_p_value(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return p-values of columns having the same scatter (Brown and Forsythe 1974), shape (parameters,)."""
    return np.array([stats.levene(*columns, center="median").pvalue for columns in zip(first.T, second.T, strict=True)])


def compare_groups(
    deviations: Deviations, half_width: np.ndarray, groups: Mapping[str, np.ndarray], resampled: int
) -> dict[str, Any]:
    """Return widths and scatter of two groups of galaxies, with p-values of equal scatter and of equal ranks.

    Args:
        half_width: of the posteriors, shape (galaxies, parameters).
        groups: row numbers of each, by name.
        resampled: how often, for the errors.
    """
    ranked = same_p_value(*(deviations.probability[rows] for rows in groups.values()))
    scattered = same_spread_p_value(*(deviations.residual[rows] for rows in groups.values()))
    result: dict[str, Any] = {"galaxies": {group: len(rows) for group, rows in groups.items()}}
    for place, name in enumerate(NAMES):
        result[name] = {"scatter_p_value": float(scattered[place]), "ranks_p_value": float(ranked[place])}
        for group, rows in groups.items():
            again = bootstrap_rows(len(rows), resampled, place)
            result[name][group] = {
                "half_width": with_error(half_width[rows, place], np.median, again),
                "scatter": with_error(deviations.residual[rows, place], np.std, again),
            }
    return result


def in_subsets(
    mocks: MockPosteriors,
    draws: int,
    simulator: Simulator,
    prior: Prior,
    ends: Mapping[str, list[float]],
    line: float,
    resampled: int,
    seed: int,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return what subsets of mock galaxies show, and how young and old galaxies compare.

    Args:
        mocks: galaxies with posteriors, by so many draws.
        ends: between subsets, of each trait that they are told by; `tage` tells young from old.
        line: of the trait of this name, Angstrom.
        resampled: how often, for the errors; seed: of that.
    Returns:
        arrays by SELECTIONS and subset: `subset`, its SUMMARIES and their errors; `subset_p_value` by TESTED;
        `subset_galaxies`, how many there are. And, by selection, what compare_groups says of young and old.
    """
    of_truth, of_draw = mocks.deviations(draws), mocks.deviations_of_draw(draws)
    deviations = {"truth": of_truth, "expected": of_draw, "estimate": of_truth}
    theta = {"truth": mocks.truth, "expected": mocks.draw, "estimate": mocks.median}
    rows = {}
    for selection in SELECTIONS:
        values = traits(theta[selection], simulator, prior, line)
        rows[selection] = {trait: bins(values[trait], each) for trait, each in ends.items()}
    flat = {selection: [each for subsets in rows[selection].values() for each in subsets] for selection in SELECTIONS}
    by_truth = [
        same_p_value(of_truth.probability[real], of_draw.probability[expected])
        for real, expected in zip(flat["truth"], flat["expected"], strict=True)
    ]
    by_estimate = [uniformity_p_value(of_truth.rank[each], draws) for each in flat["estimate"]]
    arrays = {
        "subset": np.array(
            [
                [deviations[selection].summaries_and_errors(each, resampled, seed) for each in subsets]
                for selection, subsets in flat.items()
            ]
        ),
        "subset_p_value": np.array([by_truth, by_estimate]),
        "subset_galaxies": np.array([[len(each) for each in subsets] for subsets in flat.values()]),
    }
    ages = {
        selection: compare_groups(
            deviations[selection], mocks.half_width, {"young": by["tage"][0], "old": by["tage"][-1]}, resampled
        )
        for selection, by in rows.items()
    }
    return arrays, ages

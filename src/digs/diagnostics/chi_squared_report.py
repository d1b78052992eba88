"""Is chi-squared of many spectra distributed as it should be?"""

from typing import Any

import numpy as np
from scipy import stats

from digs.base.statistics import with_error


def chi_squared_report(chi: dict[str, np.ndarray], pixels: int, resampled: np.ndarray) -> dict[str, Any]:
    """Return the mean of each chi-squared, and what the distributions are against those expected.

    Args:
        chi: of each galaxy, shape (galaxies,): at the `truth`, at `one_draw` of the posterior, its mean over `weighted`
            draws, at the `best_fit`, and any others.
        pixels: of a spectrum.
        resampled: rows of galaxies, for the errors.
    """
    measured: dict[str, Any] = {name: {"mean": with_error(values, np.mean, resampled)} for name, values in chi.items()}
    parameters = {  # two ways to count them
        "rise": with_error(chi["weighted"] - chi["best_fit"], np.mean, resampled),
        "missing": with_error(pixels - chi["best_fit"], np.mean, resampled),
    }
    freedom = {"truth": pixels, "one_draw": pixels, "best_fit": pixels - parameters["rise"]["value"]}
    for name, degrees in freedom.items():
        measured[name] |= {
            "freedom": float(degrees),
            "uniform_p_value": float(stats.kstest(chi[name], "chi2", args=(degrees,)).pvalue),
            "beyond_one_in_a_thousand": with_error(stats.chi2.sf(chi[name], degrees) < 1e-3, np.mean, resampled),
        }
    return {"measured": measured, "parameters": parameters}

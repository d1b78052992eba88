"""What a code finds in one galaxy, in quantities that all codes have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from digs.base.statistics import weighted_quantiles

DELAYED, BINNED, BAGPIPES, PPXF = "digs", "digs, binned", "Bagpipes", "pPXF"  # codes, in the order of tables
PERCENTILES = (16.0, 50.0, 84.0)
QUANTITIES = {
    "logmass": "log10 of the stellar mass formed, in solar masses",
    "log_surviving_mass": "log10 of the mass of living stars and remnants, in solar masses",
    "age": "age averaged over the mass formed, in Gyr",
    "logzsol": "log10 of the stars' metallicity, in units of the Sun's as each code has it",
    "dust2": "optical depth of dust at 5500 Angstrom",
    "dispersion": "velocity dispersion of the stars, in km/s",
}


@dataclass(frozen=True)
class CodeAnswer:
    """The draws of one code, and its best fit.

    draws: in the order of QUANTITIES, shape (draws, quantities).
    weight: of the draws, which add up to 1, shape (draws,).
    model: the best fit, F_lambda in the galaxy's pixels, shape (pixels,).
    parameters: how many were fitted.

    Example:
        >>> import numpy as np
        >>> from digs.inference.other_codes.code_answer import CodeAnswer, QUANTITIES
        >>> draws = np.linspace(0, 1, 101)[:, None] * np.ones(len(QUANTITIES))
        >>> answer = CodeAnswer(draws, np.full(101, 1 / 101), np.ones(50), 6)
        >>> answer.percentiles()["age"][1], round(answer.plain(40.0, 50)["probability"], 2)
        (0.5, 0.6)
    """

    draws: np.ndarray
    weight: np.ndarray
    model: np.ndarray
    parameters: int

    @classmethod
    def of(
        cls, draws: Mapping[str, np.ndarray], weight: np.ndarray, model: np.ndarray, parameters: int
    ) -> "CodeAnswer":
        """Return the answer whose draws are given by the names of QUANTITIES, shape (draws,) each."""
        columns = np.stack([np.asarray(draws[name], float) for name in QUANTITIES], 1)
        return cls(columns, weight / weight.sum(), model, parameters)

    def percentiles(self) -> dict[str, list[float]]:
        """Return the 16th, 50th and 84th percentile of each quantity."""
        found = weighted_quantiles(self.draws, self.weight, tuple(each / 100 for each in PERCENTILES))
        return {name: found[:, place].tolist() for place, name in enumerate(QUANTITIES)}

    def plain(self, chi_squared: float, pixels: int) -> dict[str, Any]:
        """Return what JSON keeps.

        Args:
            chi_squared: of the best fit, under the errors that all codes share.
            pixels: that count.
        """
        return {
            "chi_squared": chi_squared,
            "parameters": self.parameters,
            "probability": float(chi2.sf(chi_squared, max(pixels - self.parameters, 1))),
            "percentiles": self.percentiles(),
        }

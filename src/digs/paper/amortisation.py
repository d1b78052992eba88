"""What inference costs: the arithmetic of amortisation, and what Khullar et al. (2022) say of their costs.

Amortised inference pays once for training and little for every galaxy; MCMC pays for every galaxy. With one MCMC fit
costing m seconds, training t and one NPE posterior p, NPE is the cheaper from t / (m - p) galaxies on, and it infers
m / p galaxies in the time of one fit, or (m - t) / p if training is to be paid from that time as well.
"""

import math
from dataclasses import dataclass

import numpy as np

from digs.base import paths
from digs.base.benchmark import spread

TIMING = paths.DATA / "timing.json"


HOUR = 3600.0


@dataclass(frozen=True)
class Amortisation:
    """An amortised method: seconds of training, and of one galaxy's posterior after it, many at a time."""

    training_seconds: float
    npe_seconds: float

    def break_even(self, mcmc_seconds: float) -> float:
        """Return how many galaxies make training and NPE as dear as fits of mcmc_seconds each; infinite if none do."""
        saved = mcmc_seconds - self.npe_seconds
        return self.training_seconds / saved if saved > 0 else math.inf

    def galaxies_per_fit(self, mcmc_seconds: float, count_training: bool) -> float:
        """Return how many galaxies NPE infers in the time of one fit, training paid from that time or not."""
        return max(0.0, (mcmc_seconds - self.training_seconds * count_training) / self.npe_seconds)


def compare_with_fits(
    fit_seconds: np.ndarray, training_seconds: np.ndarray, npe_seconds: np.ndarray
) -> dict[str, dict[str, float]]:
    """Return the spread of what NPE is worth in fits, from the seconds of each, turn by turn."""
    turns = [
        (Amortisation(training, npe), fit)
        for training, npe, fit in zip(training_seconds, npe_seconds, fit_seconds, strict=True)
    ]
    return {
        "galaxies_per_fit": spread(np.array([npe.galaxies_per_fit(fit, False) for npe, fit in turns])),
        "galaxies_per_fit_with_training": spread(np.array([npe.galaxies_per_fit(fit, True) for npe, fit in turns])),
        "break_even": spread(np.array([npe.break_even(fit) for npe, fit in turns])),
    }

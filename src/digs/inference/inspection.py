"""Many spectra under the warning lights and under best fits, and what both say of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from digs.base.join import join_rows
from digs.base.statistics import bootstrap_rows, proportion, with_error
from digs.config.theta import NAMES
from digs.exact.best_fit import BestFit, best_fit
from digs.inference.batches import in_batches
from digs.inference.lights import Judge, Observer, Statistics, any_of, lit
from digs.inference.predictive import promising
from digs.physics.prior import Prior

AT_ONCE = 500  # galaxies
_LEAST = 20  # galaxies whose bias is worth a number


@dataclass(frozen=True)
class Inspection:
    """What is known of N spectra: the lights' statistics, best fits, and quantiles of the network's posteriors.

    quantiles: at 16, 50 and 84%, shape (N, 3, 5).
    """

    statistics: Statistics
    fit: BestFit
    quantiles: np.ndarray

    def detected(self, judge: Judge) -> np.ndarray:
        """Return whether any light is on, shape (N,)."""
        return any_of(lit(self.statistics, judge.thresholds))

    def shares(self, judge: Judge) -> dict[str, Any]:
        """Return what the lights and the best fits say, as shares of all spectra, unless the name says of which."""
        detected, rejected = self.detected(judge), judge.rejects(self.fit)
        return {
            "detected": proportion(detected),
            "rejected": proportion(rejected),
            "detected_of_rejected": proportion(detected[rejected]),
            "outside": proportion(detected & judge.outside(self.fit)),
            "lights": {name: proportion(on) for name, on in lit(self.statistics, judge.thresholds).items()},
        }

    def bias(
        self, truth: np.ndarray, resampled: int, seed: int, rows: np.ndarray | slice = slice(None)
    ) -> dict[str, Any] | None:
        """Return the median bias of the posteriors' medians, in half-widths; None where there are hardly any galaxies.

        Args:
            truth: shape (N, 5).
            resampled: how often galaxies are, for the errors; seed: of that.
            rows: the galaxies that count.
        """
        truth = truth[rows]
        if len(truth) < _LEAST:
            return None
        low, median, high = self.quantiles[rows].swapaxes(0, 1)
        off = 2 * (median - truth) / (high - low)
        again = bootstrap_rows(len(truth), resampled, seed)
        return {name: with_error(off[:, place], np.median, again) for place, name in enumerate(NAMES)}


class Inspector:
    """Looks at spectra, and fits them.

    Args:
        observer: looks at them with a network.
        prior, fraction: that best fits keep to, and of the noise.
        seed: of the draws.
    """

    def __init__(self, observer: Observer, prior: Prior, fraction: float, seed: int):
        self.observer, self.prior, self.fraction, self.seed = observer, prior, fraction, seed

    def __call__(self, flux: Tensor, description: str) -> Inspection:
        """Return what is known of spectra, shape (N, pixels)."""
        parts = []
        for rows in in_batches(len(flux), AT_ONCE, description):
            look = self.observer.look(flux[rows], self.seed)
            starts = promising(look.draws, look.examined.chi_squared)
            fit = best_fit(self.observer.simulator, self.prior, flux[rows], self.fraction, starts)
            quantiles = np.quantile(look.draws.numpy(), (0.16, 0.5, 0.84), axis=1).swapaxes(0, 1)
            parts.append(Inspection(look.statistics, fit, quantiles))
        return join_rows(parts)

"""What a flow that leaks out of the prior is worth: loss, widths, coverage and ranks on pairs of any origin.

Such a flow is sampled inside the prior alone, and its posterior is its density there over its share inside. Both losses
are kept: that of the flow, which its training makes small, and that of the posterior, which is smaller.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from digs.base.statistics import mean_and_error, value_and_error
from digs.diagnostics.calibration_report import coverage_and_widths
from digs.diagnostics.ranks import coverage, rank_cdf, ranks


@dataclass(frozen=True)
class BoxedPosteriors:
    """Draws for N spectra and the truths: draws, (N, draws, 5), share of the flow inside the prior, truth, (N, 5)."""

    draws: np.ndarray
    share: np.ndarray
    truth: np.ndarray

    @property
    def rank(self) -> np.ndarray:
        """Return the ranks of the truths, (N, 5)."""
        return ranks(self.draws, self.truth)

    @property
    def half_width(self) -> np.ndarray:
        """Return half of what lies between the 16th and the 84th percentile, (N, 5)."""
        low, high = np.quantile(self.draws, (0.16, 0.84), axis=1)
        return (high - low) / 2

    def curves(self, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distribution function of the ranks and the coverage at levels, (5, levels) each."""
        return tuple(each(self.rank, self.draws.shape[1], level) for each in (rank_cdf, coverage))

    def report(self, resampled: np.ndarray) -> dict[str, Any]:
        """Return coverage, half-widths and uniformity of ranks by parameter, and the flow's mean share inside."""
        numbers = coverage_and_widths(self.rank, self.half_width, self.draws.shape[1], resampled)
        share = torch.as_tensor(self.share)
        return {"parameters": numbers, "share_inside": mean_and_error(share)}


def losses(log_q: torch.Tensor, share: np.ndarray) -> dict[str, dict[str, float]]:
    """Return means of -ln q and their errors, of the flow over all pairs, and of the posterior.

    Args:
        log_q: of the flow at the truths, (pairs,).
        share: of the flow inside the prior, for some of the pairs' spectra or others like them, (N,).
    """
    flow, correction = mean_and_error(-log_q.double()), mean_and_error(torch.as_tensor(np.log(share)))
    posterior = flow["value"] + correction["value"]
    return {"flow": flow, "posterior": value_and_error(posterior, np.hypot(flow["error"], correction["error"]))}

"""What error bars in units of the data's flux, instead of the model's, change of exact posteriors."""

import numpy as np
import torch
from torch import Tensor

from digs.base.statistics import QUANTILES, efficiency, ratio_and_shift, reweighted_quantiles
from digs.exact.likelihood import PosteriorDensity
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


def change_by_fixed_sigma(
    simulator: Simulator, prior: Prior, draws: np.ndarray, flux: Tensor, fraction: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the ratio of half-widths, the shift of medians, and the effective share of the draws that tell them.

    Args:
        draws: of chains, shape (N, draws, 5), which are weighted for the other noise.
        flux: shape (N, pixels).
        fraction: of the noise.
    Returns:
        as of ratio_and_shift, shape (N, 5) each, and shape (N,).
    """
    theta = torch.as_tensor(draws).flatten(0, 1)
    data, model = (PosteriorDensity(simulator, prior, flux, fraction, sigma)(theta) for sigma in ("data", "model"))
    # draws that single precision has put just outside the prior have no weight
    log_weight = (data - model).nan_to_num(nan=-torch.inf).reshape(draws.shape[:2])
    after = reweighted_quantiles(draws, log_weight)
    before = np.quantile(draws, QUANTILES, axis=1, method="inverted_cdf").swapaxes(0, 1)
    return *ratio_and_shift(after, before), efficiency(log_weight).numpy()

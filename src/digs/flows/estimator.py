"""sbi's conditional density estimators: building them, and their density."""

from sbi.neural_nets import posterior_nn
from sbi.neural_nets.estimators import ConditionalDensityEstimator
from torch import Tensor

from digs.config.model import Architecture
from digs.flows.fast import maf_density as maf


def build_estimator(architecture: Architecture, theta: Tensor, context: Tensor) -> ConditionalDensityEstimator:
    """Return an untrained estimator.

    Args:
        theta: examples in the coordinates of the estimator, shape (N, 5), to standardise them by.
        context: examples of what it is conditioned on, which is left as it is.
    Raises:
        NotImplementedError: sbi knows no such density estimator.
    """
    layers, width = architecture.hidden_layers, architecture.hidden_features
    zuko = architecture.density_estimator.startswith("zuko")
    options = {"hidden_features": [width] * layers} if zuko else {"hidden_features": width, "num_blocks": layers}
    if architecture.num_bins is not None:
        options["num_bins"] = architecture.num_bins
    build = posterior_nn(
        architecture.density_estimator,
        num_transforms=architecture.num_transforms,
        z_score_x="none",  # of the context
        **options,
    )
    return build(theta, context)


def log_prob(estimator: ConditionalDensityEstimator, theta: Tensor, context: Tensor) -> Tensor:
    """Return ln q(theta | context), shape (..., N), of theta, shape (..., N, 5), and contexts, shape (N, features)."""
    if maf.is_maf(estimator):
        return maf.log_prob(estimator, theta, context)
    return estimator.log_prob(theta.reshape(-1, *theta.shape[-2:]), context).reshape(theta.shape[:-1])

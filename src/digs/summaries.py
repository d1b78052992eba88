"""Widths of posteriors from draws or chains, with their sampling errors, and how two posteriors differ."""

from dataclasses import dataclass

import numpy as np
import torch

from digs.artifacts import Product
from digs.calibration import QUANTILES
from digs.priors import NAMES, Prior

_BOOTSTRAP = 400
_LOW, _MEDIAN, _HIGH = (QUANTILES.index(each) for each in (0.16, 0.5, 0.84))


def half_width(theta: np.ndarray) -> np.ndarray:
    """Half the distance between the 16th and the 84th percentile of theta, (draws, parameters); shape (parameters,)."""
    low, high = np.percentile(theta, (16, 84), axis=0)
    return (high - low) / 2


def half_width_and_error(theta: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """half_width and its standard error, each of shape (parameters,).

    Args:
        theta: shape (groups, draws, parameters). Groups are resampled whole, so that the draws of one group, such as
            the walk of one emcee walker, may be correlated.
    """
    groups = len(theta)
    random = np.random.default_rng(seed)
    again = [
        half_width(theta[random.integers(groups, size=groups)].reshape(-1, theta.shape[2])) for _ in range(_BOOTSTRAP)
    ]
    return half_width(theta.reshape(-1, theta.shape[2])), np.std(again, axis=0)


def weighted_quantiles(
    theta: np.ndarray, weight: np.ndarray, probabilities: tuple[float, ...] = QUANTILES
) -> np.ndarray:
    """Of weighted draws, shapes (draws, parameters) and (draws,); shape (probabilities, parameters)."""
    columns = [np.quantile(column, probabilities, weights=weight, method="inverted_cdf") for column in theta.T]
    return np.stack(columns, 1)


def reweighted_quantiles(draws: np.ndarray, log_weight: torch.Tensor) -> np.ndarray:
    """At QUANTILES, shape (N, quantiles, parameters), of weighted draws of N galaxies, (N, draws, parameters)."""
    weight = torch.softmax(log_weight, 1).numpy()
    return np.stack([weighted_quantiles(*each) for each in zip(draws, weight, strict=True)])


def ratio_and_shift(quantiles: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How posteriors differ from reference ones, both given by QUANTILES, shape (galaxies, quantiles, parameters).

    Returns:
        the ratio of half-widths, and the difference of medians in units of the reference's half-width, each of shape
        (galaxies, parameters).
    """
    width, reference_width = ((each[:, _HIGH] - each[:, _LOW]) / 2 for each in (quantiles, reference))
    return width / reference_width, (quantiles[:, _MEDIAN] - reference[:, _MEDIAN]) / reference_width


def mean_and_error(values: torch.Tensor) -> dict[str, float]:
    """The mean of independent values, shape (N,), and its standard error."""
    return {"value": values.mean().item(), "error": (values.std() / len(values) ** 0.5).item()}


def grouped(draws: np.ndarray, groups: int = 100) -> np.ndarray:
    """Independent draws, shape (n, parameters), as groups for half_width_and_error; what does not fit is left out."""
    size = len(draws) // groups
    return draws[: size * groups].reshape(groups, size, -1)


@dataclass(frozen=True)
class WidthComparison:
    """Half-widths of one posterior by NPE and by MCMC, with standard errors, each of shape (parameters,)."""

    npe: np.ndarray
    npe_error: np.ndarray
    mcmc: np.ndarray
    mcmc_error: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        return self.npe / self.mcmc

    @property
    def ratio_error(self) -> np.ndarray:
        return self.ratio * np.hypot(self.npe_error / self.npe, self.mcmc_error / self.mcmc)


def compare_widths(draws: np.ndarray, chain: np.ndarray) -> WidthComparison:
    """Compare independent draws, shape (n, parameters), with walks, shape (walkers, steps, parameters)."""
    return WidthComparison(*half_width_and_error(grouped(draws)), *half_width_and_error(chain))


def best_visited(chains: Product) -> np.ndarray:
    """The point of highest posterior density that the walkers of the product CHAINS visited, shape (parameters,)."""
    return chains["theta"].reshape(-1, len(NAMES))[chains["log_prob"].argmax()]


def best_draw(theta: np.ndarray, log_prob: np.ndarray) -> np.ndarray:
    """The draw of highest density in the unbounded coordinates that the flow learns, shape (parameters,).

    In theta itself the density of a flow grows without limit at the prior's edges, wherever it falls more slowly in z
    than the Jacobian, exp(-|z|), so that its highest draw may be any that lies close to an edge.

    Args:
        theta: shape (draws, parameters). log_prob: density in theta, shape (draws,).
    """
    prior = Prior()
    jacobian = prior.log_jacobian(prior.to_unbounded(torch.as_tensor(theta))).numpy()
    return theta[np.argmax(log_prob - jacobian)]

"""The best fits of the galaxy of Fig. 3 against its observed and its noiseless spectrum."""

from dataclasses import dataclass

import numpy as np
import torch

from digs.base import paths
from digs.base.statistics import grouped, half_width_and_error
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.product import Product, read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


@dataclass(frozen=True)
class WidthComparison:
    """Half-widths of one posterior by NPE and by MCMC, with standard errors, each of shape (parameters,)."""

    npe: np.ndarray
    npe_error: np.ndarray
    mcmc: np.ndarray
    mcmc_error: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """Return NPE's half-widths over those of MCMC, shape (parameters,)."""
        return self.npe / self.mcmc

    @property
    def ratio_error(self) -> np.ndarray:
        """Return the standard errors of the ratio, shape (parameters,)."""
        return self.ratio * np.hypot(self.npe_error / self.npe, self.mcmc_error / self.mcmc)


def compare_widths(draws: np.ndarray, chain: np.ndarray) -> WidthComparison:
    """Compare independent draws, shape (n, parameters), with walks, shape (walkers, steps, parameters)."""
    return WidthComparison(*half_width_and_error(grouped(draws)), *half_width_and_error(chain))


def best_visited(chains: Product) -> np.ndarray:
    """Return the point of highest posterior density that the walkers of CHAINS visited, shape (parameters,)."""
    return chains["theta"].reshape(-1, len(NAMES))[chains["log_prob"].argmax()]


def best_draw(prior: Prior, theta: np.ndarray, log_prob: np.ndarray) -> np.ndarray:
    """Return the draw of highest density in the unbounded coordinates that the flow learns, shape (parameters,).

    In theta itself the density of a flow grows without limit at the prior's edges, wherever it falls more slowly in z
    than the Jacobian, exp(-|z|), so that its highest draw may be any that lies close to an edge.

    Args:
        theta: shape (draws, parameters).
        log_prob: density in theta, shape (draws,).
    """
    jacobian = prior.log_jacobian(prior.to_unbounded(torch.as_tensor(theta))).numpy()
    return theta[np.argmax(log_prob - jacobian)]


def residuals(params: Params) -> dict[str, dict[str, np.ndarray]]:
    """Return |model / spectrum - 1| in percent, shape (pixels,), by method and by spectrum, `data` or `truth`.

    The methods: `npe`, the draw of highest density in the flow's coordinates; `npe_theta`, in theta; `mcmc`, the
    visited point of highest posterior density.
    """
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    posterior = read_product(paths.DATA / "galaxy_posterior.h5", GALAXY_POSTERIOR)
    best = {
        "npe": best_draw(Prior.over(params.prior), posterior["theta"], posterior["log_prob"]),
        "npe_theta": posterior["theta"][posterior["log_prob"].argmax()],
        "mcmc": best_visited(read_product(paths.DATA / "chains.h5", CHAINS)),
    }
    spectra = {"data": galaxy["noisy_flux"][0], "truth": galaxy["flux"][0]}
    simulator = Simulator()
    models = {method: simulator(torch.as_tensor(theta)[None]).numpy()[0] for method, theta in best.items()}
    return {
        method: {name: 100 * np.abs(model / flux - 1) for name, flux in spectra.items()}
        for method, model in models.items()
    }


def rms(residual: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(residual**2)))

"""Posteriors of the galaxy of Fig. 3: their half-widths, and their best fits against its observed and true spectrum."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from digs.base import paths
from digs.base.statistics import grouped, half_width_and_error
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.product import Product, read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.flows.network_files import NETWORKS
from digs.inference.posterior import FIDUCIAL, Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

SHOWN_NETWORKS = ("lookup", "exact", "fiducial")


DRAWS, SEED = 10_000, 51


SOURCES: tuple[Path, ...] = (
    paths.DATA / "galaxy.h5",
    paths.DATA / "chains.h5",
    *(NETWORKS / f"{name}.{ending}" for name in SHOWN_NETWORKS for ending in ("json", "safetensors")),
)


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
    """Return the draw of highest density in the unbounded coordinates of the prior's range, shape (parameters,).

    In theta itself the density of a flow grows without limit at the prior's edges, wherever it falls more slowly in z
    than the Jacobian, exp(-|z|), so that its highest draw may be any that lies close to an edge.

    Args:
        theta: shape (draws, parameters).
        log_prob: density in theta, shape (draws,).
    """
    jacobian = prior.log_jacobian(prior.to_unbounded(torch.as_tensor(theta))).numpy()
    return theta[np.argmax(log_prob - jacobian)]


def posterior_of_galaxy(name: str, params: Params) -> tuple[np.ndarray, np.ndarray]:
    """Return draws by a network, shape (n, parameters), and the best of them, shape (parameters,)."""
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"]
    network = Posterior.load(name)
    theta = network.sample(galaxy, DRAWS, SEED)
    draws, log_prob = theta[0].numpy(), network.log_prob(theta, galaxy)[0].numpy()
    return draws, best_draw(Prior.over(params.prior), draws, log_prob)


def chains_of_galaxy() -> tuple[np.ndarray, np.ndarray]:
    """Return draws by MCMC, shape (n, parameters), and the best point that was visited, shape (parameters,)."""
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    return chains["reference_theta"].reshape(-1, len(NAMES)), best_visited(chains)


def residuals(params: Params) -> dict[str, np.ndarray]:
    """Return |model / spectrum - 1| in percent of the best fit by `fiducial`, shape (pixels,), of `data` and `truth`.

    The best fit is the draw of highest density in unbounded coordinates.
    """
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    _, best = posterior_of_galaxy(FIDUCIAL, params)
    model = Simulator()(torch.as_tensor(best)[None]).numpy()[0]
    return {
        name: 100 * np.abs(model / galaxy[flux][0] - 1) for name, flux in (("data", "noisy_flux"), ("truth", "flux"))
    }


def rms(residual: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(residual**2)))

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
from digs.inference.posterior import Posterior
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


def posteriors_of_galaxy(params: Params) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return draws, shape (n, parameters), and the best of them, shape (parameters,), of `mcmc` and each network."""
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"]
    chains = read_product(paths.DATA / "chains.h5", CHAINS)
    draws = {"mcmc": chains["reference_theta"].reshape(-1, len(NAMES))}
    best = {"mcmc": best_visited(chains)}
    prior = Prior.over(params.prior)
    for name in SHOWN_NETWORKS:
        network = Posterior.load(name)
        theta = network.sample(galaxy, DRAWS, SEED)
        draws[name] = theta[0].numpy()
        best[name] = best_draw(prior, draws[name], network.log_prob(theta, galaxy)[0].numpy())
    return draws, best


def residuals(params: Params) -> dict[str, dict[str, np.ndarray]]:
    """Return |model / spectrum - 1| in percent, shape (pixels,), of each best fit and by spectrum, `data` or `truth`.

    The best fits are the visited point of highest posterior density, `mcmc`, and for each network the draw of highest
    density in unbounded coordinates.
    """
    galaxy = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)
    spectra, simulator = {"data": galaxy["noisy_flux"][0], "truth": galaxy["flux"][0]}, Simulator()
    models = {
        name: simulator(torch.as_tensor(theta)[None]).numpy()[0]
        for name, theta in posteriors_of_galaxy(params)[1].items()
    }
    return {
        name: {of: 100 * np.abs(model / flux - 1) for of, flux in spectra.items()} for name, model in models.items()
    }


def rms(residual: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(residual**2)))

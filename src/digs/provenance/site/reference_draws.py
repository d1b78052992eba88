"""Draws from posteriors of the galaxies that the explorer shows: by MCMC and by two networks."""

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.statistics import QUANTILES
from digs.config.model import PriorRanges
from digs.config.theta import NAMES
from digs.exact.likelihood import log_likelihood
from digs.files.product import Product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR, POSTERIORS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.posterior import FIDUCIAL, Posterior
from digs.physics.simulator import Simulator
from digs.provenance.pipeline import Pipeline
from digs.provenance.site.data_scripts import base64_of
from digs.provenance.site.stored_products import read_stored, stored_file

EVERY = 6  # galaxies of the reference, the first is shown
SHOWN = 500  # draws of each posterior
SAMPLED = 1000  # draws of the fiducial network, whose quantiles are given
SEED = 21
LEVELS = 2**16 - 1  # steps between the ends of a prior range, in which draws are stored

POPULATIONS_FILE, TEST, GALAXY, REFERENCE_FILE, CHAINS_FILE, POSTERIORS_FILE, GALAXY_POSTERIOR_FILE = (
    f"src/data/{name}.h5"
    for name in ("populations", "test", "galaxy", "reference", "chains", "posteriors", "galaxy_posterior")
)
NETWORK_FILES = tuple(f"src/data/networks/{FIDUCIAL}.{suffix}" for suffix in ("json", "safetensors"))

_INTERVAL = (0.16, 0.5, 0.84)
_PLACES = [QUANTILES.index(each) for each in _INTERVAL]


@dataclass(frozen=True)
class DrawSet:
    """Draws of the posteriors of all galaxies shown, and their quantiles.

    theta: shape (galaxies, SHOWN, 5).
    quantiles: at 0.16, 0.5 and 0.84, from all draws that there are, shape (galaxies, 3, 5).
    """

    theta: np.ndarray
    quantiles: np.ndarray


@dataclass(frozen=True)
class Reference:
    """The galaxies that the explorer shows: that of Fig. 3, then those of the reference.

    rows: of the latter in test.h5.
    galaxies: how many the reference has.
    theta: the truth, shape (galaxies, 5).
    flux: their noisy spectra, shape (galaxies, pixels).
    sets: draws by the name of the method or network.
    best: of each galaxy, which of the MCMC's draws has the highest likelihood.
    convergence: largest R-hat and smallest effective sample size of each galaxy of the reference, shape (rows, 2).
    """

    rows: range
    galaxies: int
    theta: np.ndarray
    flux: np.ndarray
    sets: dict[str, DrawSet]
    best: np.ndarray
    convergence: np.ndarray
    parameters: dict[str, Any]

    @property
    def prior(self) -> PriorRanges:
        """Return the prior of the galaxies."""
        return PriorRanges(**self.parameters["prior"])


def evenly(draws: np.ndarray) -> np.ndarray:
    """Return SHOWN of the draws, (..., draws, 5), evenly spaced from the first on.

    Raises:
        DigsError: there are fewer.
    """
    if draws.shape[-2] < SHOWN:
        raise DigsError(f"A data product has {draws.shape[-2]} draws, but the explorer shows {SHOWN}; draw more.")
    return draws[..., :: draws.shape[-2] // SHOWN, :][..., :SHOWN, :]


def _together(of_one: np.ndarray, of_others: Product, rows: range) -> DrawSet:
    """Draws of the galaxy of Fig. 3, (draws, 5), and of test galaxies, with `draws` and `quantiles`."""
    theta = np.concatenate([evenly(of_one)[None], evenly(of_others["draws"][rows])])
    quantiles = of_others["quantiles"][rows][:, _PLACES]
    return DrawSet(theta, np.concatenate([np.quantile(of_one, _INTERVAL, axis=0)[None], quantiles]))


def _of_fiducial(pipeline: Pipeline, flux: np.ndarray) -> DrawSet:
    """Draws of the fiducial network, which no data product keeps."""
    with tempfile.TemporaryDirectory() as folder:
        for file in NETWORK_FILES:  # a store keeps them under other names
            shutil.copyfile(stored_file(pipeline, file), Path(folder) / Path(file).name)
        draws = Posterior.load(FIDUCIAL, folder=folder).sample(flux, SAMPLED, SEED).numpy()
    return DrawSet(evenly(draws), np.quantile(draws, _INTERVAL, axis=1).swapaxes(0, 1))


@torch.no_grad()
def most_likely(simulator: Simulator, draws: np.ndarray, flux: np.ndarray, fraction: float) -> np.ndarray:
    """Return the place of each galaxy's draw of the highest likelihood, shape (galaxies,).

    Args:
        draws: shape (galaxies, draws, 5).
        flux: shape (galaxies, pixels).
        fraction: standard deviation of the noise in units of the model's flux.
    """
    model = simulator(draws.reshape(-1, len(NAMES))).unflatten(0, draws.shape[:2])
    return log_likelihood(torch.as_tensor(flux)[:, None], model, fraction).argmax(1).numpy()


def read_reference(pipeline: Pipeline) -> Reference:
    """Read the galaxies that are shown, with draws of MCMC, of the network of posteriors.h5 and of the fiducial one.

    Raises:
        DigsError: a data product is missing or damaged, or products hold different galaxies.
    """
    test, galaxy = (read_stored(pipeline, file, OBSERVATIONS) for file in (TEST, GALAXY))
    reference = read_stored(pipeline, REFERENCE_FILE, REFERENCE)
    posteriors = read_stored(pipeline, POSTERIORS_FILE, POSTERIORS)
    rows = range(0, len(reference["theta"]), EVERY)
    for file, product in ((REFERENCE_FILE, reference), (POSTERIORS_FILE, posteriors)):
        if not np.array_equal(product["theta"][rows], test["theta"][rows]):
            raise DigsError(f"{file} and {TEST} hold different galaxies; rebuild both with `dvc repro`.")
    flux = np.concatenate([galaxy["noisy_flux"], test["noisy_flux"][rows]])
    walks = read_stored(pipeline, CHAINS_FILE, CHAINS)["reference_theta"].reshape(-1, len(NAMES))
    of_galaxy = read_stored(pipeline, GALAXY_POSTERIOR_FILE, GALAXY_POSTERIOR)["theta"]
    sets = {
        "mcmc": _together(walks, reference, rows),
        posteriors.attributes["network"]: _together(of_galaxy, posteriors, rows),
        FIDUCIAL: _of_fiducial(pipeline, flux),
    }
    parameters = reference.attributes["parameters"]
    simulator = Simulator(path=stored_file(pipeline, POPULATIONS_FILE))
    return Reference(
        rows,
        len(reference["theta"]),
        np.concatenate([galaxy["theta"], test["theta"][rows]]),
        flux,
        sets,
        most_likely(simulator, sets["mcmc"].theta, flux, parameters["noise"]["fraction"]),
        np.stack([reference["r_hat"][rows].max(1), reference["sample_size"][rows].min(1)], 1),
        parameters,
    )


def in_levels(theta: np.ndarray, low: Sequence[float], high: Sequence[float]) -> np.ndarray:
    """Return draws of theta, (..., 5), in steps from the low to the high end of the prior, of which there are LEVELS.

    Example:
        >>> import numpy as np
        >>> in_levels(np.array([0.0, 0.5]), [0.0, 0.0], [1.0, 2.0]).tolist()
        [0, 16384]
    """
    unit = (theta - np.array(low)) / np.subtract(high, low)
    return np.round(unit * LEVELS).clip(0, LEVELS).astype(np.uint16)  # rounded draws of products overstep the ends


def draws_for_browser(reference: Reference) -> dict[str, Any]:
    """Return galaxies and draws as the explorer reads them.

    `draws` holds, set after set, the SHOWN draws of each galaxy, a parameter after the other, in steps.
    """
    low, high = zip(*(getattr(reference.prior, name) for name in NAMES), strict=True)
    stacked = np.stack([each.theta for each in reference.sets.values()])
    return {
        "low": low,
        "high": high,
        "levels": LEVELS,
        "shown": SHOWN,
        "noise": reference.parameters["noise"]["fraction"],
        "sets": list(reference.sets),
        "rows": [None, *reference.rows],
        "theta": reference.theta.tolist(),
        "best": reference.best.tolist(),
        "convergence": [None, *np.round(reference.convergence.astype(float), 4).tolist()],
        "quantiles": np.round([each.quantiles.tolist() for each in reference.sets.values()], 5).tolist(),
        "flux": base64_of(reference.flux, "f4"),
        "draws": base64_of(in_levels(stacked, low, high).swapaxes(-1, -2), "u2"),
    }

"""Stage `reference`: emcee posteriors of hundreds of test galaxies, with proof of their convergence."""

import numpy as np
import torch

from digs import csp, ensembles, likelihood, paths, simulator
from digs.artifacts import read_product, write_json, write_product
from digs.calibration import QUANTILES
from digs.cli import run
from digs.ensembles import effective_sample_size, split_r_hat, walk
from digs.flow import Posterior
from digs.likelihood import PosteriorDensity, RelativeDensity
from digs.mcmc import vectorised
from digs.params import Params, Reference, load_params
from digs.parts import SCRATCH, Parts
from digs.priors import NAMES, Prior
from digs.products import OBSERVATIONS, REFERENCE
from digs.progress import progress
from digs.simulator import default_simulator

# the rows of a finished part's array, for each galaxy: R-hat, effective sample size, quantiles, then draws
R_HAT, SAMPLE_SIZE = 0, 1
FIRST_DRAW = 2 + len(QUANTILES)


def converged(chain: np.ndarray, settings: Reference) -> tuple[np.ndarray, np.ndarray, bool]:
    """R-hat and effective sample size of one galaxy's chain, and whether they will do."""
    r_hat, size = split_r_hat(chain), effective_sample_size(chain)
    return r_hat, size, bool((r_hat <= settings.r_hat).all() and (size >= settings.sample_size).all())


def chains_in_theta(density: RelativeDensity, chain: np.ndarray) -> np.ndarray:
    phi = torch.as_tensor(chain, dtype=torch.float64).reshape(-1, len(NAMES))
    return density.theta(phi).numpy().reshape(chain.shape)


def sample(flux: torch.Tensor, params: Params, first: int) -> np.ndarray:
    """Chains of some galaxies, walked on where they have not converged; shape (galaxies, rows, 5)."""
    settings, random = params.reference, np.random.default_rng([params.reference.seed, first])
    model, prior = default_simulator(), Prior()
    shape = (settings.ensembles, settings.walkers, len(NAMES))

    def density_of(galaxies: list[int]) -> RelativeDensity:
        return RelativeDensity(PosteriorDensity(model, prior, flux[galaxies], params.noise.fraction))

    waiting = list(range(len(flux)))
    theta = Posterior.load(settings.network).sample(flux, settings.ensembles * settings.walkers, settings.seed + first)
    position = density_of(waiting).phi(theta.flatten(0, 1)).numpy().reshape(len(flux), *shape)
    rows = np.empty((len(flux), FIRST_DRAW + settings.draws, len(NAMES)))
    for attempt in range(1 + settings.extensions):
        density, burn_in = density_of(waiting), settings.burn_in if attempt == 0 else 0
        steps, thin = settings.steps * 2**attempt, settings.thin * 2**attempt
        seed = settings.seed + 1000 * (first + 1) + attempt
        text = f"Galaxies from {first}, attempt {attempt + 1}, {len(waiting)} of them"
        phi = walk(vectorised(density), position, burn_in, steps, thin, seed, text)
        position = phi[:, :, :, -1].astype(float)
        failed = []
        for place, (galaxy, chain) in enumerate(zip(waiting, chains_in_theta(density, phi), strict=True)):
            r_hat, size, good = converged(chain, settings)
            flat = chain.reshape(-1, len(NAMES))
            kept = flat[random.choice(len(flat), settings.draws, replace=False)]
            rows[galaxy] = np.concatenate([[r_hat], [size], np.quantile(flat, QUANTILES, axis=0), kept])
            if not good:
                failed.append((place, galaxy))
        waiting = [galaxy for _, galaxy in failed]
        position = position[[place for place, _ in failed]]
        if not waiting:
            break
    return rows


def main() -> None:
    """Sample the posteriors of test galaxies with emcee (resumes after an interruption)."""
    params = load_params()
    settings = params.reference
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    flux = torch.as_tensor(test["noisy_flux"][: settings.galaxies])
    relevant = params.model_dump(include={"reference", "prior", "noise"})
    parts = Parts(SCRATCH / "reference", relevant, (ensembles, likelihood, simulator, csp))
    starts = range(0, len(flux), settings.at_once)
    for first in progress(starts, desc="Reference", unit="part"):
        if str(first) not in parts:
            parts.save(str(first), sample(flux[first : first + settings.at_once], params, first))
    rows = np.concatenate([parts.load(str(first)) for first in starts])
    r_hat, size = rows[:, R_HAT], rows[:, SAMPLE_SIZE]
    good = (r_hat <= settings.r_hat).all(1) & (size >= settings.sample_size).all(1)
    write_product(
        paths.DATA / "reference.h5",
        REFERENCE,
        {
            "theta": test["theta"][: len(flux)],
            "draws": rows[:, FIRST_DRAW:],
            "quantiles": rows[:, 2:FIRST_DRAW],
            "r_hat": r_hat,
            "sample_size": size,
        },
        seed=settings.seed,
        parameters=relevant,
        sps_label=test.attributes["sps_label"],
    )
    write_json(
        paths.DATA / "reference.json",
        {
            "galaxies": len(flux),
            "converged": int(good.sum()),
            "not_converged": np.flatnonzero(~good).tolist(),
            "worst_r_hat": float(r_hat.max()),
            "least_sample_size": float(size.min()),
            "median_sample_size": float(np.median(size.min(1))),
            "walkers": settings.ensembles * settings.walkers,
        },
    )
    parts.forget()


if __name__ == "__main__":
    run(main)

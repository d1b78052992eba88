"""Print digests of what networks and brute force compute, to be compared with those of another commit.

Run it in two checkouts, PYTHONPATH=src of each, on one machine, and compare with diff: equal lines are equal to the
bit. That is evidence for `digs vouch`, where code has changed in a way that should move no number. Trainings are on
exact pairs; library pairs and looked-up ones are not made.
"""

import argparse
import hashlib
import tempfile
from pathlib import Path

import numpy as np
import torch

from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.diagnostics.benchmark.tracks import load_track
from digs.exact.brute_force.grid import Grid, GridPosterior
from digs.flows.flow import build_flow
from digs.flows.network_files import NETWORKS
from digs.inference.posterior import Posterior
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.loop import train
from digs.training.pairs import exact_recipe

GALAXIES, DRAWS, SEED = 50, 400, 1
PAIRS = {"pairs": 4096, "epochs": 2, "cycle": 2}  # of a training that takes seconds


def digest(*parts: torch.Tensor | np.ndarray) -> str:
    """Return the md5 of the bytes of arrays."""
    return hashlib.md5(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def of_network(name: str, flux: torch.Tensor) -> str:
    """Return the digest of a network's draws and their densities."""
    posterior = Posterior.load(name)
    draws = posterior.sample(flux, draws=DRAWS, seed=SEED)
    return digest(draws, posterior.log_prob(draws, flux))


def of_training(name: str, simulator: Simulator, prior: Prior, fraction: float) -> str:
    """Return the digest of a network's weights after a very short training on exact pairs."""
    settings = load_params().network(name).model_copy(update=PAIRS)
    recipe = exact_recipe(simulator, prior, settings, fraction)
    torch.manual_seed(settings.seed)
    flow = build_flow(settings.architecture, prior, simulator.pixels, fraction, recipe.example)
    with tempfile.TemporaryDirectory() as folder:
        train(flow, recipe.pairs, recipe.held_out, settings, Path(folder) / "unfinished")
    return digest(*flow.state_dict().values())


def of_grid(found: GridPosterior) -> str:
    """Return the digest of weighted draws and of the evidence."""
    return digest(found.draws, found.log_weight, found.log_evidence, found.log_evidence_error)


def main() -> None:
    """Print one line for each network, training and grid."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    torch.set_num_threads(1)
    params = load_params()
    fraction, prior, simulator = params.noise.fraction, Prior.over(params.prior), Simulator()
    flux = add_noise(simulator(prior.sample(GALAXIES, generator(SEED, "theta"))), generator(SEED, "noise"), fraction)
    for name in sorted(file.stem for file in NETWORKS.glob("*.json")):
        print(f"draws of {name}: {of_network(name, flux)}", flush=True)
    for name in params.networks:
        print(f"training of the architecture of {name}: {of_training(name, simulator, prior, fraction)}", flush=True)
    print(f"grid: {of_grid(Grid(simulator, prior, fraction).posterior(flux, DRAWS, SEED, effective=0.9 * DRAWS))}")
    track = load_track("noise").of_galaxies(range(GALAXIES))
    for noise in (0.02, 0.05):
        grid = Grid(simulator, prior, noise, sigma="given")
        print(f"grid for {noise}: {of_grid(grid.posterior(track.flux, DRAWS, SEED, track.sigma, effective=200))}")


if __name__ == "__main__":
    main()

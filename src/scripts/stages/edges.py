"""Stage `edges`: bias and coverage close to the ends of the prior."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import torch

from digs.base import paths
from digs.base.join import join_rows
from digs.config.params import load_params
from digs.config.stages.edges_settings import EdgesSettings
from digs.diagnostics.edges import at_the_ends, marginals_inside
from digs.inference.batches import draws_in_batches
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample

AT_ONCE = 100  # galaxies


def main() -> None:
    """Measure bias and coverage within a few percent of each end of the prior."""
    params = load_params(EdgesSettings)
    settings, prior = params.edges, Prior.over(params.prior)
    torch.set_num_threads(params.threads)
    theta, flux = exact_sample(Simulator(), prior, params.noise.fraction, settings.spectra, settings.seed, "edges")
    truth = theta.numpy()
    measured: dict[str, Any] = {}
    for name in settings.networks:
        batches = draws_in_batches(Posterior.load(name), flux, settings.draws, settings.seed, AT_ONCE, name)
        marginals = join_rows([marginals_inside(prior, draws.double(), truth[rows]) for rows, draws in batches])
        measured[name] = at_the_ends(prior, truth, marginals, settings.share)
    write_result(paths.DATA / "edges.json", {**settings.model_dump(), "measured": measured})


if __name__ == "__main__":
    run_stage(main)

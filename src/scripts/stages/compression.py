"""Stage `compression`: the information about the parameters that a few components of the spectra lose."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import torch

from digs.base import paths
from digs.base.statistics import mean_and_error
from digs.config.params import load_params
from digs.config.stages.compression_settings import CompressionSettings
from digs.flows.features import PrincipalComponents
from digs.flows.information import lost_information, score_directions
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample


def main() -> None:
    """Take components along which spectra vary most, or which the scores need most, and see what both lose."""
    params = load_params(CompressionSettings)
    settings, fraction = params.compression, params.noise.fraction
    torch.set_num_threads(params.threads)
    simulator, prior = Simulator(dtype=torch.float64), Prior.over(params.prior)
    theta, flux = exact_sample(simulator, prior, fraction, settings.examples, settings.seed, "examples")
    tested, _ = exact_sample(simulator, prior, fraction, settings.galaxies, settings.seed, "tested")
    by_variance = PrincipalComponents(simulator.pixels, simulator.pixels - 1)
    by_variance.fit(flux)
    directions = {"variance": by_variance.components, "scores": score_directions(simulator, prior, theta, fraction)}
    lost = {
        choice: [
            mean_and_error(lost_information(simulator, prior, tested, fraction, components[:, :number]))
            for number in settings.components
        ]
        for choice, components in directions.items()
    }
    write_result(paths.DATA / "compression.json", {**settings.model_dump(), "lost": lost})


if __name__ == "__main__":
    run_stage(main)

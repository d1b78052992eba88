"""Stage `compression`: the information about the parameters that a few components of the spectra lose."""

import torch

from digs import paths
from digs.artifacts import write_json
from digs.cli import run
from digs.features import PrincipalComponents
from digs.params import load_params
from digs.priors import Prior
from digs.recipes import exact_sample
from digs.scores import lost_information, score_directions
from digs.simulator import default_simulator
from digs.summaries import mean_and_error


def main() -> None:
    """Take components along which spectra vary most, or which the scores need most, and see what both lose."""
    params = load_params()
    settings, fraction = params.compression, params.noise.fraction
    torch.set_num_threads(params.threads)
    simulator, prior = default_simulator(torch.float64), Prior()
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
    write_json(paths.DATA / "compression.json", {**settings.model_dump(), "lost": lost})


if __name__ == "__main__":
    run(main)

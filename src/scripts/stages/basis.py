"""Stage `basis`: shapes whose sums are the spectra of galaxies of a wide prior."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.config.stages.basis_settings import BasisSettings
from digs.files.product import write_product
from digs.files.schemas.basis_schema import BASIS
from digs.physics.linear.shapes import Shapes
from digs.physics.linear.wide_galaxies import wide_galaxies
from digs.physics.results import write_result
from digs.physics.stored_populations import stored_populations
from digs.provenance.records import run_stage

LOSSES = ("loss", "binned_loss")


def main() -> None:
    """Take the shapes of some galaxies, and see what others lose."""
    params = load_params(BasisSettings)
    settings, stored = params.basis, stored_populations()
    torch.set_num_threads(params.threads)
    ranges = settings.ranges.model_dump()

    def galaxies(number: int, purpose: str) -> tuple[np.ndarray, int]:
        binned = round(settings.binned * number)
        return wide_galaxies(stored, ranges, number, binned, generator(settings.seed, purpose)), number - binned

    shapes = Shapes.of(galaxies(settings.galaxies, "galaxies")[0], settings.rank, settings.places)
    tested, delayed = galaxies(settings.tested, "tested")
    loss = shapes.loss(tested)
    arrays = {
        "shapes": shapes.shapes,
        "places": shapes.places,
        "from_places": shapes.from_places,
        "loss": loss[:delayed],
        "binned_loss": loss[delayed:],
    }
    given = settings.model_dump()
    write_product(paths.DATA / "basis.h5", BASIS, arrays, parameters={"basis": given}, sps_label=stored.label)
    found = {name: {"median": float(np.median(arrays[name])), "worst": float(arrays[name].max())} for name in LOSSES}
    write_result(paths.DATA / "basis.json", {**given, **found})


if __name__ == "__main__":
    run_stage(main)

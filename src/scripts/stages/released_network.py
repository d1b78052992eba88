"""Stage `released_network`: the network that Khullar et al. (2022) released, on exact and on looked-up spectra."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import math

import numpy as np
import torch

from digs.base import paths
from digs.base.random_streams import generator
from digs.base.statistics import bootstrap_rows, mean_and_error
from digs.config.params import load_params
from digs.config.stages.released_network_settings import ReleasedNetworkSettings
from digs.config.stages.released_recipe_settings import ReleasedRecipeSettings
from digs.diagnostics.loss_by_parameter import loss_by_fifths
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.released_network_schema import RELEASED_NETWORK
from digs.files.schemas.released_recipe_schema import RELEASED_RECIPE
from digs.files.schemas.released_schema import RELEASED
from digs.flows.fast.plain_maf import PlainMaf
from digs.inference.released_audit import LEVELS, audited, exact_numbers, released_network
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator, stored_instrument
from digs.physics.stored_populations import stored_populations
from digs.provenance.records import run_stage
from digs.training.released_pairs import ReleasedPairs

SAMPLES = ("exact", "lookup", "shifted")  # the last: exact spectra less what mean training spectra differ by


def main() -> None:
    """Audit their network and one that is trained by their recipe on the same spectra (needs K22_HOME)."""
    params = load_params(ReleasedNetworkSettings, ReleasedRecipeSettings)
    settings, recipe, prior = params.released_network, params.released_recipe, Prior.over(params.prior)
    torch.set_num_threads(params.threads)
    instrument = stored_instrument(recipe.spectrum(params))
    kept = read_product(paths.ROOT / "src/static/khullar2022.h5", RELEASED)
    theirs, file_md5 = released_network(kept["mean"])
    members = torch.as_tensor(kept["theta"])
    source = ReleasedPairs(Simulator(instrument), prior, members, params.noise.fraction)
    trained = read_product(paths.DATA / "released_recipe.h5", RELEASED_RECIPE)
    ours = PlainMaf.of_arrays(trained.arrays)

    # their spectra are ours but for one constant, and for what other populations do to the mean of each pixel
    training = source.looked_up(settings.pairs, settings.seed, "training")[1]
    difference = theirs.mean - training.mean(0)
    constant, std_ratio = difference.mean(), theirs.std / training.std(0)
    samples, pairs = (
        {
            "exact": source.exact(number, settings.seed, f"exact {purpose}"),
            "lookup": source.looked_up(number, settings.seed, f"lookup {purpose}"),
        }
        for number, purpose in ((settings.spectra, "spectra"), (settings.pairs, "pairs"))
    )
    fig3 = torch.as_tensor(read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["theta"])
    noise = torch.randn(1, len(instrument.wavelength), generator=generator(settings.seed, "galaxy"))
    galaxy = source.log_flux(fig3) + math.log10(1 + source.fraction) * noise
    measured, curves, log_q = {}, {}, {}
    for name, flow, shift in (("released", theirs, constant), ("recipe", ours, torch.zeros(()))):
        # our own network has no other populations behind it: what shifts the spectra shows how much that matters
        moved, its_pairs = (
            {kind: (theta, data + shift) for kind, (theta, data) in each.items()}
            | {"shifted": (each["exact"][0], each["exact"][1] + shift + (difference - constant))}
            for each in (samples, pairs)
        )
        found = audited(flow, source, moved, its_pairs, galaxy + shift, settings, name)
        measured[name], curves[name], log_q[name] = found
    above = {kind: (log_q["recipe"]["exact"] - log_q["released"][kind]).double() for kind in ("exact", "shifted")}
    resampled = bootstrap_rows(settings.exact_galaxies, settings.bootstrap, settings.seed)
    measured["exact_posterior"] = {"exact": exact_numbers(source, samples["exact"], settings, resampled)}
    arrays = [np.stack([np.stack([kind[key] for kind in curves[name]]) for name in curves]) for key in (0, 1)]
    offset = (difference - constant).double()
    write_product(
        paths.DATA / "released_network.h5",
        RELEASED_NETWORK,
        {
            "level": LEVELS,
            "rank_cdf": arrays[0],
            "coverage": arrays[1],
            "wavelength": instrument.wavelength,
            "mean_difference": offset.numpy(),
            "std_ratio": std_ratio.numpy(),
        },
        networks=list(curves),
        samples=list(SAMPLES),
        parameters={"released_network": settings.model_dump()},
        sps_label=stored_populations().label,
    )
    worst = int(offset.abs().argmax())
    write_result(
        paths.DATA / "released_network.json",
        {
            **settings.model_dump(),
            "file_md5": file_md5,
            "constant": float(constant),
            "mean_rms": float(offset.std()),
            "mean_worst": float(offset[worst]),
            "mean_worst_wavelength": float(instrument.wavelength[worst]),
            "std_ratio_range": [float(std_ratio.min()), float(std_ratio.max())],
            "recipe_epochs": len(trained["held_out_loss"]),
            "recipe_best_epoch": int(trained["held_out_loss"].argmin()) + 1,
            "recipe_held_out_loss": float(trained["held_out_loss"].min()),
            "released_above_recipe": {kind: mean_and_error(each) for kind, each in above.items()},
            "shifted_above_by_fifths": loss_by_fifths(above["shifted"], pairs["exact"][0]),
            "measured": measured,
        },
    )


if __name__ == "__main__":
    run_stage(main)

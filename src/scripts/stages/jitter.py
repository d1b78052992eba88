"""Stage `jitter`: posteriors that networks learn from jittered labels, predicted and measured."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.random_streams import generator
from digs.base.statistics import bootstrap_rows, with_error
from digs.config.params import load_params
from digs.config.stages.jitter_settings import JitterSettings
from digs.config.theta import NAMES
from digs.diagnostics.jitter_toy import toy
from digs.diagnostics.jitter_widths import LAWS, exact_draws, half_width, measured_and_predicted
from digs.diagnostics.label_jitter import LabelJitter, table_of
from digs.exact.brute_force.grid import Grid
from digs.files.resumable import SCRATCH, ResumableParts
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage
from digs.training.jittered_networks import simulated

BARRED = ("logmass", "dust2")


def report(found: dict[str, np.ndarray], narrow: np.ndarray, resampled: np.ndarray) -> dict[str, Any]:
    """Return median ratios of half-widths to those of the exact posteriors, and what the jitter is."""
    ratio = {key: found[key] / narrow for key in ("measured", *LAWS) if key in found}
    return {
        "ratio": {
            key: {name: with_error(each[:, place], np.median, resampled) for place, name in enumerate(NAMES)}
            for key, each in ratio.items()
        },
        "jitter": dict(zip(NAMES, found["jitter"].tolist(), strict=True)),
        "diagnosed": table_of(LabelJitter(*found["diagnosed"]), NAMES),
    }


def toys(settings: JitterSettings) -> dict[str, dict[str, float]]:
    """Return the toy's numbers, for independent jitter and for libraries of each size."""
    given, members = settings.toy, [None, *settings.toy.members]
    return {
        "independent" if size is None else str(size): toy(
            size, given.jitter, given.dimensions, given.noise, given.pairs, settings.seed
        )
        for size in members
    }


def main() -> None:
    """Train a network for each size of a library, and compare its posteriors with what the law says (resumes)."""
    params = load_params(JitterSettings)
    settings, prior, fraction = params.jitter, Prior.over(params.prior), params.noise.fraction
    torch.set_num_threads(1)
    grid = Grid(Simulator(), prior, fraction)
    theta = prior.sample(settings.spectra, generator(settings.seed, "spectra"))
    flux = add_noise(simulated(grid.simulator, theta), generator(settings.seed, "noise"), fraction)
    exact = exact_draws(grid, flux, settings)
    depends_on = [settings.model_dump(), params.prior.model_dump(), fraction]
    parts = ResumableParts(SCRATCH / "jitter", depends_on, __file__, POPULATIONS_FILE)
    resampled, narrow = bootstrap_rows(settings.spectra, settings.bootstrap, settings.seed), half_width(exact)
    measured = {}
    for size in progress([None, *settings.sizes], desc="Libraries", unit="library"):
        keys = ["measured", "diagnosed", "jitter", *(LAWS if size else ())]
        if f"{size} {keys[-1]}" not in parts:
            found = measured_and_predicted(size, flux, exact, grid, settings, parts.folder / f"{size}.npz")
            for key in keys:
                parts.save(f"{size} {key}", found[key])
        measured[str(size)] = report({key: parts.load(f"{size} {key}") for key in keys}, narrow, resampled)
    off = {
        law: max(
            abs(ratio[law][name]["value"] / ratio["measured"][name]["value"] - 1)
            for ratio in (measured[str(size)]["ratio"] for size in settings.sizes)
            for name in BARRED
        )
        for law in LAWS
    }
    write_result(
        paths.DATA / "jitter.json",
        {
            **settings.model_dump(),
            "exact_half_width": dict(zip(NAMES, np.median(narrow, 0).tolist(), strict=True)),
            "measured": measured,
            "toys": toys(settings),
            "largest_difference": off,
            "passed": off["predicted"] <= settings.bar,
        },
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main)

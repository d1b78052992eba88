"""Stage `real_spectra`: real galaxies, as digs, Bagpipes and pPXF see them. Needs the packages of `.[real]`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.config.params import load_params
from digs.config.stages.real_spectra_settings import RealSpectraSettings
from digs.files.product import write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.real_spectra_schema import REAL_SPECTRA
from digs.inference.other_codes import real_galaxy
from digs.inference.other_codes.bagpipes_answer import bagpipes_answer
from digs.inference.other_codes.brought_spectra import need
from digs.inference.other_codes.code_answer import BAGPIPES, PPXF, CodeAnswer
from digs.inference.other_codes.ppxf_answer import ppxf_answer
from digs.inference.other_codes.real_galaxy import RealGalaxy, brought_spectrum
from digs.physics.results import write_result
from digs.physics.stored_populations import stored_populations
from digs.provenance.records import run_stage

PACKAGES = {
    "bagpipes": "bagpipes",
    "nautilus-sampler": "nautilus",
    "ppxf": "ppxf",
    "spectres": "spectres",
    "specutils": "specutils",
}
STORED = ("populations.h5", "basis.h5", "general_network.safetensors")


def kept(parts: ResumableParts, name: str, find: Callable[[], CodeAnswer]) -> CodeAnswer:
    """Return a code's answer, found or taken up from an interrupted run."""
    if f"{name}-draws" not in parts:
        answer = find()
        parts.save(f"{name}-fit", np.append(answer.model, answer.parameters))
        parts.save(f"{name}-draws", np.column_stack([answer.draws, answer.weight]))
    fit, draws = parts.load(f"{name}-fit"), parts.load(f"{name}-draws")
    return CodeAnswer(draws[:, :-1], draws[:, -1], fit[:-1], int(fit[-1]))


def main() -> None:
    """Find the posteriors of real spectra, and what other codes find (resumes after an interruption)."""
    params = load_params(RealSpectraSettings)
    settings = params.real_spectra
    for package in PACKAGES.values():
        need(package)
    torch.set_num_threads(1)
    versions = {name: version(name) for name in PACKAGES}
    stored = [paths.DATA / name for name in STORED]
    depends = [settings.model_dump(exclude={"bins"}), versions]
    parts = ResumableParts(SCRATCH / "real_spectra", depends, real_galaxy.__file__, *stored)
    found, arrays = {}, []
    for name, source in progress(list(settings.galaxies.items()), desc="Real spectra", unit="galaxy"):
        spectrum = brought_spectrum(name, *source.model_dump().values())
        seen = RealGalaxy.of(spectrum, settings.redshift_error, settings.draws, settings.seed)
        others = {
            BAGPIPES: partial(
                bagpipes_answer, seen.galaxy, seen.heaviest, **settings.bagpipes.model_dump(), seed=settings.seed
            ),
            PPXF: partial(ppxf_answer, seen.galaxy, **settings.ppxf.model_dump(), seed=settings.seed),
        }
        answers = seen.answers | {code: kept(parts, f"{name}-{code}", find) for code, find in others.items()}
        found[name] = seen.plain(answers)
        arrays.append(seen.binned_arrays(answers, settings.bins))
    write_product(
        paths.DATA / "real_spectra.h5",
        REAL_SPECTRA,
        {key: np.stack([each[key] for each in arrays]) for key in arrays[0]},
        names=list(found),
        codes=list(answers),
        parameters={"real_spectra": settings.model_dump()},
        sps_label=stored_populations().label,
    )
    write_result(paths.DATA / "real_spectra.json", {**settings.model_dump(), "packages": versions, "measured": found})
    parts.forget()


if __name__ == "__main__":
    run_stage(main)

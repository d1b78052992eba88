"""Stage `real_spectra`: real galaxies, as digs, Bagpipes and pPXF see them. Needs the packages of `.[real]`."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from importlib.metadata import version

import numpy as np

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.real_spectra_settings import RealSpectraSettings
from digs.files.product import write_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.real_spectra_schema import REAL_SPECTRA
from digs.inference.other_codes import galaxy_comparison
from digs.inference.other_codes.brought_spectra import need
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


def main() -> None:
    """Find the posteriors of real spectra, and what other codes find (resumes after an interruption)."""
    settings = load_params(RealSpectraSettings).real_spectra
    for package in PACKAGES.values():
        need(package)
    versions = {name: version(name) for name in PACKAGES}
    stored = [paths.DATA / name for name in STORED]
    depends = [settings.model_dump(exclude={"bins", "at_once"}), versions]
    parts = ResumableParts(SCRATCH / "real_spectra", depends, galaxy_comparison.__file__, *stored)
    found = dict(galaxy_comparison.galaxy_comparisons(settings, parts))
    arrays = [each.arrays for each in found.values()]
    write_product(
        paths.DATA / "real_spectra.h5",
        REAL_SPECTRA,
        {key: np.stack([each[key] for each in arrays]) for key in arrays[0]},
        names=list(found),
        codes=next(iter(found.values())).codes,
        parameters={"real_spectra": settings.model_dump()},
        sps_label=stored_populations().label,
    )
    measured = {name: each.plain for name, each in found.items()}
    write_result(
        paths.DATA / "real_spectra.json", {**settings.model_dump(), "packages": versions, "measured": measured}
    )
    parts.forget()


if __name__ == "__main__":
    run_stage(main)

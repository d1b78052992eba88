"""Stages `study_NAME`: networks that differ in one thing, trained alike and compared."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import argparse

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.study_settings import Studies, StudiesCommonSettings
from digs.files.resumable import SCRATCH
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.provenance.records import run_stage
from digs.training.ablations import compare_candidates


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", required=True, help="its name in params.yaml")


def main(study: str) -> None:
    """Train the networks of one of the studies of params.yaml (resumes after an interruption)."""
    params = load_params(Studies, StudiesCommonSettings)
    settings = params.studies.named(study)
    compared = compare_candidates(
        params.studies.candidates(study, params),
        Prior.over(params.prior),
        params.noise.fraction,
        params.studies_common,
        SCRATCH / "studies",
        params.threads,
        f"Study {study}",
    )
    write_result(paths.DATA / "studies" / f"{study}.json", {"network": settings.network, **compared})


if __name__ == "__main__":
    run_stage(main, add_arguments)

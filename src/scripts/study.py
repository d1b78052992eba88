"""Stages `study_NAME`: networks that differ in one thing, trained alike and compared."""

import argparse

from digs import paths
from digs.artifacts import write_json
from digs.cli import run
from digs.params import load_params
from digs.study import run_study


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--study", default="search", help="its name in params.yaml (default: %(default)s)")


def main(study: str) -> None:
    """Train the networks of one of the studies of params.yaml (resumes after an interruption)."""
    settings = load_params().study(study)
    write_json(paths.DATA / "studies" / f"{study}.json", {"network": settings.network, **run_study(study)})


if __name__ == "__main__":
    run(main, add_arguments)

"""The numbers in the text: one small file for each, for \\variable{output/NAME.txt} in ms.tex."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.everything import load_all_params
from digs.files.atomic import write_text
from digs.paper.numbers import all_numbers


def main() -> None:
    """Write every number of the text to src/tex/output."""
    for numbers in all_numbers(load_all_params()).values():
        for name, text in numbers.items():
            write_text(paths.OUTPUT / f"{name}.txt", text)


if __name__ == "__main__":
    run(main)

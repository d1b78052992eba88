"""The numbers in the text: one small file for each, for \\variable{output/NAME.txt} in ms.tex."""

from digs import paths
from digs.artifacts import write_text
from digs.cli import run
from digs.numbers import all_numbers


def main() -> None:
    """Write every number of the text to src/tex/output."""
    for numbers in all_numbers().values():
        for name, text in numbers.items():
            write_text(paths.OUTPUT / f"{name}.txt", text)


if __name__ == "__main__":
    run(main)

"""Table `tab_prospector`: emcee on Prospector against emcee on the exact simulator, parameter by parameter."""

from digs import paths
from digs.artifacts import read_json
from digs.cli import run
from digs.formatting import cell, count
from digs.plotting import save_rows
from digs.priors import parameters


def main() -> None:
    """Write the rows of the table of the chain with Prospector."""
    measured = read_json(paths.DATA / "prospector_chain.json")["parameters"]
    rows = []
    for parameter in parameters():
        numbers = measured[parameter.name]
        compared = [cell(numbers[key]) for key in ("ratio", "shift")]
        rows.append((parameter.axis_label, *compared, f"${count(numbers['sample_size'])}$"))
    save_rows("tab_prospector", rows)


if __name__ == "__main__":
    run(main)

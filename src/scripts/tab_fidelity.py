"""Table: posteriors by NPE against reference chains and the exact likelihood."""

from digs import paths
from digs.artifacts import read_json
from digs.cli import run
from digs.formatting import uncertain
from digs.plotting import save_rows
from digs.priors import parameters


def cell(number: dict[str, float]) -> str:
    return f"${uncertain(number['value'], number['error'])}$"


def main() -> None:
    """Write the rows of the table of the comparison: a network's widths, shifts, efficiency and excess loss."""
    measured = read_json(paths.DATA / "comparison.json")["measured"]
    rows = [
        [parameter.axis_label]
        + [cell(numbers[parameter.name][key]) for numbers in measured.values() for key in ("ratio", "shift")]
        for parameter in parameters()
    ]
    for label, key in (
        ("efficiency, median", "efficiency"),
        ("efficiency, 5th percentile", "efficiency_5"),
        ("excess loss (nat)", "excess_loss"),
    ):
        rows.append([label] + [rf"\multicolumn2c{{{cell(numbers[key])}}}" for numbers in measured.values()])
    save_rows("tab_fidelity", rows)


if __name__ == "__main__":
    run(main)

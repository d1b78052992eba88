"""Table `tab_priors`: the parameters and their priors, as Table 1 of Khullar et al. (2022)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base.command import run
from digs.config.params import load_params
from digs.config.theta import Parameter, parameters
from digs.paper.plotting import save_rows


def row(parameter: Parameter) -> tuple[str, ...]:
    """Return label, description, unit and range of a parameter."""
    return (
        parameter.label,
        parameter.description,
        parameter.unit or r"\nodata",
        f"$[{parameter.low:g}, {parameter.high:g}]$",
    )


def main() -> None:
    """Write the rows of the table of priors."""
    save_rows("tab_priors", [row(parameter) for parameter in parameters(load_params().prior)])


if __name__ == "__main__":
    run(main)

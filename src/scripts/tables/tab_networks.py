"""Table: the networks of the paper, what they are trained on and what they learn."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base.command import run
from digs.config.params import load_params
from digs.config.stages.library_settings import LibrarySettings
from digs.flows.network_files import NetworkRecord, load_record
from digs.paper.latex_numbers import count, grouped_integer
from digs.paper.plotting import save_rows

# by name: what they are trained on, less the prior where that is the paper's
TRAINED_ON = {
    "lookup": "looked-up pairs (released code)",
    "exact": "true pairs",
    "fiducial": "true pairs",
    "paper": "the library's own pairs (K22's text)",
    "table1": "true pairs, prior of K22's Table 1",
    "short": "true pairs",
    "wide": "true pairs, wider prior",
}
LIBRARY = ("lookup", "library")  # sources whose spectra are those of the library


def learned(record: NetworkRecord) -> str:
    """Return what the network learns, in words."""
    architecture = record.architecture
    if not architecture.marginal:
        return "five parameters, flow of K22"
    return f"three parameters, ${architecture.num_transforms}$ spline transforms"


def row(name: str, library: int) -> tuple[str, ...]:
    """Return a network's name, what it is trained on, what it learns, pairs, distinct spectra and weights."""
    record = load_record(name)
    training, settings = record.training, record.training["settings"]
    pairs = training["epochs"] * settings["pairs"]
    distinct = f"${grouped_integer(library)}$" if settings["source"] in LIBRARY else "all"
    weights = f"${grouped_integer(training['weights'])}$"
    return (rf"\texttt{{{name}}}", TRAINED_ON[name], learned(record), f"${count(pairs / 1e6)}$", distinct, weights)


def main() -> None:
    """Write the rows of the table of networks."""
    library = load_params(LibrarySettings).library.size
    save_rows("tab_networks", [row(name, library) for name in TRAINED_ON])


if __name__ == "__main__":
    run(main)

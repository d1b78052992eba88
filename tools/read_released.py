"""Read what Khullar et al. (2022) have released, and keep what this project compares with: src/static/khullar2022.h5.

Run once, on the folder `data` of https://github.com/deepskies/digs_sbi at the commit below. Their network is a pickle,
which may run any code: nothing of it is loaded but arrays and empty shells.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.command import run
from digs.base.errors import DigsError
from digs.config.theta import NAMES
from digs.files import foreign_pickle
from digs.files.foreign_pickle import Shell
from digs.files.product import write_product
from digs.files.schemas.released_schema import RELEASED

SOURCE = "https://github.com/deepskies/digs_sbi, commit 1d5930b"
TABLE, NETWORK = "table.txt", "ts2_10k_5pct_h25_n10_nsim2000000_data138.pkl"
COLUMNS = {"logmass": 1, "tage": 2, "logtau": 3, "logzsol": 4, "dust2": 5}  # mass and tau themselves
PIXELS = np.linspace(3060.0, 9910.0, 138)  # Angstrom, as in their code


class Shells(foreign_pickle._Shells):
    """Unpickles arrays as digs.files.foreign_pickle does, and shells in the place of all that it refuses."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except foreign_pickle._RefusedError:
            return type(name, (Shell,), {})


def arrays(found: Any, seen: set[int], name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the arrays inside shells, dictionaries and lists, with the name that each has."""
    if id(found) in seen:
        return
    seen.add(id(found))
    if isinstance(found, torch.Tensor):
        yield name, found
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from arrays(value, seen, str(key))
    elif isinstance(found, list | tuple):
        for value in found:
            yield from arrays(value, seen, name)
    elif isinstance(found, Shell):
        yield from arrays(found.state, seen, name)


def standardisation(network: Path) -> dict[str, np.ndarray]:
    """Return mean and standard deviation of the spectra that the network was trained on."""
    with network.open("rb") as file:
        inside = list(arrays(Shells(file).load(), set()))
    found = {name.strip("_"): array for name, array in inside if array.shape == PIXELS.shape}
    if set(found) != {"mean", "std"}:
        raise DigsError(f"{network} has no mean and std of {len(PIXELS)} pixels; give the folder `data` of {SOURCE}.")
    return {name: array.double().numpy() for name, array in found.items()}


def theta_of(table: Path) -> np.ndarray:
    """Return theta of their library, shape (N, 5)."""
    columns = np.loadtxt(table, delimiter=",")
    for name in ("logmass", "logtau"):
        columns[:, COLUMNS[name]] = np.log10(columns[:, COLUMNS[name]])
    return columns[:, [COLUMNS[name] for name in NAMES]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help=f"with {TABLE} and {NETWORK}")


def main(folder: Path) -> None:
    """Read the released files and write what is kept of them."""
    kept = {"theta": theta_of(folder / TABLE), "wavelength": PIXELS, **standardisation(folder / NETWORK)}
    write_product(paths.ROOT / "src/static/khullar2022.h5", RELEASED, kept, source=SOURCE, license="MIT")


if __name__ == "__main__":
    run(main, add_arguments)

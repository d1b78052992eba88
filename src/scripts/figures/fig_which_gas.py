"""Figure `which_gas`: mean spectra with gas of either kind against the mean that the released network holds."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.plotting import COLUMN, FAINT, FEATURES, LIMIT, TRUTH, WAVELENGTH_LABEL, draw, mark_features, save

# in vacuum
LINES = {name: at for name, at in FEATURES.items() if "break" not in name} | {"[S II]": 6725.5, "[S III]": 9533.2}
LOOKS = {"solar": ("solar gas", TRUTH, "-"), "stars": ("gas of the stars", FAINT, "--")}


def main() -> None:
    """Draw the difference of mean log spectra from the released network's, up to a constant."""
    source = paths.DATA / "which_gas.json"
    found = read_json(source)
    wavelength = found["pixels"]
    figure, axes = plt.subplots(figsize=(COLUMN, 2.6))
    for kind, (label, colour, dashes) in LOOKS.items():
        axes.plot(wavelength, found["measured"][kind]["difference"], color=colour, ls=dashes, lw=1.0, label=label)
    axes.axhspan(-found["bar"], found["bar"], color=LIMIT, alpha=0.15, lw=0)
    mark_features(axes, features=LINES)
    axes.set(xlabel=WAVELENGTH_LABEL, ylabel="Mean log flux, here less K22 (dex)", xlim=(wavelength[0], wavelength[-1]))
    figure.legend(loc="outside lower center", ncols=2)
    save(figure, "which_gas", [source])


if __name__ == "__main__":
    draw(main)

"""Figure `released_spectra`: the spectra that the released network was trained with against ours, pixel by pixel."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.released_network_schema import RELEASED_NETWORK
from digs.paper.plotting import COLUMN, FAINT, FEATURES, TRUTH, WAVELENGTH_LABEL, draw, mark_features, save


def main() -> None:
    """Draw differences of means and ratios of standard deviations."""
    source = paths.DATA / "released_network.h5"
    audit = read_product(source, RELEASED_NETWORK)
    wavelength = audit["wavelength"]
    lines = {name: at for name, at in FEATURES.items() if "break" not in name}
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(COLUMN, 3.2), sharex=True)
    for panel, values, expected in ((top, audit["mean_difference"], 0), (bottom, audit["std_ratio"], 1)):
        panel.axhline(expected, color=FAINT, lw=0.6, ls=":")
        panel.plot(wavelength, values, color=TRUTH)
        mark_features(panel, names=panel is top, features=lines)
    top.set(ylabel="Mean, K22 less here (dex)", xlim=(wavelength[0], wavelength[-1]))
    bottom.set(ylabel="Std, K22 / here", xlabel=WAVELENGTH_LABEL)
    figure.align_ylabels()
    save(figure, "released_spectra", [source])


if __name__ == "__main__":
    draw(main)

"""Figure `agreement`: the exact simulator against Prospector, pixel by pixel."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.agreement_settings import AgreementSettings
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.agreement_schema import AGREEMENT
from digs.paper.plotting import COLUMN, FAINT, LIMIT, TRUTH, WAVELENGTH_LABEL, draw, mark_features, save

LOOKS = {50: ("median", TRUTH, "-"), 95: ("95th percentile", FAINT, "--"), 100: ("worst", "0.75", "-")}


def main() -> None:
    """Draw the relative difference between the two simulators."""
    source, numbers = paths.DATA / "agreement.h5", paths.DATA / "agreement.json"
    agreement, share = read_product(source, AGREEMENT), read_json(numbers)["tail_share"]
    wavelength, bars = agreement["wavelength"], load_params(AgreementSettings).agreement

    figure, axes = plt.subplots(figsize=(COLUMN, 2.6))
    for percentile, difference in zip(agreement["percentile"], agreement["difference"], strict=True):
        label, colour, dashes = LOOKS[int(percentile)]
        axes.semilogy(wavelength, difference, color=colour, ls=dashes, label=label)
    for label, bar, dashes in (
        ("allowed median", bars.median_bar, ":"),
        (f"allowed in {100 * share:g}%", bars.tail_bar, "-."),
    ):
        axes.axhline(bar, color=LIMIT, lw=1.3, ls=dashes, label=label)
    mark_features(axes)
    axes.set(xlabel=WAVELENGTH_LABEL, ylabel=r"$|F_{\rm exact}\,/\,F_{\rm Prospector} - 1|$", xlim=wavelength[[0, -1]])
    axes.set_ylim(top=2 * max(bars.tail_bar, agreement["difference"].max()))
    figure.legend(loc="outside lower center", ncols=3, columnspacing=1.2)
    save(figure, "agreement", [source, numbers, paths.PARAMS])


if __name__ == "__main__":
    draw(main)

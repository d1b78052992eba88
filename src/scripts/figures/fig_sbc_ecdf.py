"""Figure `sbc_ecdf`: distribution functions of the ranks less the uniform one, with bands for whole curves."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.plotting import BAND, FAINT, NETWORK_STYLES, TRUTH, draw, parameter_panels, save

# of each row: cases, and what its axis reaches
ROWS = ((("fiducial, exact",), 0.045), (("lookup, exact", "lookup, looked_up"), 0.24))
LOOKED_UP = {"color": FAINT, "ls": "--", "label": "looked-up pairs, on looked-up spectra"}


def main() -> None:
    """Draw the ranks of the truths, by the fiducial network and by the recipe of the released code."""
    source = paths.DATA / "validation.h5"
    validation = read_product(source, VALIDATION)
    level, band, cases = validation["level"], validation["band"], validation.attributes["cases"]
    percent = 100 * validation.attributes["probability"]
    figure, axes = parameter_panels(len(ROWS), 2.9, sharex=True, sharey="row")
    for row, (drawn, reach) in zip(axes, ROWS, strict=True):
        for place, panel in enumerate(row):
            panel.fill_between(level, *(band - level), color=BAND, lw=0, label=f"{percent:g}% of whole curves")
            panel.axhline(0, color=TRUTH, lw=0.6, ls=":")
            for case in drawn:
                name, colour, _, _ = NETWORK_STYLES[case.split(",")[0]]
                style = LOOKED_UP if case.endswith("looked_up") else {"color": colour, "ls": "-", "label": name}
                panel.plot(level, validation["rank_cdf"][cases.index(case), place] - level, **style)
            panel.set(xlim=(0, 1), ylim=(-reach, reach))
            panel.set_xticks((0, 0.5, 1), ("0", "0.5", "1"))
        row[0].set_ylabel("Share below less rank")
    figure.supxlabel("Normalised rank of the truth", fontsize=8.5)
    named = {label: handle for row in axes for handle, label in zip(*row[0].get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named.keys(), loc="outside upper center", ncols=len(named))
    save(figure, "sbc_ecdf", [source])


if __name__ == "__main__":
    draw(main)

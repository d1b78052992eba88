"""Figure `contraction`: errors in units of the posterior's width against how much narrower it is than the prior."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.plotting import FAINT, NETWORK_STYLES, TRUTH, draw, legend_above, parameter_panels, save

DRAWN = ("lookup, exact", "fiducial, exact")


def main() -> None:
    """Draw the z-scores of single galaxies against the contraction of their posteriors."""
    source = paths.DATA / "validation.h5"
    validation = read_product(source, VALIDATION)
    cases = validation.attributes["cases"]
    figure, axes = parameter_panels(1, 2.1, sharey=True)
    for place, panel in enumerate(axes[0]):
        for z in (-2, 0, 2):
            panel.axhline(z, color=FAINT if z else TRUTH, lw=0.5, ls=":")
        for name in DRAWN:
            case = cases.index(name)
            label = name.split(",")[0]
            colour, _, marker = NETWORK_STYLES[label]
            panel.plot(
                1 - validation["contraction"][case, :, place], validation["z"][case, :, place],
                color=colour, marker=marker, ms=1.6, mew=0, ls="none", alpha=0.6,
            )  # fmt: skip
            panel.plot([], [], color=colour, marker=marker, ms=4, ls="none", label=label)  # for the legend
        panel.set(xscale="log", ylim=(-5, 5))
        panel.invert_xaxis()
    axes[0, 0].set_ylabel("(Mean less truth) / std")
    figure.supxlabel("Variance of the posterior / that of the prior (1 less contraction)", fontsize=8.5)
    legend_above(figure, axes[0, 0])
    save(figure, "contraction", [source])


if __name__ == "__main__":
    draw(main)

"""Figure `failures`: bias and coverage in subsets of galaxies."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from itertools import pairwise

from digs.base import paths
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.plotting import FAINT, NETWORK_STYLES, SMALL, TRUTH, draw, legend_above, parameter_panels, save

TRAITS = {  # how the ends of subsets are written
    "tage": "age {} Gyr",
    "dust2": "dust {}",
    "logzsol": r"$\log Z$ {}",
    "edge": "edge {}",
    "line": r"H$\alpha$ {}",
}
DRAWN = ("fiducial", "lookup")
# of each row of panels: summary, selection, axis label, what it would be, limits
ROWS = (
    ("coverage_68", "estimate", "Share in 68%, by estimate", 0.68, (0.55, 1.0)),
    ("z_mean", "truth", "Bias / standard deviation, by truth", 0.0, (-0.75, 0.75)),
)


def subset_names(subsets: dict[str, list[float]]) -> list[str]:
    """Return what each subset is called."""
    result = []
    for trait, ends in subsets.items():
        middle = [f"${low:g}$ to ${high:g}$" for low, high in pairwise(ends)]
        ranges = [f"$< {ends[0]:g}$", *middle, f"$> {ends[-1]:g}$"]
        result += [TRAITS[trait].format(each) for each in ranges]
    return result


def main() -> None:
    """Draw coverage and bias of galaxies of one age, dust, metallicity, distance to the prior's ends, or H-alpha."""
    source = paths.DATA / "validation.h5"
    validation = read_product(source, VALIDATION)
    networks, selections, summaries = (validation.attributes[key] for key in ("networks", "selections", "summaries"))
    labels, subset = subset_names(validation.attributes["subsets"]), validation["subset"]
    heights = range(len(labels))
    figure, axes = parameter_panels(len(ROWS), 4.4, sharey=True, sharex="row")
    for row, (summary, selection, axis, ideal, limits) in zip(axes, ROWS, strict=True):
        at, chosen = summaries.index(summary), selections.index(selection)
        for place, panel in enumerate(row):
            panel.axvline(ideal, color=TRUTH, lw=0.6, ls=":")
            for network, lift in zip(DRAWN, (-0.15, 0.15), strict=True):
                colour, _, marker = NETWORK_STYLES[network]
                value, error = subset[networks.index(network), chosen, :, :, at, place].T
                panel.errorbar(
                    value, [height + lift for height in heights], xerr=error,
                    color=colour, marker=marker, ms=2.6, ls="none", elinewidth=0.8, label=network,
                )  # fmt: skip
                if selection == "truth":
                    expected = subset[networks.index(network), selections.index("expected"), :, 0, at, place]
                    panel.plot(
                        expected, [height + lift for height in heights],
                        color=colour, marker="|", ms=6, ls="none", label=f"{network}, if exact",
                    )  # fmt: skip
            for height in range(3, len(labels), 3):
                panel.axhline(height - 0.5, color=FAINT, lw=0.3)
            panel.set(xlim=limits, ylim=(len(labels) - 0.5, -0.5))
            panel.set_yticks(heights, labels, fontsize=SMALL)
            panel.tick_params(axis="y", length=0)
        row[2].set_xlabel(axis)
    legend_above(figure, axes[-1, 0])
    save(figure, "failures", [source])


if __name__ == "__main__":
    draw(main)

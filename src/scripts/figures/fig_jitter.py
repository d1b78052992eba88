"""Figure `jitter`: how much wider posteriors become by the lookup, against the size of the library."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.plotting import BAND, BLUE, FAINT, GREEN, NPE, TRUTH, draw, legend_above, parameter_panels, save

LAWS = {  # what it is called, colour, dashes
    "predicted": ("exact, convolved with the jitter nearby", BLUE, "-"),
    "independent": ("with that of any pair", GREEN, "--"),
    "members": ("network without limit", FAINT, ":"),
}


def main() -> None:
    """Draw ratios of half-widths to those of exact posteriors, measured and predicted."""
    source = paths.DATA / "jitter.json"
    found = read_json(source)
    sizes, measured = found["sizes"], found["measured"]
    figure, axes = parameter_panels(1, 2.3, sharex=True, sharey=True)
    for panel, name in zip(axes[0], NAMES, strict=True):
        at = {key: [measured[str(size)]["ratio"][key][name] for size in sizes] for key in ("measured", *LAWS)}
        for key, (label, colour, dash) in LAWS.items():
            panel.plot(sizes, [each["value"] for each in at[key]], color=colour, ls=dash, label=label)
        law = [each["value"] for each in at["predicted"]]
        ends = [[value * (1 + sign * found["bar"]) for value in law] for sign in (-1, 1)]
        panel.fill_between(sizes, *ends, color=BAND, lw=0, zorder=0)
        values, errors = ([each[key] for each in at["measured"]] for key in ("value", "error"))
        panel.errorbar(sizes, values, errors, color=NPE, marker="o", ms=3.5, ls="none", capsize=2, label="networks")
        exact = measured["None"]["ratio"]["measured"][name]["value"]
        panel.axhline(exact, color=NPE, lw=0.6, ls="-.", label="network of exact pairs")
        panel.axhline(1, color=TRUTH, lw=0.5, ls=":")
        panel.set(xscale="log", yscale="log", xticks=(1e3, 1e4, 1e5, 1e6))
        panel.minorticks_off()
    axes[0, 0].set(ylabel="Half-width / exact", yticks=(1, 2, 4), yticklabels=("1", "2", "4"))
    figure.supxlabel("Library members", fontsize=8.5)
    legend_above(figure, axes[0, 0])
    save(figure, "jitter", [source])


if __name__ == "__main__":
    draw(main)

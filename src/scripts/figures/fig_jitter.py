"""Figure `jitter`: how much wider posteriors become by the lookup, against the size of the library."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.config.theta import MEANINGS, NAMES
from digs.files.atomic import read_json
from digs.paper.plotting import BAND, COLUMN, FAINT, NETWORK_STYLES, TRUTH, draw, note, save

SHOWN = ("logmass", "dust2")
LAWS = {  # what it is called, colour, dashes
    "predicted": ("exact, with the jitter nearby", TRUTH, "-"),
    "independent": ("exact, with that of any pair", TRUTH, (0, (4, 2))),
    "members": ("a network without limit", FAINT, ":"),
}


def main() -> None:
    """Draw ratios of half-widths to those of exact posteriors, measured and predicted."""
    source = paths.DATA / "jitter.json"
    found = read_json(source)
    sizes, measured = found["sizes"], found["measured"]
    figure, axes = plt.subplots(len(SHOWN), 1, figsize=(COLUMN, 4.2), sharex=True, sharey=True)
    looked_up, _, marker = NETWORK_STYLES["lookup"]
    exact_pairs, dash, _ = NETWORK_STYLES["exact"]
    for panel, name in zip(axes, SHOWN, strict=True):
        at = {key: [measured[str(size)]["ratio"][key][name] for size in sizes] for key in ("measured", *LAWS)}
        for key, (label, colour, dashes) in LAWS.items():
            panel.plot(sizes, [each["value"] for each in at[key]], color=colour, ls=dashes, label=label)
        law = [each["value"] for each in at["predicted"]]
        ends = [[value * (1 + sign * found["bar"]) for value in law] for sign in (-1, 1)]
        panel.fill_between(sizes, *ends, color=BAND, lw=0, zorder=0)
        values, errors = ([each[key] for each in at["measured"]] for key in ("value", "error"))
        look = {"color": looked_up, "marker": marker, "ms": 4, "ls": "none", "capsize": 2, "zorder": 3}
        panel.errorbar(sizes, values, errors, label="networks of looked-up pairs", **look)
        control = measured["None"]["ratio"]["measured"][name]["value"]
        panel.axhline(control, color=exact_pairs, ls=dash, label="network of exact pairs")
        panel.axhline(1, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
        panel.set(xscale="log", yscale="log", xticks=sizes, ylabel="Half-width / exact")
        panel.minorticks_off()
        note(panel, MEANINGS[NAMES.index(name)].label, 0.96)
    axes[0].set(yticks=(1, 2, 4), yticklabels=("1", "2", "4"))
    axes[-1].set_xlabel("Library members")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, columnspacing=1.2, handlelength=2.2)
    save(figure, "jitter", [source])


if __name__ == "__main__":
    draw(main)

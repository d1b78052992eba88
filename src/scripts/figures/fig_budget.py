"""Figure `budget`: the loss of networks that were trained alike on more or fewer distinct theta."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt

from digs.base import paths
from digs.files.atomic import read_json
from digs.paper.plotting import BAND, COLUMN, FAINT, NETWORK_STYLES, draw, save

LINEAR = 0.01  # nat: below this the axis is linear


def main() -> None:
    """Draw the held-out loss, above that of ever new theta, against the number of distinct theta."""
    budget, seeds = (paths.DATA / "studies" / f"{name}.json" for name in ("budget", "seeds"))
    limited = [each for each in read_json(budget)["measured"].values() if "distinct" in each["settings"]]
    chance = [each["loss_above_first"]["value"] for each in read_json(seeds)["measured"].values()]
    figure, axes = plt.subplots(figsize=(COLUMN, 2.3))
    axes.axhspan(min(chance), max(chance), color=BAND, lw=0, label=f"ever new, {len(chance)} seeds")
    axes.axhline(0, color=FAINT, lw=0.5)
    above = [each["loss_above_first"] for each in limited]
    axes.errorbar(
        [each["settings"]["distinct"] for each in limited],
        [each["value"] for each in above],
        [each["error"] for each in above],
        color=NETWORK_STYLES["short"][0], marker=NETWORK_STYLES["short"][2], ms=3.5, lw=0.8, capsize=2,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=LINEAR)
    axes.set_ylim(-LINEAR, 2 * max(each["value"] for each in above))
    axes.set(xlabel=r"Distinct $\theta$", ylabel="Loss above that of ever new ones (nat)")
    axes.legend(loc="upper right")
    save(figure, "budget", [budget, seeds])


if __name__ == "__main__":
    draw(main)

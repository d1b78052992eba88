"""Figure `training`: the loss of the network, epoch by epoch."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

from digs.config.params import load_params
from digs.config.stages.posteriors_settings import PosteriorsSettings
from digs.flows.network_files import NETWORKS, load_record
from digs.paper.plotting import COLUMN, FAINT, NETWORK_STYLES, TRUTH, draw, save

SHOWN_FROM = 0.03  # of the epochs: the losses before would flatten the rest


def main() -> None:
    """Draw the training and held-out loss of the network."""
    network = load_params(PosteriorsSettings).posteriors.network
    training = load_record(network).training
    history = training["history"]
    rate, held_out, used = (np.array(history[key]) for key in ("learning_rate", "held_out_loss", "training_loss"))
    epoch = np.arange(1, len(rate) + 1)
    best = training["best_epoch"]

    figure, (top, bottom) = plt.subplots(2, 1, figsize=(COLUMN, 3.0), sharex=True, height_ratios=(3, 1))
    top.plot(epoch, used, color=FAINT, ls="--", lw=0.9, label="training spectra")
    top.plot(epoch, held_out, color=NETWORK_STYLES[network][0], label="held-out spectra")
    top.plot(best, held_out[best - 1], "*", color=TRUTH, ms=7, ls="none", label=f"best epoch, {best}")
    bottom.step(epoch, rate, where="mid", color=TRUTH)

    first = min(len(epoch) - 1, max(1, round(SHOWN_FROM * len(epoch))))
    low, high = min(held_out.min(), used.min()), max(held_out[first], used[first])
    top.set(ylabel=r"$-\ln q(z\,|\,x)$ (nat)", ylim=(low - 0.07 * (high - low), high))
    figure.legend(loc="outside upper center", ncols=3, columnspacing=1.2, handlelength=1.6)
    bottom.set(xlabel="Epoch", ylabel="Learning rate", yscale="log", xlim=(0.5, len(epoch) + 0.5))
    bottom.set_ylim(rate.min() / 3, rate.max() * 3)
    bottom.yaxis.set_minor_formatter(NullFormatter())
    figure.align_ylabels()
    save(figure, "training", [NETWORKS / f"{network}.json"])


if __name__ == "__main__":
    draw(main)

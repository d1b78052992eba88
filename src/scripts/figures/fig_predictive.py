"""Figure `predictive`: chi-squared of the test set against expectation, and the worst fits."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from digs.base import paths
from digs.config.params import load_params
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.predictive_checks_schema import PREDICTIVE_CHECKS
from digs.paper.plotting import FAINT, MCMC, NETWORK_STYLES, PAGE, TRUTH, WAVELENGTH_LABEL, draw, note, save

DRAWN = {  # which chi-squared: what it is called, colour, dashes of its expectation
    "one_draw": ("one draw by fiducial", NETWORK_STYLES["fiducial"][0], "-"),
    "best_fit": ("best fit", MCMC, "--"),
}
RANGE = (75.0, 210.0)
BINS = 27


def main() -> None:
    """Draw the distributions of chi-squared over the test set, and the pulls of the galaxies that fit worst."""
    sources = [paths.DATA / f"predictive_checks.{suffix}" for suffix in ("h5", "json")]
    checks, measured = read_product(sources[0], PREDICTIVE_CHECKS), read_json(sources[1])["measured"]
    fraction, worst = load_params().noise.fraction, checks["worst"]
    figure = plt.figure(figsize=(PAGE, 2.7))
    grid = figure.add_gridspec(len(worst), 2, width_ratios=(1, 1.35))
    left = figure.add_subplot(grid[:, 0])
    place = np.linspace(*RANGE, 300)
    width = (RANGE[1] - RANGE[0]) / BINS
    for key, (name, colour, dash) in DRAWN.items():
        values, freedom = checks[key], measured[key]["freedom"]
        shown = values.clip(RANGE[0], RANGE[1] - width / 2)  # the last bin has all that is beyond
        left.hist(shown, BINS, range=RANGE, histtype="stepfilled", color=colour, alpha=0.25, lw=0)
        left.hist(shown, BINS, range=RANGE, histtype="step", color=colour, lw=0.9, ls=dash, label=name)
        left.plot(
            place, len(values) * width * stats.chi2.pdf(place, freedom), color=colour, ls=dash, lw=1.4,
            label=rf"$\chi^2_{{{freedom:.4g}}}$",
        )  # fmt: skip
    left.set(xlim=RANGE, xlabel=r"$\chi^2$ of a spectrum", ylabel="Galaxies")
    left.set_ylim(top=1.45 * left.get_ylim()[1])
    left.legend(ncols=2, loc="upper center", columnspacing=1.0, handlelength=1.6)
    pulls = (checks["worst_flux"].astype(float) / checks["worst_fit"] - 1) / fraction
    limit = 1.25 * np.abs(pulls).max()
    axes = [figure.add_subplot(grid[row, 1]) for row in range(len(worst))]
    for panel, galaxy, pull in zip(axes, worst, pulls, strict=True):
        panel.axhspan(-1, 1, color="0.92", lw=0)
        panel.axhline(0, color=FAINT, lw=0.5)
        panel.plot(checks["wavelength"], pull, color=TRUTH, lw=0.5, marker="o", ms=1.6)
        probability = stats.chi2.sf(checks["best_fit"][galaxy], measured["best_fit"]["freedom"])
        note(panel, rf"galaxy {galaxy}: $\chi^2={checks['best_fit'][galaxy]:.0f}$, $p={probability:.2g}$", 0.01, 0.97)
        panel.set(ylim=(-limit, 1.5 * limit), xlim=checks["wavelength"][[0, -1]])
        if panel is not axes[-1]:
            panel.set_xticklabels([])
    axes[-1].set_xlabel(WAVELENGTH_LABEL)
    axes[len(axes) // 2].set_ylabel(r"(data $-$ best fit) / $\sigma$")
    save(figure, "predictive", sources)


if __name__ == "__main__":
    draw(main)

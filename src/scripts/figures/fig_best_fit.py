"""Figure `best_fit`: the spectrum of the galaxy of Fig. 3 and the best models of NPE and MCMC."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes

from digs.base import paths
from digs.config.params import load_params
from digs.files.product import read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import GALAXY_POSTERIOR
from digs.paper.galaxy_of_fig3 import best_draw, best_visited
from digs.paper.plotting import BAND, FAINT, MCMC, NPE, PAGE, TRUTH, WAVELENGTH_LABEL, draw, mark_features, note, save
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE

DRAWS = 1000  # spectra of posterior draws, as in Fig. 3 of Khullar et al. (2022)
LINES = 40  # of them drawn one by one
BEST = {"NPE": (NPE, "-"), "MCMC": (MCMC, "--")}


def draw_over(axes: Axes, wavelength: np.ndarray, models: dict[str, np.ndarray], reference: np.ndarray) -> None:
    """Draw the best models over a reference, in percent."""
    for name, (colour, dashes) in BEST.items():
        axes.plot(wavelength, 100 * (models[name] / reference - 1), color=colour, ls=dashes)
    axes.axhline(0, color=TRUTH, lw=0.5)


def main() -> None:
    """Draw the best-fitting models of the galaxy of Fig. 3 and their residuals."""
    sources = [paths.DATA / f"{name}.h5" for name in ("galaxy", "galaxy_posterior", "chains")]
    galaxy, posterior, chains = map(read_product, sources, (OBSERVATIONS, GALAXY_POSTERIOR, CHAINS))
    wavelength, truth, observed = (galaxy[name] for name in ("wavelength", "flux", "noisy_flux"))
    truth, observed = truth[0].astype(float), observed[0].astype(float)
    params = load_params()
    fraction = params.noise.fraction
    simulator = Simulator(dtype=torch.float64)
    most_probable = best_draw(Prior.over(params.prior), posterior["theta"], posterior["log_prob"])
    best = np.stack([most_probable, best_visited(chains)])
    models = dict(zip(BEST, simulator(torch.as_tensor(best)).numpy(), strict=True))
    draws = simulator(torch.as_tensor(posterior["theta"][:DRAWS])).numpy()
    low, high = np.percentile(draws, (2.5, 97.5), axis=0)

    figure, (top, middle, bottom) = plt.subplots(3, 1, figsize=(PAGE, 4.6), sharex=True, height_ratios=(2.4, 1, 1))
    power = int(np.floor(np.log10(observed.max())))
    unit = 10.0**power
    top.plot(wavelength, draws[:LINES].T / unit, color=FAINT, lw=0.25, alpha=0.5)
    top.fill_between(wavelength, low / unit, high / unit, color=BAND, lw=0, label=f"95% of {DRAWS} NPE draws")
    top.errorbar(
        wavelength, observed / unit, fraction * observed / unit,
        fmt="o", ms=1.8, color=TRUTH, elinewidth=0.5, label=f"observed, noise {fraction:.0%}", zorder=3,
    )  # fmt: skip
    for name, (colour, dashes) in BEST.items():
        top.plot(wavelength, models[name] / unit, color=colour, ls=dashes, label=f"{name}, best draw", zorder=4)
    top.set_ylabel(rf"$F_\lambda$ ($10^{{{power}}}$ erg s$^{{-1}}$ cm$^{{-2}}$ " + "\N{ANGSTROM SIGN}$^{-1}$)")
    top.legend(ncols=2)

    middle.axhspan(-100 * fraction, 100 * fraction, color=BAND, lw=0)
    draw_over(middle, wavelength, models, observed)
    middle.set_ylabel("model / observed\n" + r"$-\,1$ (%)")
    note(middle, rf"grey: $\pm${fraction:.0%} noise", y=0.94)

    bottom.fill_between(wavelength, 100 * (low / truth - 1), 100 * (high / truth - 1), color=BAND, lw=0)
    draw_over(bottom, wavelength, models, truth)
    bottom.set_ylabel("model / truth\n" + r"$-\,1$ (%)")
    worst = ", ".join(f"{name} {100 * np.abs(models[name] / truth - 1).max():.1f}%" for name in BEST)
    note(bottom, f"grey: 95% of NPE draws; largest deviation of the best draws: {worst}", y=0.94)

    mark_features(top)
    for axes in (middle, bottom):
        mark_features(axes, names=False)
        reach = 1.5 * np.abs(axes.get_ylim()).max()
        axes.set_ylim(-reach, reach)
    bottom.set(xlabel=WAVELENGTH_LABEL, xlim=wavelength[[0, -1]])
    figure.align_ylabels()
    save(figure, "best_fit", [*sources, POPULATIONS_FILE, paths.PARAMS])


if __name__ == "__main__":
    draw(main)

"""Figure `seds`: five spectra of the library, as Fig. 1 of Khullar et al. (2022)."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import matplotlib.pyplot as plt
import numpy as np

from digs.base import paths
from digs.config.theta import index
from digs.files.product import read_product
from digs.files.schemas.library_schema import LIBRARY
from digs.paper.plotting import COLUMN, FEATURES, WAVELENGTH_LABEL, draw, mark_features, save

# quantile of the library's ages, and whether the galaxy is to have H-alpha in emission
EXAMPLES = ((0.1, True), (0.3, True), (0.5, False), (0.7, True), (0.9, False))
SIDE = 2  # pixels from H-alpha to its continuum


def emits(wavelength: np.ndarray, flux: np.ndarray) -> np.ndarray:
    """Return whether H-alpha stands above the mean of the continuum on both sides, shape (galaxies,)."""
    line = np.abs(wavelength - FEATURES[r"H$\alpha$"]).argmin()
    return flux[:, line] > (flux[:, line - SIDE] + flux[:, line + SIDE]) / 2


def examples(age: np.ndarray, emission: np.ndarray) -> list[int]:
    """Return the galaxies nearest in age to the quantiles, of the kinds asked for."""
    return [
        int(np.where(emission == wanted, np.abs(age - np.quantile(age, share)), np.inf).argmin())
        for share, wanted in EXAMPLES
    ]


def main() -> None:
    """Draw five spectra of the library."""
    source = paths.DATA / "library.h5"
    library = read_product(source, LIBRARY)
    wavelength, flux, theta = (library[name] for name in ("wavelength", "flux", "theta"))
    emission = emits(wavelength, flux)
    chosen = examples(theta[:, index("tage")], emission)

    figure, axes = plt.subplots(figsize=(COLUMN, 3.5))
    colours = plt.get_cmap("cividis")(np.linspace(0, 0.85, len(chosen)))
    for galaxy, colour in zip(chosen, colours, strict=True):
        logzsol, dust, age = (theta[galaxy, index(name)] for name in ("logzsol", "dust2", "tage"))
        axes.semilogy(
            wavelength,
            flux[galaxy] / np.median(flux[galaxy]),
            color=colour,
            ls="-" if emission[galaxy] else ":",
            lw=0.9 if emission[galaxy] else 1.3,
            label=rf"{age:.2f} Gyr, $\log Z/Z_\odot={logzsol:.2f}$, $\tau_{{\lambda,2}}={dust:.2f}$",
        )
    mark_features(axes)
    axes.set(xlabel=WAVELENGTH_LABEL, ylabel=r"$F_\lambda$ / median", xlim=wavelength[[0, -1]])
    figure.legend(loc="outside lower center", handlelength=2.4, labelspacing=0.25)
    save(figure, "seds", [source])


if __name__ == "__main__":
    draw(main)

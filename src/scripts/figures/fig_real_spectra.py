"""Figure `real_spectra`: spectra of real galaxies with fits and residuals, and what several codes make of them."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

from digs.base import paths
from digs.files.atomic import read_json
from digs.files.product import Product, read_product
from digs.files.schemas.real_spectra_schema import REAL_SPECTRA
from digs.inference.other_codes.code_answer import BAGPIPES, BINNED, DELAYED, PPXF
from digs.paper.plotting import BAND, NESTED, NETWORK_STYLES, PAGE, SMALL, WAVELENGTH_LABEL, draw, save

DIGS, _, _ = NETWORK_STYLES["fiducial"]
STYLES = {  # of codes: colour, marker, marker's face
    DELAYED: (DIGS, "D", DIGS),
    BINNED: (DIGS, "D", "white"),
    BAGPIPES: (NESTED, "s", NESTED),
    PPXF: ("#117733", "o", "#117733"),
}
OFFSETS = {DELAYED: 8.0, BAGPIPES: 0.0, PPXF: -8.0}  # sigma, of the fits whose residuals are drawn
PANELS = {"logmass": r"$\log_{10}M/M_\odot$", "age": "Age (Gyr)"}
CLIP = 4.0  # sigma
UNIT = 1e-17
FLUX_LABEL = "$F_\\lambda$ ($10^{-17}$ erg s$^{-1}$\ncm$^{-2}$ \N{ANGSTROM SIGN}$^{-1}$)"
HEIGHT = 1.75  # inches, of a galaxy


def draw_spectrum(axes: Axes, product: Product, row: int, title: str) -> None:
    """Draw the spectrum, and the band of the posterior."""
    wavelength = product["wavelength"][row]
    low, median, high = product["digs"][row] / UNIT
    axes.plot(wavelength, product["flux"][row] / UNIT, color=BAND, lw=2.2)
    axes.fill_between(wavelength, low, high, color=DIGS, alpha=0.35, lw=0)
    axes.plot(wavelength, median, color=DIGS, lw=0.6)
    top = 1.3 * np.quantile(product["flux"][row] / UNIT, 0.99)  # room for the title
    axes.set(xlim=(wavelength[0], wavelength[-1]), ylim=(0, top))
    axes.text(0.015, 0.93, title, transform=axes.transAxes, va="top", fontsize=SMALL)
    axes.tick_params(labelbottom=False)


def draw_residuals(axes: Axes, product: Product, row: int) -> None:
    """Draw what the codes' best fits leave, in units of the bins' noise, above one another, on bands of 1 sigma."""
    codes = product.attributes["codes"]
    for code, offset in OFFSETS.items():
        pull = (product["flux"][row] - product["fits"][row, codes.index(code)]) / product["sigma"][row]
        axes.axhspan(offset - 1, offset + 1, color=BAND, lw=0)
        axes.plot(product["wavelength"][row], offset + pull.clip(-CLIP, CLIP), color=STYLES[code][0], lw=0.6)
    axes.set(xlim=product["wavelength"][row][[0, -1]], ylim=(-13, 13), yticks=[])


def draw_codes(axes: Axes, codes: Mapping[str, Any], quantity: str, labels: bool) -> None:
    """Draw what each code finds, with its 68% interval."""
    for place, (code, answer) in enumerate(codes.items()):
        low, median, high = answer["percentiles"][quantity]
        colour, marker, face = STYLES[code]
        axes.errorbar(
            median, -place, xerr=[[median - low], [high - median]],
            color=colour, marker=marker, ms=3.5, mfc=face, lw=1.0, capsize=2,
        )  # fmt: skip
    axes.set(ylim=(0.6 - len(codes), 0.4))
    axes.set_yticks([-place for place in range(len(codes))], list(codes) if labels else [])
    for text, code in zip(axes.get_yticklabels(), codes, strict=labels):
        text.set_color(STYLES[code][0])
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.15)
    axes.xaxis.set_major_locator(plt.MaxNLocator(3, steps=[1, 2, 5, 10]))


def panels(figure: Figure, galaxies: int) -> list[tuple[Axes, Axes, Sequence[Axes]]]:
    """Return for each galaxy the axes of the spectrum, of the residuals, and of PANELS."""
    grid = GridSpec(2 * galaxies, 1 + len(PANELS), figure, width_ratios=(4, 1, 1), height_ratios=(1.7, 1) * galaxies)
    found = []
    for row in range(galaxies):
        ends = slice(2 * row, 2 * row + 2)
        right = [figure.add_subplot(grid[ends, 1 + place]) for place in range(len(PANELS))]
        found.append((figure.add_subplot(grid[2 * row, 0]), figure.add_subplot(grid[2 * row + 1, 0]), right))
    return found


def settle_layout(figure: Figure) -> None:
    """Fix where the axes are, whose last bit the layout's solver leaves to chance; names in the SVG hang on it."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        axes.set_position(np.round(axes.get_position().bounds, 6))


def main() -> None:
    """Draw each galaxy's spectrum with the fits' residuals, and beside it masses and ages of all codes."""
    sources = [paths.DATA / "real_spectra.h5", paths.DATA / "real_spectra.json"]
    product, found = read_product(sources[0], REAL_SPECTRA), read_json(sources[1])["measured"]
    figure = plt.figure(figsize=(PAGE, HEIGHT * len(found) + 0.35))
    for row, ((name, galaxy), (above, below, right)) in enumerate(
        zip(found.items(), panels(figure, len(found)), strict=True)
    ):
        draw_spectrum(above, product, row, f"{name}, $z={galaxy['redshift']:.4f}$")
        draw_residuals(below, product, row)
        for axes, (quantity, label) in zip(right, PANELS.items(), strict=True):
            draw_codes(axes, galaxy["codes"], quantity, labels=quantity == "logmass")
            if row == len(found) - 1:
                axes.set_xlabel(label)
        above.set_ylabel(FLUX_LABEL, fontsize=SMALL)
        below.set_ylabel("Residuals", fontsize=SMALL)
    below.set_xlabel(WAVELENGTH_LABEL)
    figure.align_ylabels()
    settle_layout(figure)
    save(figure, "real_spectra", sources)


if __name__ == "__main__":
    draw(main)

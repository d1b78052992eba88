"""Figures of one galaxy's posterior: corner plot, fit with residuals, star formation history."""

from collections.abc import Sequence

import corner
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digs.base.statistics import weighted_quantiles
from digs.config.theta import MEANINGS

_LEVELS = (0.68, 0.95)  # of the contours: shares of the draws
_SHOWN = (0.001, 0.999)  # quantiles of the draws that panels reach to
_BINS = 24
_DATA, _MODEL = "0.45", "#D55E00"
_BAND = (0.16, 0.5, 0.84)
_CLIP = 5.5  # sigma, what a panel of residuals shows
_ANGSTROM = "\N{ANGSTROM SIGN}"
_FLUX = "Flux density\n(erg s$^{-1}$ cm$^{-2}$ " + _ANGSTROM + "$^{-1}$)"
_LABELS = {meaning.name: meaning.axis_label for meaning in MEANINGS}


def corner_figure(draws: np.ndarray, weight: np.ndarray, names: Sequence[str], labels: bool = True) -> Figure:
    """Return a corner plot of weighted draws, with 68 and 95% contours and medians with 68% intervals above columns.

    Args:
        draws: shape (draws, P).
        weight: shape (draws,).
        names: of the P columns.
    """
    figure = Figure(figsize=(1.5 * len(names) + 0.8,) * 2)
    ends = weighted_quantiles(draws, weight, _SHOWN)
    margin = 0.05 * np.ptp(ends, axis=0) + 1e-9 * (1 + np.abs(ends[0]))
    corner.corner(
        draws,
        weights=weight,
        fig=figure,
        bins=_BINS,
        range=list(zip(ends[0] - margin, ends[1] + margin, strict=True)),
        smooth=1.0,
        levels=_LEVELS,
        color=_MODEL,
        plot_datapoints=False,
        plot_density=False,
        fill_contours=True,
        hist_kwargs={"density": True},
        labels=[_LABELS.get(name, name) for name in names],
        max_n_ticks=3,
        labelpad=0.08,
    )
    panels = np.array(figure.axes).reshape(len(names), len(names))
    for place, (low, median, high) in enumerate(weighted_quantiles(draws, weight, _BAND).T):
        digits = max(0, 1 - int(np.floor(np.log10(max(high - low, 1e-9)))))
        panels[place, place].set_title(
            rf"${median:.{digits}f}^{{+{high - median:.{digits}f}}}_{{-{median - low:.{digits}f}}}$", fontsize="medium"
        )
    return figure


def fit_figure(
    wavelength: np.ndarray, flux: np.ndarray, sigma: np.ndarray, model: np.ndarray, weight: np.ndarray, title: str
) -> Figure:
    """Return a spectrum with the model's, and their difference in units of sigma below it.

    The line is the median of the model's spectra in each pixel; the band holds 68% of them. Pixels without a finite
    flux and a positive, finite sigma are gaps.

    Args:
        wavelength, flux, sigma: shape (pixels,); in Angstrom and erg/s/cm2/Angstrom.
        model: spectra of the draws, shape (draws, pixels).
        weight: of the draws, shape (draws,).
        title: above the panels.
    """
    seen = np.isfinite(flux) & np.isfinite(sigma) & (sigma > 0)
    flux, sigma = np.where(seen, flux, np.nan), np.where(seen, sigma, np.nan)
    low, median, high = weighted_quantiles(model, weight, _BAND)
    figure = Figure(figsize=(7.1, 3.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    upper.fill_between(wavelength, flux - sigma, flux + sigma, color=_DATA, alpha=0.25, lw=0, step="mid")
    upper.plot(wavelength, flux, color=_DATA, lw=0.8, drawstyle="steps-mid", label="observed")
    upper.fill_between(wavelength, low, high, color=_MODEL, alpha=0.4, lw=0)
    upper.plot(wavelength, median, color=_MODEL, lw=0.8, label="model, median and 68%")
    upper.set(ylabel=_FLUX, title=title)
    _show(upper, np.concatenate([flux, median]))
    upper.legend(frameon=False, fontsize="small")
    pull = (flux - median) / sigma
    for level in (-1, 0, 1):
        lower.axhline(level, color="0.7" if level else _MODEL, lw=0.8, zorder=0)
    lower.plot(wavelength, pull.clip(-_CLIP, _CLIP), ".", color=_DATA, ms=2.5)
    lower.set(ylim=(-_CLIP - 0.4, _CLIP + 0.4), ylabel=r"Difference ($\sigma$)", xlabel=f"Wavelength ({_ANGSTROM})")
    figure.align_ylabels()
    return figure


def _show(axes: Axes, values: np.ndarray) -> None:
    """Set limits that single pixels do not."""
    low, high = np.nanquantile(values, (0.002, 0.998))
    margin = 0.12 * (high - low)
    axes.set_ylim(low - margin, high + 2 * margin)


def history_figure(lookback: np.ndarray, rates: np.ndarray, weight: np.ndarray, title: str) -> Figure:
    """Return star formation rates against lookback time: the median, and bands that hold 68% and 95% of the draws.

    Args:
        lookback: times in Gyr, shape (times,).
        rates: of the draws, in solar masses a year, shape (draws, times).
        weight: of the draws, shape (draws,).
        title: above the panel.
    """
    outer_low, low, median, high, outer_high = weighted_quantiles(rates, weight, (0.025, *_BAND, 0.975))
    figure = Figure(figsize=(4.2, 3.0), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(lookback, outer_low, outer_high, color=_MODEL, alpha=0.2, lw=0, label="95%")
    axes.fill_between(lookback, low, high, color=_MODEL, alpha=0.4, lw=0, label="68%")
    axes.plot(lookback, median, color=_MODEL, lw=1.0, label="median")
    axes.set(
        xlabel="Lookback time (Gyr)",
        ylabel=r"Star formation rate ($M_\odot\,{\rm yr}^{-1}$)",
        xlim=(0, lookback[-1]),
        ylim=(0, 1.08 * outer_high.max()),
        title=title,
    )
    axes.legend(frameon=False, fontsize="small")
    return figure

"""A figure of the distribution of parameters over a catalogue, a panel each."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digs.base.statistics import weighted_quantiles
from digs.inference.engine.column_meanings import axis_label, column_meaning
from digs.inference.population.interim_draws import InterimDraws

_WIDTH, _PANEL = 3.5, 2.3  # inches
_BANDS = (("95%", 0.2), ("68%", 0.4))
_POPULATION, _MEDIANS = "#0072B2", "0.45"
_BINS = 20  # of the medians' histogram


def population_figure(densities: Mapping[str, tuple[np.ndarray, np.ndarray]], draws: InterimDraws) -> Figure:
    """Return densities of a population with bands that hold 68% and 95%, and the histogram of galaxies' medians.

    Args:
        densities: by parameter, places and quantiles there: 0.025, 0.16, 0.5, 0.84, 0.975, shape (5, places); places
            that are one more than quantiles are the edges of bins.
        draws: of the galaxies.
    """
    figure = Figure(figsize=(_WIDTH, _PANEL * len(densities)), layout="constrained")
    panels = figure.subplots(len(densities), 1, squeeze=False)[:, 0]
    for axes, (name, (places, quantiles)) in zip(panels, densities.items(), strict=True):
        _bands(axes, places, quantiles)
        ends = (places[0], places[-1])
        bins = places if len(places) > quantiles.shape[1] else np.linspace(*ends, _BINS + 1)
        counts, _ = np.histogram(_medians(draws, name), bins)
        density = counts / len(draws.rows) / np.diff(bins)
        axes.stairs(density, bins, color=_MEDIANS, lw=1.0, ls="--", label="medians of galaxies")
        axes.set(xlabel=axis_label(name), ylabel=f"Density{_per(column_meaning(name).unit)}", xlim=ends)
        axes.set_ylim(0, 1.4 * max(quantiles[-1].max(), density.max()))
    panels[0].legend(frameon=False, fontsize="small", ncols=2, columnspacing=1.0, handlelength=1.5)
    return figure


def _bands(axes: Axes, places: np.ndarray, quantiles: np.ndarray) -> None:
    """The median, and the bands around it, as lines or as bins."""
    binned = len(places) > quantiles.shape[1]
    drawn = [np.append(each, each[-1]) for each in quantiles] if binned else list(quantiles)
    step = {"step": "post"} if binned else {}
    for (label, alpha), low, high in zip(_BANDS, drawn[:2], drawn[:2:-1], strict=True):
        axes.fill_between(places, low, high, color=_POPULATION, alpha=alpha, lw=0, label=label, **step)
    style = {"drawstyle": "steps-post"} if binned else {}
    axes.plot(places, drawn[2], color=_POPULATION, lw=1.2, label="population", **style)


def _medians(draws: InterimDraws, name: str) -> np.ndarray:
    """Of the galaxies' draws as they are without the population, under a flat prior."""
    place = draws.names.index(name)
    return np.concatenate(
        [
            [
                weighted_quantiles(*each, (0.5,))[0, 0]
                for each in zip(draws.values[rows][..., [place]], draws.share(rows), strict=True)
            ]
            for rows in draws.blocks
        ]
    )


def _per(unit: str) -> str:
    return rf" ({unit}$^{{-1}}$)" if unit else ""

"""The figure of an entry's scores: how posteriors differ from exact ones, and where the truths lie."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from digs.config.theta import NAMES
from digs.diagnostics.ranks import uniform_cdf_band
from digs.diagnostics.scores.scoring import Scores
from digs.paper.plotting import BAND, ORANGE, parameter_panels, style

_BINS = 31


_BEYOND = 1.6  # times the range that 98% of an exact entry's galaxies have, which is shown


_LEVELS = np.linspace(0, 1, 51)


_IN_BAND = 0.99  # of the ranks of an exact entry, at each level


_TITLE = 8.5  # points, or less, where a name would not fit


_FULL = 0.9  # of the width of the figure, that the title may have; letters are some percent wider on other devices


_DOTS = 200  # an inch


_LETTERS = ["STIXGeneral", "DejaVu Sans"]  # the second for what the first has not


def _histogram(axes: Axes, found: np.ndarray, expected: np.ndarray) -> None:
    """What an entry has, and what an exact one has; what lies beyond the panel is in its outermost bins."""
    low, high = np.quantile(np.concatenate([expected, found]), (0.01, 0.99))
    middle, half = (low + high) / 2, max(high - low, 1e-6) * _BEYOND / 2
    edges = np.linspace(middle - half, middle + half, _BINS + 1)
    for values, label, look in (
        (expected, "exact, by chance", {"color": BAND, "histtype": "stepfilled"}),
        (found, "entry", {"color": ORANGE, "histtype": "step", "lw": 1.2}),
    ):
        axes.hist(np.clip(values, edges[0], edges[-1]), edges, label=label, **look)
    axes.set(xlim=(edges[0], edges[-1]), yticks=[])
    axes.locator_params(axis="x", nbins=4)
    axes.axvline(0, color="black", lw=0.5, ls=":")


def _ranks(axes: Axes, probability: np.ndarray, band: np.ndarray) -> None:
    share = (probability[:, None] <= _LEVELS).mean(0)
    axes.fill_between(_LEVELS, *(band - _LEVELS), color=BAND, lw=0)
    axes.plot(_LEVELS, share - _LEVELS, color=ORANGE)
    axes.axhline(0, color="black", lw=0.5, ls=":")
    axes.set(xlim=(0, 1), xticks=(0, 0.5, 1), xticklabels=("0", "0.5", "1"))


@contextmanager
def _any_letters() -> Iterator[None]:
    """Draw names in whatever letters there are; those that no font has become boxes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def draw_scores(scores: Scores, files: list[Path]) -> None:
    """Write the figure to files, whose suffixes say how."""
    curves = scores.curves
    truths = curves.probability is not None
    with style(), plt.rc_context({"font.family": _LETTERS}), _any_letters():
        figure, axes = parameter_panels(2 + truths, 1.55 * (2 + truths) + 0.5)
        if truths:
            band = np.stack(uniform_cdf_band(scores.galaxies, _LEVELS, _IN_BAND))
            limit = 1.3 * max(np.abs(band - _LEVELS).max(), _largest_departure(curves.probability))
        for place in range(len(NAMES)):
            found, expected = curves.differences, curves.expected
            _histogram(axes[0, place], found.shift[:, place], expected.shift[:, place])
            _histogram(axes[1, place], found.log_half[:, place], expected.log_half[:, place])
            axes[0, place].set_xlabel("shift / half-width", labelpad=1)
            axes[1, place].set_xlabel("ln width ratio", labelpad=1)
            if truths:
                _ranks(axes[2, place], curves.probability[:, place], band)
                axes[2, place].set(ylim=(-limit, limit), xlabel="rank of truth")
                axes[2, place].tick_params(labelleft=place == 0)
        axes[0, 0].set_ylabel("galaxies")
        axes[1, 0].set_ylabel("galaxies")
        if truths:
            axes[2, 0].set_ylabel("share below, less rank")
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
        title = figure.suptitle(f"{scores.label}, track {scores.track}", fontsize=_TITLE, parse_math=False)
        title.set_fontsize(_TITLE * min(1, _FULL * figure.bbox.width / title.get_window_extent().width))
        for file in files:
            figure.savefig(file, dpi=_DOTS, metadata={"CreationDate": None} if file.suffix == ".pdf" else None)
        plt.close(figure)


def _largest_departure(probability: np.ndarray) -> float:
    return float(np.abs((probability.T[:, :, None] <= _LEVELS).mean(1) - _LEVELS).max())

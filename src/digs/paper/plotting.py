"""The look of all figures, and how figures and the rows of tables are saved.

The look is matplotlib's own with STYLE over it, whatever a user's matplotlibrc says, and only while a figure is drawn.

One colour has one meaning in all figures. Networks have Okabe and Ito's (2008) colours, which colour-blind readers tell
apart, and the fiducial one the most striking; methods without a network are grey, violet and olive, and parameters dark
tones. Lines also differ in dashes or markers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from digs.base import paths
from digs.base.command import run
from digs.base.git import git_commit
from digs.config.theta import MEANINGS, NAMES, Parameter
from digs.files.atomic import md5, replacing, write_json, write_text
from digs.paper.figure_contents import drawn

COLUMN, PAGE = 3.35, 7.1  # inches: AASTeX's one and two columns


SMALL = 7.0  # points: the smallest text


AMBER, SKY, GREEN, BLUE, ORANGE, PURPLE = "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"


NPE = PURPLE  # networks that have no colour of their own below


TRUTH = "black"


MCMC, GRID, MIXTURES, NESTED = "0.35", "#5D3A9B", "#997700", "0.62"  # methods without a network


LIMIT = "0.2"  # what a test must keep


BAND, FAINT = "0.85", "0.55"  # what is allowed or expected; guides


# of each parameter, in the order of theta
COLOURS = dict(zip(NAMES, ("#222255", "#225555", "#666633", "#663333", "#777777"), strict=True))


DASHES = dict(zip(NAMES, ("-", "--", "-.", ":", (0, (3, 1, 1, 1, 1, 1))), strict=True))


# of networks, by what the paper calls them: colour, dashes, marker
NETWORK_STYLES = {
    "lookup": (BLUE, "--", "o"),
    "paper": (AMBER, ":", "s"),
    "exact": (GREEN, "-.", "^"),
    "fiducial": (ORANGE, "-", "D"),
    "short": (SKY, (0, (3, 1, 1, 1)), "v"),
    "wide": ("#882255", (0, (5, 2)), "<"),
}


WAVELENGTH_LABEL = "Rest-frame wavelength (\N{ANGSTROM SIGN})"


FEATURES = {  # Angstrom, in vacuum
    r"4000$\,$" + "\N{ANGSTROM SIGN} break": 4000.0,
    r"H$\beta$": 4862.7,
    "[O III]": 5008.2,
    r"H$\alpha$": 6564.6,
}


STYLE = {
    "axes.labelsize": 8.5,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.5,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.h_pad": 0.02,
    "figure.constrained_layout.w_pad": 0.02,
    "font.family": "STIXGeneral",
    "font.size": 8.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.0,
    "mathtext.fontset": "stix",
    "patch.linewidth": 0.6,
    "pdf.fonttype": 42,
    "xtick.direction": "in",
    "xtick.labelsize": 7.5,
    "xtick.top": True,
    "ytick.direction": "in",
    "ytick.labelsize": 7.5,
    "ytick.right": True,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the look of all figures, and on no screen; afterwards the caller's look is as it was."""
    with matplotlib.rc_context(matplotlib.rcParamsDefault | STYLE):
        plt.switch_backend("Agg")
        yield


def draw(main: Callable[[], None]) -> None:
    """Run the main function of a figure's script, as `run` does, in the look of all figures."""
    run(style()(main))


def parameter_panels(rows: int, height: float, **options) -> tuple[Figure, np.ndarray]:
    """Return a figure as wide as the page, with a titled column of panels for each parameter, and axes, (rows, 5)."""
    figure, axes = plt.subplots(rows, len(MEANINGS), figsize=(PAGE, height), squeeze=False, **options)
    for panel, meaning in zip(axes[0], MEANINGS, strict=True):
        panel.set_title(meaning.label)
    return figure, axes


def legend_above(figure: Figure, axes: Axes) -> None:
    """Put one panel's legend in a row above all panels."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(handles))


def note(axes: Axes, text: str, x: float = 0.04, y: float = 0.96, **options) -> None:
    """Write small text in a corner of a panel, at the corner nearest to (x, y) in units of the panel."""
    place = {"ha": "left" if x < 0.5 else "right", "va": "bottom" if y < 0.5 else "top"}
    veil = {"bbox": {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.7}}
    axes.text(x, y, text, transform=axes.transAxes, **({"fontsize": SMALL} | place | veil | options))


_NEAR = 200.0  # Angstrom between features whose names would meet


def mark_features(axes: Axes, names: bool = True, features: Mapping[str, float] = FEATURES) -> None:
    """Draw thin lines at the spectral features that one talks about, with their names above the panel.

    Args:
        features: wavelengths in Angstrom by their names.
    """
    for name, wavelength in features.items():
        axes.axvline(wavelength, color=FAINT, lw=0.5, ls=(0, (1, 2)), zorder=0)
        if names:
            # neighbours lean away from one another
            before, after = (
                any(0 < sign * (wavelength - other) < _NEAR for other in features.values()) for sign in (1, -1)
            )
            side = "left" if before else "right" if after else "center"
            axes.annotate(
                name, (wavelength, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
                ha=side, va="bottom", fontsize=SMALL,
            )  # fmt: skip


def prior_limits(axes: Axes, parameter: Parameter, which: str = "x") -> None:
    """Return the limits of an axis: the parameter's prior range and a little more."""
    margin = 0.04 * (parameter.high - parameter.low)
    axes.set(**{f"{which}lim": (parameter.low - margin, parameter.high + margin)})


def save(figure: Figure, name: str, sources: Sequence[Path]) -> None:
    """Write a figure to the folder of figures: NAME.pdf, NAME.svg for the web, and as NAME.json what it shows.

    The same bytes for the same data and commit. The PDF's metadata say which script drew it, of which commit, and from
    which files.

    Args:
        sources: the files that it was drawn from; their names and hashes (as in dvc.lock) go into the PDF's keywords.
    """
    commit = git_commit()
    of_commit = "" if commit == "unknown" else f" of commit {commit}"
    metadata = {
        "Title": f"DIGS: {name}",
        "Author": "The DIGS developers",
        "Subject": f"Drawn by src/scripts/figures/fig_{name}.py{of_commit}",
        "Keywords": "; ".join(f"{paths.shown(path)} md5 {md5(path)}" for path in sources),
        "CreationDate": None,
    }
    write_json(paths.FIGURES / f"{name}.json", drawn(figure))
    with replacing(paths.FIGURES / f"{name}.pdf") as temporary:
        figure.savefig(temporary, metadata=metadata)
    with replacing(paths.FIGURES / f"{name}.svg") as temporary, plt.rc_context({"svg.hashsalt": name}):
        figure.savefig(temporary, metadata={"Date": None})
    plt.close(figure)


def save_rows(name: str, rows: Sequence[Sequence[str]]) -> None:
    """Write the rows of a table, what goes between AASTeX's \\startdata and \\enddata, as output/NAME.tex."""
    text = " \\\\\n".join(" & ".join(row) for row in rows)
    write_text(paths.OUTPUT / f"{name}.tex", text + "\n")

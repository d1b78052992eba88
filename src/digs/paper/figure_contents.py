"""The numbers that a figure shows, read back from matplotlib, small enough to be tracked and compared.

Every artist gives an entry: what it is, its texts, and its coordinates as the means of a few consecutive blocks, with a
hash of them all. The hash says whether two drawings are the same to the last bit; the means whether they are the same
to a tolerance, on a machine that rounds otherwise.
"""

import hashlib
from collections.abc import Iterator

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from typing_extensions import TypedDict

BLOCKS = 8  # of each coordinate


DIGITS = 7  # significant ones of each mean


class Entry(TypedDict, total=False):
    """What is kept of an artist: its texts, how many points it has, a hash of them, and means of blocks of them."""

    text: str | list[str]
    points: int
    md5: str
    means: list[float]


def _numbers(columns: np.ndarray) -> Entry:
    """Of coordinates, shape (points, coordinates): how many, a hash, and the means of BLOCKS blocks of each."""
    columns = np.ascontiguousarray(np.ma.filled(np.ma.asarray(columns, float), np.nan))
    blocks = [block[np.isfinite(block)] for column in columns.T for block in np.array_split(column, BLOCKS)]
    return {
        "points": len(columns),
        "md5": hashlib.md5(columns.tobytes(), usedforsecurity=False).hexdigest()[:8],
        "means": [float(f"{block.mean():.{DIGITS - 1}e}") for block in blocks if block.size],
    }


def _colour(artist: Artist) -> str:
    """The colour that an artist has most of."""
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color())
    for colours in (artist.get_facecolor(), artist.get_edgecolor()):
        colours = np.atleast_2d(colours)
        if colours.size and colours[0, -1] > 0:
            return to_hex(colours[0])
    return "none"


def _line(line: Line2D) -> Entry:
    return _numbers(np.column_stack(line.get_data(orig=False)))


def _patch(patch: Patch) -> Entry:
    return _numbers(patch.get_patch_transform().transform(patch.get_path().vertices))


def _collection(collection: Collection) -> Entry:
    vertices = [path.vertices for path in collection.get_paths()]
    return _numbers(np.concatenate([*vertices, np.ma.filled(collection.get_offsets(), np.nan)]))


def _image(image: AxesImage) -> Entry:
    return _numbers(np.asarray(image.get_array(), float).reshape(-1, 1))


def _text(text: Text) -> Entry:
    return {"text": text.get_text(), **_numbers(np.array([text.get_position()], float))}


def _legend(legend: Legend) -> Entry:
    return {"text": [text.get_text() for text in legend.get_texts()]}


def _frame(axes: Axes) -> Entry:
    words = [axes.get_xlabel(), axes.get_ylabel(), axes.get_title(), axes.get_xscale(), axes.get_yscale()]
    return {"text": words, **_numbers(np.array([axes.get_xlim(), axes.get_ylim()]))}


def _grids(axes: Axes) -> list[str]:
    """Return the axes of a panel, as `x major`, whose ticks have lines across it."""
    sides = {"x": axes.xaxis, "y": axes.yaxis}
    return [
        f"{name} {which}"
        for name, side in sides.items()
        for which in ("major", "minor")
        if side.get_tick_params(which).get("gridOn")
    ]


def _artists(owner: Axes | Figure) -> Iterator[tuple[str, Entry]]:
    """What lies in a panel or on the figure itself, in the order of drawing."""
    for kind, items, read in (
        ("line", owner.lines, _line),
        ("patch", owner.patches, _patch),
        ("collection", getattr(owner, "collections", ()), _collection),
        ("image", owner.images, _image),
    ):
        for place, item in enumerate(items):
            label = item.get_label()
            # matplotlib counts the artists that have no label of their own
            named = "" if str(label).startswith("_") else f" '{label}'"
            colour = "" if kind == "image" else f" {_colour(item)}"
            yield f"{kind} {place}{colour}{named}", read(item)
    legends = owner.legends if isinstance(owner, Figure) else filter(None, [owner.get_legend()])
    for kind, items, read in (("text", owner.texts, _text), ("legend", legends, _legend)):
        for place, item in enumerate(items):
            yield f"{kind} {place}", read(item)


def drawn(figure: Figure) -> dict[str, Entry]:
    """Return everything that a figure shows, by panel and artist."""
    found = {f"figure: {name}": entry for name, entry in _artists(figure)}
    for place, axes in enumerate(figure.axes):
        found[f"panel {place}: frame"] = _frame(axes)
        if grids := _grids(axes):
            found[f"panel {place}: grid"] = {"text": grids}
        found |= {f"panel {place}: {name}": entry for name, entry in _artists(axes)}
    return found

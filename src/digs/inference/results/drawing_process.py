"""A second process that draws corner plots: each of them takes about as long as a posterior.

Where there is none, or where it is lost, they are drawn here. The pictures are the same, as long as nobody has changed
matplotlib's settings.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from digs.base.child_process import begin_child
from digs.inference.results.posterior_figures import corner_figure

DPI = 150  # of all pictures


@contextmanager
def drawing_process() -> Iterator[Executor]:
    """Give a process that draws, which gets ready while the block goes on."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=begin_child) as executor:
        corner_in(executor)
        yield executor


def corner_in(executor: Executor | None, *shown: object) -> Callable[[], None]:
    """Begin to draw a corner plot in another process, and return what waits for it, or draws it where that failed.

    Args:
        executor: of drawing_process; None to draw it here when it is waited for.
        shown: as of corner_picture; nothing to have the process start alone.
    """
    work = partial(corner_picture, *shown) if shown else _nothing
    try:
        drawn = None if executor is None else executor.submit(work)
    except (BrokenExecutor, OSError):
        drawn = None
    if drawn is None:
        return work

    def finished() -> None:
        try:
            drawn.result()
        except BrokenExecutor:
            work()

    return finished


def _nothing() -> None:
    """What makes a process start, and import this module."""


def corner_picture(path: Path, columns: np.ndarray, weight: np.ndarray, labels: Sequence[str]) -> None:
    """Write a corner plot as a PNG file.

    Args:
        path: of the file.
        columns, weight, labels: as of corner_figure.
    """
    corner_figure(columns, weight, labels).savefig(path, dpi=DPI)

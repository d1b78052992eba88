"""A second process that draws corner plots: each of them takes about as long as a posterior.

Where there is none, `corner_picture` is called here; the pictures are the same to the byte.
"""

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from digs.inference.results.posterior_figures import corner_figure

DPI = 150  # of all pictures


@contextmanager
def drawing_process() -> Iterator[Executor]:
    """Give a process that will be ready to draw by the time that a first posterior is."""
    # Ctrl-C in a terminal reaches it, too; what it draws then shall be finished
    deaf = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with ProcessPoolExecutor(1, get_context("spawn"), **deaf) as executor:
        executor.submit(_ready)
        yield executor


def _ready() -> None:
    """What makes the process start, and import this module."""


def corner_picture(path: Path, columns: np.ndarray, weight: np.ndarray, labels: Sequence[str]) -> None:
    """Write a corner plot as a PNG file.

    Args:
        path: of the file.
        columns, weight, labels: as of corner_figure.
    """
    corner_figure(columns, weight, labels).savefig(path, dpi=DPI)

"""Functions that numba compiles, and the threads that they run on."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FunctionType
from typing import Any

import numba
import torch


def compiled(function: Callable, **options) -> Callable:
    """Return a function that numba compiles when it is first called, kept for the next process if files can be written.

    Args:
        options: of numba.njit, in place of those that make loops fast.
    """
    options = {"fastmath": True, "error_model": "numpy"} | options
    if options.get("parallel"):
        function = _renamed(function, "_on_threads")
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither beside its file nor in the home
        return numba.njit(**options)(function)


def _renamed(function: Callable, suffix: str) -> Callable:
    """The same function under another name: numba keeps one compilation of each, whatever it was asked for."""
    other = FunctionType(function.__code__, function.__globals__, function.__name__ + suffix, function.__defaults__)
    other.__module__, other.__qualname__ = function.__module__, function.__qualname__ + suffix
    return other


def compiled_strictly(function: Callable, **options) -> Callable:
    """Return a compiled function in which every operation is rounded as it is written, in whatever loop it ends up.

    Neither the number of threads nor where a number stands in an array changes what comes out, by a single bit.
    """
    return compiled(function, **{"fastmath": False} | options)


def on_threads(alone: Callable, together: Callable, *arguments: Any) -> Any:
    """Call a function by as many threads as torch has; numba's own number of threads is the caller's, and stays so.

    Args:
        alone: the function compiled for one thread.
        together: the same for several.
    """
    threads = min(torch.get_num_threads(), numba.config.NUMBA_NUM_THREADS)
    if threads == 1:  # no threads are started, which a forked process could not
        return alone(*arguments)
    before = numba.get_num_threads()
    numba.set_num_threads(threads)
    try:
        return together(*arguments)
    finally:
        numba.set_num_threads(before)


def in_parts(work: Callable[[slice], None], number: int, size: int) -> None:
    """Do work on a number of rows, in slices of a size, by as many threads as torch has.

    All threads run the same code, which on_threads cannot promise: numba compiles it anew for its own threads.

    Args:
        work: what leaves Python's lock to the others while it lasts (numba's option nogil).
    """
    parts = [slice(first, min(first + size, number)) for first in range(0, number, size)]
    threads = min(torch.get_num_threads(), len(parts))
    if threads <= 1:  # none is started, which a forked process could not wait for
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, parts))

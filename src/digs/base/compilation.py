"""Functions that numba compiles, and the threads that they run on."""

from collections.abc import Callable
from typing import Any

import numba
import torch


def compiled(function: Callable, **options) -> Callable:
    """Return a function that numba compiles when it is first called, kept for the next process if files can be written.

    Args:
        options: of numba.njit, in place of those that make loops fast.
    """
    options = {"fastmath": True, "error_model": "numpy"} | options
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # neither beside its file nor in the home
        return numba.njit(**options)(function)


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

"""What belongs to torch's callers and reaches into every computation: set aside for ours, and left as it was."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P, R = ParamSpec("P"), TypeVar("R")

_ALONE = threading.RLock()  # the default type is one for all threads
_HOME = os.getpid()


@contextmanager
def in_full_precision() -> Iterator[None]:
    """Set aside what the caller may have said of autocast, and a default device other than the CPU."""
    with ExitStack() as stack:
        for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
            stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        yield


@contextmanager
def building() -> Iterator[None]:
    """Build modules as in a fresh process: 32-bit floats, in full precision, on the CPU, fit for gradients.

    The random numbers of weights that are about to be loaded are not the caller's.
    """
    with _ALONE, torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng([]), in_full_precision():
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def calculating(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function calculate without gradients and in full precision.

    In a process that was forked from the one that imported this, it has one thread: the others stayed behind, and would
    be waited for in vain.
    """

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch.no_grad(), in_full_precision(), nullcontext() if os.getpid() == _HOME else _one_thread():
            return function(*args, **kwargs)

    return wrapped

"""What belongs to torch's callers and reaches into every computation: set aside for ours, and left as it was."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P, R = ParamSpec("P"), TypeVar("R")

_ALONE = threading.RLock()  # the default type is one for all threads
_HOME = os.getpid()


@contextmanager
def building() -> Iterator[None]:
    """Build modules as in a fresh process: 32-bit floats, on the CPU, fit for gradients.

    The random numbers of weights that are about to be loaded are not the caller's.
    """
    with _ALONE, torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng([]), torch.device("cpu"):
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
        with ExitStack() as stack:
            stack.enter_context(torch.no_grad())
            for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
                stack.enter_context(torch.autocast(device, enabled=False))
            if os.getpid() != _HOME:
                stack.enter_context(_one_thread())
            return function(*args, **kwargs)

    return wrapped

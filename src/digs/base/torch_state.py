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
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Set aside what callers may have asked of autocast, and a default device other than the CPU.

    In a process that was forked from the one that imported this, the block has one thread: the others stayed behind,
    and would be waited for in vain.
    """
    with ExitStack() as stack:
        for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
            stack.enter_context(torch.autocast(device, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        if os.getpid() != _HOME:
            stack.enter_context(_one_thread())
        yield


@contextmanager
def building() -> Iterator[None]:
    """Build modules as in a fresh process: undisturbed, of 32-bit floats, fit for gradients.

    The random numbers of weights that are about to be loaded are not the caller's.
    """
    with _ALONE, torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng([]), undisturbed():
        before = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(before)


def calculating(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function calculate undisturbed and without gradients."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with torch.no_grad(), undisturbed():
            return function(*args, **kwargs)

    return wrapped

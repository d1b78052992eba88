"""Computations by one thread, whose sums are the same to the bit however many threads there are elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

from digs.base.torch_threads import torch_threads


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute by one thread of torch and of the libraries for linear algebra; also decorates functions.

    Example:
        >>> import torch
        >>> from digs.base.one_thread import one_thread
        >>> with one_thread():
        ...     print(torch.get_num_threads())
        1
    """
    with torch_threads(1), threadpool_limits(1):
        yield

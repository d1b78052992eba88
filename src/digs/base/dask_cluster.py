"""A Dask cluster that is there already, whose workers do what this process does itself elsewhere."""

import gc
import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

import digs
from digs.base.closures import SourceTree
from digs.base.errors import DigsError
from digs.base.torch_threads import torch_threads

if TYPE_CHECKING:
    from distributed import Client

_ALONE = threading.Lock()  # FSPS, and the number of threads, belong to the whole process


@contextmanager
def cluster(address: str) -> Iterator["Client"]:
    """Give the client of a cluster.

    Args:
        address: of its scheduler, such as tcp://host:8786.
    Raises:
        DigsError: there is no scheduler, or the package distributed is missing.
    """
    try:
        from distributed import Client
    except ImportError:
        raise DigsError("Dask needs the package distributed; install it with `pip install distributed`.") from None
    client = None
    try:
        client = Client(address, timeout="10s")
    except (OSError, ValueError, TypeError) as error:
        fault = type(error).__name__
    if client is None:
        gc.collect()  # what is left of the client; amid the start of another one both would wait for ever
        raise DigsError(f"There is no Dask scheduler at {address} ({fault}); see its address.")
    try:
        yield client
    finally:
        client.close()


def on_cluster(
    address: str, work: Callable[..., Any], tasks: Iterable[tuple], known: Callable[[], Any] = tuple
) -> Iterator[Any]:
    """Yield what a function gives for each of some arguments, in their order.

    A worker does one at a time, by as many threads as torch has here, so that the numbers are those of this process.

    Args:
        address: of the cluster's scheduler.
        work: the function; it and its arguments can be pickled.
        tasks: its arguments.
        known: what it depends on beside code and arguments, as a function that every worker is asked, too.
    Raises:
        DigsError: there is no scheduler or worker; a worker has other code or data than this process, or is lost.
    """
    here, threads = (_code(), known()), torch.get_num_threads()
    with cluster(address) as client:
        from distributed import CancelledError, KilledWorker

        everywhere = client.run(_all_known, known, on_error="return")
        if not everywhere:
            raise DigsError(f"The Dask cluster at {address} has no workers; start some.")
        for worker, there in everywhere.items():
            if isinstance(there, Exception):
                raise DigsError(f"The Dask worker at {worker} cannot do this: {there}")
            if there != here:
                raise DigsError(
                    f"The Dask worker at {worker} has other code or data than this checkout; give it these."
                )
        futures = [
            client.submit(_alone, threads, work, task, pure=False, priority=-place) for place, task in enumerate(tasks)
        ]
        try:
            for future in futures:
                yield future.result()
        except (CancelledError, KilledWorker) as error:
            reason = type(error).__name__
            raise DigsError(f"A worker was lost ({reason}); the same command goes on where this one ended.") from None
        finally:
            client.cancel(futures)


@cache
def _code() -> str:
    """A hash of what all modules of the package say to Python."""
    tree = SourceTree(Path(digs.__file__).resolve().parents[1])
    modules = sorted((tree.source / "digs").rglob("*.py"))
    return hashlib.sha256("\n".join(map(tree.meaning, modules)).encode()).hexdigest()


def _all_known(known: Callable[[], Any]) -> tuple[str, Any]:
    return _code(), known()


def _alone(threads: int, work: Callable[..., Any], task: tuple) -> Any:
    with _ALONE, torch_threads(threads):
        return work(*task)

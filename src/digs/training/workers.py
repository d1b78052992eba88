"""Several processes that train one network: each has its own pairs, and all take the same steps.

A flow's tensors are small, so that one thread works on them almost as fast as two do together; two processes of one
thread each are twice as fast.
"""

import json
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, multiprocessing

from digs.base.errors import DigsError


def in_workers(number: int, work: Callable[..., Any], *arguments) -> Any:
    """Run work(*arguments) in so many processes of one thread each; in this one if the number is 1.

    Returns:
        what the first of them returned, as JSON takes it.

    Raises:
        DigsError: one of them did.
    """
    if number == 1:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return work(*arguments)
        finally:
            torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        failure, returned = Path(folder) / "failure", Path(folder) / "returned"
        try:
            multiprocessing.spawn(_run, (number, folder, failure, returned, work, arguments), nprocs=number)
        except (multiprocessing.ProcessExitedException, multiprocessing.ProcessRaisedException):
            if failure.exists():  # the others may have failed in its wake
                raise DigsError(failure.read_text()) from None
            raise
        return json.loads(returned.read_text())


def _run(
    rank: int,
    number: int,
    folder: str,
    failure: Path,
    returned: Path,
    work: Callable[..., Any],
    arguments: tuple[object, ...],
) -> None:
    # torch interrupts a worker whose parent has died, but shells let what runs in the background ignore that
    signal.signal(signal.SIGINT, signal.default_int_handler)
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=number)
    try:
        result = work(*arguments)
        if rank == 0:
            returned.write_text(json.dumps(result))
    except DigsError as error:
        failure.write_text(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        distributed.destroy_process_group()


def workers() -> int:
    """Return how many processes work together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def worker() -> int:
    """Return the number of this process among them, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def average(tensor: Tensor) -> Tensor:
    """Replace the tensor by its mean over the workers, the same in all of them."""
    if workers() > 1:
        distributed.all_reduce(tensor)
        tensor /= workers()
    return tensor


def gather(tensor: Tensor) -> list[Tensor]:
    """Return the tensors of all workers, of one shape, in the order of their numbers."""
    if workers() == 1:
        return [tensor]
    tensors = [torch.empty_like(tensor) for _ in range(workers())]
    distributed.all_gather(tensors, tensor)
    return tensors

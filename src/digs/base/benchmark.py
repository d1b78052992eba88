"""Fair timings: the candidates take turns, so that a busy moment of the machine hits them all."""

import os
import platform
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digs.base.progress import progress


def take_turns(
    candidates: Mapping[str, Callable[[], Any]],
    repeats: int,
    self_timed: Mapping[str, Callable[[], float]] | None = None,
) -> dict[str, np.ndarray]:
    """Return the seconds of every call, shape (repeats,) for each candidate, after one call that is not counted.

    Args:
        self_timed: more candidates, that tell the seconds themselves; all of their calls count.
    """
    for call in candidates.values():
        call()
    timed = {name: partial(_seconds, call) for name, call in candidates.items()}
    return gather_in_turns({**timed, **(self_timed or {})}, repeats)


def gather_in_turns(candidates: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, np.ndarray]:
    """Return what every call returns, shape (repeats,) for each candidate: for candidates that time themselves."""
    values: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in progress(range(repeats), desc="Timing", unit="round"):
        for name, call in candidates.items():
            values[name].append(call())
    return {name: np.array(each) for name, each in values.items()}


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def spread(values: np.ndarray) -> dict[str, float]:
    """Return median, least and greatest of repeated measurements."""
    return {"median": float(np.median(values)), "low": float(values.min()), "high": float(values.max())}


def machine() -> dict[str, Any]:
    """Return what the timings were taken on."""
    return {
        "processor": _processor_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__.split("+")[0],
    }


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")

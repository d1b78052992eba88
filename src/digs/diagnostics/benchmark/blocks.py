"""Work on the spectra of a track, a block after the other, in several processes; what is done is kept."""

from collections.abc import Callable
from concurrent.futures import Executor

import numpy as np

from digs.base.progress import progress
from digs.diagnostics.benchmark.mock_spectra import MockSpectra
from digs.files.resumable import ResumableParts


def in_blocks(
    work: Callable[[np.ndarray, np.ndarray | None], np.ndarray],
    name: str,
    spectra: MockSpectra,
    galaxies: int,
    at_once: int,
    pool: Executor,
    parts: ResumableParts,
) -> np.ndarray:
    """Return what some work makes of the first galaxies of a track, a row each.

    Args:
        work: on flux and sigma of some galaxies; a function that processes can be sent.
        name: of the work and of the track, which parts are known by.
        galaxies: how many, and at_once, how many are one part.
        pool: of processes.
        parts: that are done already, and that are added to.
    """
    blocks = {f"{name} {first}": slice(first, min(first + at_once, galaxies)) for first in range(0, galaxies, at_once)}
    sigma = spectra.sigma
    waiting = {
        part: pool.submit(work, spectra.flux[rows], None if sigma is None else sigma[rows])
        for part, rows in blocks.items()
        if part not in parts
    }
    for part, result in progress(waiting.items(), desc=name, unit="block"):
        parts.save(part, result.result())
    return np.concatenate([parts.load(part) for part in blocks])

"""Long computations in parts, so that one that is interrupted can be taken up.

Each finished part is an array in a file of its own, renamed into place. The folder of the files is named by a hash of
all that they depend on, code included: parts of other work are never taken for them.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from digs.base import paths
from digs.base.closures import code_hash
from digs.base.errors import DigsError
from digs.files.atomic import replacing

SCRATCH = paths.ROOT / ".unfinished"


def work_key(settings: Any, file: str, data: bytes = b"") -> str:
    """Return a name for work that is not finished: a hash of all that it depends on.

    Args:
        settings: as JSON takes them.
        file: the `__file__` of the script or module that does it, for the code that it runs.
        data: what it reads.
    """
    return hashlib.sha256(data + json.dumps([settings, code_hash(file)]).encode()).hexdigest()[:16]


class ResumableParts:
    """The parts of one computation that are done.

    Args:
        folder: for all computations of this kind.
        settings: what the parts depend on, as JSON takes it.
        file: the `__file__` of the script or module that makes them.
        inputs: the files that it reads, whose contents the parts depend on.
    """

    def __init__(self, folder: Path, settings: Any, file: str, *inputs: Path):
        data = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in inputs)
        self.folder = folder / work_key(settings, file, data)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npy"

    def __contains__(self, name: str) -> bool:
        return self._file(name).exists()

    def save(self, name: str, array: np.ndarray) -> None:
        """Write a finished part, whole or not at all."""
        with replacing(self._file(name)) as temporary:
            np.save(temporary, array)

    def load(self, name: str) -> np.ndarray:
        """Read a finished part.

        Raises:
            DigsError: its file is damaged.
        """
        try:
            return np.load(self._file(name))
        except (OSError, ValueError, EOFError):
            shown = paths.shown(self._file(name))
            raise DigsError(f"{shown} is damaged; remove it, and run the stage again.") from None

    def forget(self) -> None:
        """Remove the files, when what they hold is safely stored elsewhere."""
        shutil.rmtree(self.folder, ignore_errors=True)

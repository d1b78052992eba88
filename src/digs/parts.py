"""Long computations in parts, so that one that is interrupted can be taken up.

Each finished part is an array in a file of its own, renamed into place. The folder of the files is named by a hash of
all that they depend on, code included: parts of other work are never taken for them.
"""

import hashlib
import inspect
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from digs import paths
from digs.artifacts import replacing
from digs.errors import DigsError

SCRATCH = paths.ROOT / ".unfinished"


class Parts:
    """The parts of one computation that are done.

    Args:
        folder: for all computations of this kind.
        settings: what the parts depend on, as JSON takes it.
        modules: whose code they depend on.
    """

    def __init__(self, folder: Path, settings: Any, modules: Sequence[ModuleType] = ()):
        content = json.dumps([settings, [inspect.getsource(module) for module in modules]])
        self.folder = folder / hashlib.sha256(content.encode()).hexdigest()[:16]

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.npy"

    def __contains__(self, name: str) -> bool:
        return self._file(name).exists()

    def save(self, name: str, array: np.ndarray) -> None:
        with replacing(self._file(name)) as temporary:
            np.save(temporary, array)

    def load(self, name: str) -> np.ndarray:
        """A finished part.

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

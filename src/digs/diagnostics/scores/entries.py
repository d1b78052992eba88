"""Entries to the benchmark: what a method hands in, checked, and the file that it comes in.

The file is HDF5. Dataset `draws`, shape (galaxies, draws, 5), of a track's galaxies in the track's order, equally
weighted; if there are any, `log_prob`, (galaxies, draws), `verdicts`, (galaxies,), and `seconds`, (galaxies,) or one
number. Attributes, all of them texts: `track`, `name`, `description`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.inputs import read_tensor
from digs.config.theta import NAMES
from digs.files.atomic import replacing

LEAST_DRAWS = 50  # of a galaxy


LEAST_GALAXIES = 20


_LARGEST = 1e6  # dex or Gyr, that a draw can be


_LARGEST_LOG = 1e5  # nat, that log_prob can be: far beyond any density, and far from where numbers lose digits


_MOST = 2**28  # numbers of a dataset


_SHOWN = 60  # letters of a name


_OPTIONAL = ("log_prob", "verdicts", "seconds")


@dataclass(frozen=True)
class BenchmarkEntry:
    """What a method hands in for N galaxies.

    draws: theta, equally weighted, (N, m, 5), and log_prob, ln of the method's own normalised density in theta at
        these, (N, m). verdicts: whether the method says that the model cannot make the spectrum, (N,). seconds: of each
        galaxy, (N,). None where there is none.
    """

    name: str
    description: str
    draws: np.ndarray
    log_prob: np.ndarray | None = None
    verdicts: np.ndarray | None = None
    seconds: np.ndarray | None = None

    @classmethod
    def of(
        cls, draws: Any, log_prob: Any = None, verdicts: Any = None, seconds: Any = None, name: str = "entry",
        description: str = "",
    ) -> "BenchmarkEntry":  # fmt: skip
        """Return an entry of arrays, tensors or lists.

        Raises:
            DigsError: something has another shape or type, is not finite, or is too little.
        """
        draws = _numbers(draws, "draws")
        _check_shape(draws.shape)
        if (bad := ~(np.abs(draws) < _LARGEST)).any():
            galaxy, draw, place = np.argwhere(bad)[0]
            raise DigsError(
                f"The draws of galaxy {galaxy} hold {NAMES[place]} = {draws[galaxy, draw, place]:g}; give theta in dex "
                f"and Gyr, finite and within {_LARGEST:g} of 0."
            )
        galaxies = draws.shape[0]
        if log_prob is not None:
            log_prob = _fitting(_numbers(log_prob, "log_prob"), "log_prob", draws.shape[:2])
            if (bad := ~(np.abs(log_prob) < _LARGEST_LOG)).any():
                row, draw = np.argwhere(bad)[0]
                raise DigsError(
                    f"log_prob of galaxy {row} is {log_prob[row, draw]:g} at draw {draw}; give ln of a density, finite "
                    f"and within {_LARGEST_LOG:g} of 0, or none."
                )
        if verdicts is not None:
            verdicts = _fitting(_truth_values(verdicts), "verdicts", (galaxies,))
        if seconds is not None:
            seconds = _numbers(seconds, "seconds")
            seconds = _fitting(np.full(galaxies, seconds) if seconds.ndim == 0 else seconds, "seconds", (galaxies,))
            if not (np.isfinite(seconds) & (seconds >= 0)).all():
                raise DigsError("The seconds are not all finite and 0 or more; give what each galaxy took.")
        if not (name := plain(name, "name")):
            raise DigsError("The name of the entry is blank; give it one.")
        return cls(name, plain(description, "description"), draws, log_prob, verdicts, seconds)

    @property
    def label(self) -> str:
        """Return the name, shortened if it is long."""
        return self.name if len(self.name) <= _SHOWN else f"{self.name[: _SHOWN - 1]}…"


def plain(text: Any, what: str) -> str:
    """Return a text on one line, without characters that cannot be printed.

    Raises:
        DigsError: it is no text.
    """
    text = text.decode(errors="replace") if isinstance(text, bytes) else text
    if not isinstance(text, str):
        raise DigsError(f"The {what} of the entry is of type '{type(text).__name__}'; give a text.")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _numbers(given: Any, name: str) -> np.ndarray:
    if given is None:
        raise DigsError(f"There are no {name}; give theta of shape (galaxies, draws, {len(NAMES)}).")
    if isinstance(given, int | float) and not isinstance(given, bool):
        return np.array(given, dtype=float)
    return read_tensor(given, f"The {name}").detach().cpu().numpy()


def _truth_values(given: Any) -> np.ndarray:
    values = np.asarray(given)
    if values.dtype.kind in "iu" and np.isin(values, (0, 1)).all():
        values = values.astype(bool)
    if values.dtype.kind != "b":
        raise DigsError(f"The verdicts are of type '{values.dtype}'; give True or False of each galaxy.")
    return values


def _fitting(values: np.ndarray, name: str, shape: tuple[int, ...]) -> np.ndarray:
    if values.shape != shape:
        raise DigsError(f"{name} has shape {values.shape}, which does not fit the draws; make it {shape}.")
    return values


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 3 or shape[2] != len(NAMES):
        raise DigsError(
            f"The draws have shape {shape}, not (galaxies, draws, {len(NAMES)}); order the last axis as "
            f"{', '.join(NAMES)}."
        )
    if shape[0] < LEAST_GALAXIES:
        raise DigsError(
            f"There are draws of {shape[0]} galaxies; give those of all of a track, or of {LEAST_GALAXIES} and more of "
            "its galaxies."
        )
    if shape[1] < LEAST_DRAWS:
        raise DigsError(f"There are {shape[1]} draws of each galaxy; give {LEAST_DRAWS} or more.")


def check_galaxies(galaxies: int, track: Any) -> None:
    """Refuse an entry of another number of galaxies than a track's.

    Raises:
        DigsError: the numbers differ.
    """
    if galaxies != len(track.draws):
        raise DigsError(
            f"The entry has {galaxies} galaxies, track {track.name} {len(track.draws)}; give all of them, in the "
            "track's order, or name another track."
        )


def store_entry(path: Path | str, entry: BenchmarkEntry, track: str) -> None:
    """Write the file of an entry for a track, whole or not at all.

    Raises:
        DigsError: the file cannot be written.
    """
    path = Path(path)
    try:
        with replacing(path) as temporary, h5py.File(temporary, "w", libver="latest") as file:
            file.attrs.update(track=track, name=entry.name, description=entry.description)
            file.create_dataset("draws", data=entry.draws, compression="gzip", shuffle=True)
            for key in _OPTIONAL:
                if (values := getattr(entry, key)) is not None:
                    file.create_dataset(key, data=values)
    except OSError as error:
        raise DigsError(f"{paths.shown(path)} cannot be written ({error.strerror or error}); name another.") from None


def read_entry(path: Path | str) -> tuple[BenchmarkEntry, str | None]:
    """Return the entry that a file holds, and the track that it is for; None where the file does not say.

    Raises:
        DigsError: there is no such file, it is no HDF5, or it holds no entry.
    """
    path = Path(path)
    name = paths.shown(path)
    if not path.is_file():
        raise DigsError(f"{name} is no file; name one that digs.write_entry wrote.")
    try:
        with h5py.File(path) as file:
            datasets = {key: file.get(key) for key in ("draws", *_OPTIONAL)}
            attributes = {key: file.attrs.get(key) for key in ("track", "name", "description")}
            found = {key: _dataset(item, key) for key, item in datasets.items() if item is not None}
            unknown = sorted(set(file) - set(datasets))
    except DigsError as error:
        raise DigsError(f"{name}: {error}") from None
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, AttributeError, MemoryError):
        raise DigsError(f"{name} is damaged or is no HDF5 file; write it with digs.write_entry.") from None
    if unknown:
        raise DigsError(
            f"{name} holds '{plain(unknown[0], 'dataset')}', which no entry has; an entry has draws and, if there are "
            f"any, {', '.join(_OPTIONAL)}. Rename it, or leave it out."
        )
    try:
        texts = {key: plain(text, key) for key, text in attributes.items() if text is not None}
        track = texts.pop("track", None)
        return BenchmarkEntry.of(found.pop("draws", None), **found, **({"name": path.stem} | texts)), track
    except DigsError as error:
        raise DigsError(f"{name}: {error}") from None


def _dataset(item: Any, key: str) -> np.ndarray:
    """The values of a dataset, of which not more are read than an entry can have."""
    if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "iufb" or item.shape is None:
        raise DigsError(f"'{key}' holds no numbers; write it with digs.write_entry.")
    if item.size > _MOST:
        raise DigsError(f"'{key}' holds {item.size} numbers; give {_MOST} at most, 500 draws of a galaxy are enough.")
    if key == "draws":
        _check_shape(item.shape)
    return item[()]

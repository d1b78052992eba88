"""Scores for everybody: of draws that are at hand, and the file of an entry."""

from pathlib import Path
from typing import Any

import numpy as np

from digs.base import paths
from digs.base.errors import DigsError
from digs.diagnostics.benchmark.tracks import TRACKS, Track, load_track
from digs.diagnostics.scores.entries import BenchmarkEntry, check_galaxies, store_entry
from digs.diagnostics.scores.scoring import Scores, score_entry
from digs.files.atomic import read_json

CORRUPTED, CORRUPTIONS = "corrupted", "benchmark_corruptions.json"  # the track, and what is wrong with its spectra


def track_of(track: Track | str) -> Track:
    """Return a track, by its name or as it is.

    Raises:
        DigsError: it is no track, there is none of that name, or its file is missing.
    """
    if isinstance(track, str):
        return load_track(track)
    if not hasattr(track, "log_evidence"):
        raise DigsError(f"The track is of type '{type(track).__name__}'; give its name: {', '.join(TRACKS)}.")
    return track


def scores_of(entry: BenchmarkEntry, track: Track, seed: int, quiet: bool = True) -> Scores:
    """Return the scores of an entry, with what is wrong with the spectra of track `corrupted`."""
    corruptions = None
    if track.name == CORRUPTED and entry.verdicts is not None:
        galaxies = read_json(paths.DATA / CORRUPTIONS)["galaxies"]
        corruptions = {key: [one[key] for one in galaxies] for key in ("kind", "strength")}
    return score_entry(entry, track, seed, corruptions, quiet)


def score(
    draws: Any, track: Track | str = "k22", log_prob: Any = None, verdicts: Any = None, seconds: Any = None,
    name: str = "entry", description: str = "", seed: int = 0,
) -> Scores:  # fmt: skip
    """Score posteriors of a track's galaxies against exact ones.

    Args:
        draws: theta, equally weighted and independent, shape (galaxies, draws, 5), of all galaxies of the track in its
            order.
        track: "k22", "noise" or "corrupted", or what digs.load_track returns, or some galaxies of it.
        log_prob: ln of your normalised density in theta at these draws, shape (galaxies, draws), if there is one.
        verdicts: True where you say that the model cannot make the spectrum, shape (galaxies,), if you do.
        seconds: of each galaxy, or of all of them on average, if you know.
        name, description: of your method.
        seed: of the choice of draws and of all tests, from 0 to 2^63 - 1.
    Returns:
        what was measured: `passes`, `verdict`, `measurements`, `to_json()`; printed, a table.
    Raises:
        DigsError: something has another shape than this, or is not finite.

    Example:
        >>> import digs
        >>> track = digs.load_track("k22").of_galaxies(range(50))
        >>> digs.score(track.draws, track, name="the references themselves").passes
        True
    """
    return scores_of(BenchmarkEntry.of(draws, log_prob, verdicts, seconds, name, description), track_of(track), seed)


def write_entry(
    path: Path | str, draws: Any, track: Track | str = "k22", log_prob: Any = None, verdicts: Any = None,
    seconds: Any = None, name: str = "entry", description: str = "",
) -> None:  # fmt: skip
    """Write posteriors of a track's galaxies as a file that `digs score` reads.

    Args:
        path: of the file, HDF5, which is replaced if it is there.
        draws, track, log_prob, verdicts, seconds, name, description: as of digs.score.
    Raises:
        DigsError: something has another shape than this, or is not finite; the galaxies are not those of the whole
            track; the file cannot be written.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import digs
        >>> track = digs.load_track("k22")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     digs.write_entry(Path(folder) / "entry.h5", track.draws, track="k22", name="the references themselves")
    """
    if not isinstance(path, str | Path):
        raise DigsError(f"The path is of type '{type(path).__name__}'; name a file.")
    entry = BenchmarkEntry.of(draws, log_prob, verdicts, seconds, name, description)
    track = track_of(track)
    check_galaxies(len(entry.draws), track)
    if not np.array_equal(track.log_evidence, load_track(track.name).log_evidence):
        raise DigsError(
            f"These are some galaxies of track {track.name}, or in another order, which a file cannot say; hand in "
            "all, in the track's order, or score them by digs.score."
        )
    store_entry(path, entry, track.name)

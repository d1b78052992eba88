"""What methods of the league cost, in one run in which they take turns."""

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from digs.base.benchmark import take_turns
from digs.files.resumable import ResumableParts
from digs.inference.league.grid_methods import OfGrid
from digs.inference.league.kept_answers import spectra_of
from digs.inference.league.method import Method

SET_UP = ("", "set-up of brute force")


def seconds_in_turns(
    entries: Mapping[tuple[str, str], Method], galaxies: int, repeats: int, threads: int, parts: ResumableParts
) -> dict[tuple[str, str], np.ndarray]:
    """Return seconds a galaxy, shape (repeats,), of each method, and seconds of setting up brute force, as SET_UP.

    Draws alone are timed, of the first galaxies of a track in one call.

    Args:
        entries: methods, by their tracks and names.
        galaxies: at most, of each track.
        repeats: after a call that does not count.
        threads: of torch, and of what is compiled.
        parts: that keep the seconds once they are measured.
    """
    if "seconds" not in parts:
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        some = {track: spectra_of(track)[slice(galaxies)] for track, _ in entries}
        calls = {(track, name): partial(each.answer, some[track]) for (track, name), each in entries.items()}
        grid = next(each for each in entries.values() if isinstance(each, OfGrid))
        seconds = take_turns({**calls, SET_UP: grid.new_grid}, repeats)
        numbers = [1 if key == SET_UP else len(some[key[0]]) for key in seconds]
        parts.save("seconds", np.stack(list(seconds.values())) / np.array(numbers)[:, None])
        torch.set_num_threads(before)
    return dict(zip([*entries, SET_UP], parts.load("seconds"), strict=True))

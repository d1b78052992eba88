"""Answers that are kept, batch by batch, so that nothing that changes behind them costs a draw."""

from dataclasses import fields

import numpy as np

from digs.diagnostics.benchmark.tracks import load_track, track_file
from digs.files.resumable import ResumableParts
from digs.inference.league.method import Answer, Method, ObservedSpectra


def spectra_of(track: str) -> ObservedSpectra:
    """Return the spectra of a track of the benchmark."""
    stored = load_track(track)
    return ObservedSpectra(stored.flux, stored.sigma)


def kept_answer(method: Method, track: str, batch: int) -> Answer:
    """Return the answer to all spectra of a track, so many galaxies a call; only what is not kept yet is made."""
    parts = method.parts(batch, inputs=(track_file(track),))
    return answer_in_batches(method, spectra_of(track), batch, parts)


def answer_in_batches(method: Method, spectra: ObservedSpectra, size: int, parts: ResumableParts) -> Answer:
    """Return the completed answer to all spectra, so many a call; what parts have of it is not made again."""
    found: list[Answer] = []
    for first in range(0, len(spectra), size):
        some = spectra[slice(first, first + size)]
        names = {each.name: f"{first} {each.name}" for each in fields(Answer)}
        if names["draws"] not in parts:
            answer = method.completed(some, method.answer(some))
            # draws come last: with them a batch is done
            for key in ("log_prob", "verdicts", "draws"):
                if (values := getattr(answer, key)) is not None:
                    parts.save(names[key], values)
        found.append(Answer(**{key: parts.load(name) for key, name in names.items() if name in parts}))
    columns = ([getattr(each, field.name) for each in found] for field in fields(Answer))
    return Answer(*(None if each[0] is None else np.concatenate(each) for each in columns))

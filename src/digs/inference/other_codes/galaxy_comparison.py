"""All codes on all galaxies, some galaxies at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import torch

from digs.base.progress import progress
from digs.config.stages.real_spectra_settings import RealSpectraSettings
from digs.files.resumable import ResumableParts
from digs.inference.other_codes.bagpipes_answer import bagpipes_answer
from digs.inference.other_codes.code_answer import BAGPIPES, PPXF, CodeAnswer
from digs.inference.other_codes.ppxf_answer import ppxf_answer
from digs.inference.other_codes.real_galaxy import RealGalaxy, brought_spectrum


class GalaxyComparison(NamedTuple):
    """What is kept of one galaxy.

    plain: for JSON.
    arrays: by the names of REAL_SPECTRA, without the axis of galaxies.
    codes: their names, in the order of the arrays.
    """

    plain: dict[str, Any]
    arrays: dict[str, np.ndarray]
    codes: list[str]


def galaxy_comparisons(settings: RealSpectraSettings, parts: ResumableParts) -> Iterator[tuple[str, GalaxyComparison]]:
    """Yield the galaxies of the settings by name, in their order, however many are worked on at once.

    Args:
        settings: of all.
        parts: what other codes have found so far.
    Raises:
        DigsError: as of compared; no more galaxies are begun then.
    """
    with ProcessPoolExecutor(settings.at_once, get_context("spawn")) as pool:
        pending = {name: pool.submit(compared, name, settings, parts) for name in settings.galaxies}
        try:
            for name, future in progress(list(pending.items()), desc="Real spectra", unit="galaxy"):
                yield name, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def compared(name: str, settings: RealSpectraSettings, parts: ResumableParts) -> GalaxyComparison:
    """Return what digs and other codes find in one galaxy, on one core (resumes after an interruption).

    Args:
        name: of the galaxy.
        settings, parts: as of galaxy_comparisons.
    Raises:
        DigsError: a package or its file is missing, or a code fails.
    """
    torch.set_num_threads(1)
    spectrum = brought_spectrum(name, *settings.galaxies[name].model_dump().values())
    seen = RealGalaxy.of(spectrum, settings.redshift_error, settings.draws, settings.seed)
    bagpipes = partial(bagpipes_answer, seen.galaxy, seen.heaviest, **settings.bagpipes.model_dump())
    others = {BAGPIPES: bagpipes, PPXF: partial(ppxf_answer, seen.galaxy, **settings.ppxf.model_dump())}
    found = {code: kept(parts, f"{name}-{code}", partial(find, seed=settings.seed)) for code, find in others.items()}
    answers = seen.answers | found
    return GalaxyComparison(seen.plain(answers), seen.binned_arrays(answers, settings.bins), list(answers))


def kept(parts: ResumableParts, name: str, find: Callable[[], CodeAnswer]) -> CodeAnswer:
    """Return a code's answer, found or taken up from an interrupted run.

    Args:
        parts: where it is kept.
        name: of galaxy and code.
        find: finds it.
    """
    if f"{name}-draws" not in parts:
        answer = find()
        parts.save(f"{name}-fit", np.append(answer.model, answer.parameters))
        parts.save(f"{name}-draws", np.column_stack([answer.draws, answer.weight]))
    fit, draws = parts.load(f"{name}-fit"), parts.load(f"{name}-draws")
    return CodeAnswer(draws[:, :-1], draws[:, -1], fit[:-1], int(fit[-1]))

"""Posteriors of spectra, one by one."""

import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from digs.base import inputs
from digs.base.errors import DigsError
from digs.base.one_thread import one_thread
from digs.base.torch_state import calculating
from digs.exact.normal.spectrum_density import DISPERSION
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_posterior import STATISTICS, GalaxyPosterior, galaxy_posterior
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.one_pass_network import stored_one_pass_network
from digs.inference.results.galaxy_draws import OUTSIDE
from digs.observations.spectrum import Spectrum

_ALONE = threading.Lock()  # the number of threads belongs to the whole process


def share_of_light(given: float | None) -> float | None:
    """Return the share of a galaxy's light that is in its spectrum, between 0 and 1, or None.

    Raises:
        DigsError: it is no such number.
    """
    if given is None:
        return None
    fraction = inputs.real_number(given, "The share of the light in the spectrum", 0.0)
    if not 0 < fraction <= 1:
        raise DigsError(f"The share of the light in the spectrum is {fraction:g}; give one above 0, up to 1.")
    return fraction


def one_posterior(
    spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int, strict: bool = False
) -> GalaxyPosterior:
    """Return the posterior of one galaxy, on one thread, so that it is the same whatever the number of threads.

    Args:
        spectrum, settings, draws, seed: as of galaxy_posterior.
        strict: whether a spectrum that cannot be compared is an error; else it is outside the model, and so is one on
            which the engine itself fails, so that the others have theirs.
    """
    try:
        network = stored_one_pass_network() if settings.network else None
        with _ALONE, one_thread(), _no_warnings():
            return calculating(galaxy_posterior)(spectrum, settings, draws, seed, network)
    except Exception as error:
        if strict:
            raise
        words = " ".join(str(error).split())[:100]
        reason = str(error) if isinstance(error, DigsError) else f"the engine failed: {type(error).__name__}, {words}"
        return no_posterior(settings, spectrum.redshift, draws, reason, spectrum.notes)


def no_posterior(
    settings: EngineSettings, redshift: float, draws: int, reason: str, notes: tuple[str, ...] = ()
) -> GalaxyPosterior:
    """Return what stands for a galaxy that has none."""
    names = columns_of(settings, redshift)
    nan = np.full((draws, len(names)), np.nan)
    statistics = dict.fromkeys(STATISTICS, np.nan)
    return GalaxyPosterior(nan, nan[:, 0], names, np.nan, np.nan, OUTSIDE, reason, statistics, notes)


def columns_of(settings: EngineSettings, redshift: float) -> tuple[str, ...]:
    """Return the columns of theta."""
    names = ModelSpace.of(settings, redshift).names
    return names if settings.dispersion is not None else (*names, DISPERSION)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """No warnings of numbers that end as 0 or infinity, which are looked at where they count."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        yield


def distinct(names: Sequence[str], mark: str = " ") -> list[str]:
    """Return names, with a number behind those that several have, whatever their case.

    Args:
        names: of the galaxies.
        mark: between a name and its number.

    Example:
        >>> from digs.inference.engine.spectra_inference import distinct
        >>> distinct(["M31", "spectrum", "spectrum"])
        ['M31', 'spectrum 1', 'spectrum 2']
    """
    times = Counter(name.lower() for name in names)
    taken, found = set(), []
    for row, name in enumerate(names):
        one, number = (name if times[name.lower()] == 1 else f"{name}{mark}{row}"), row
        while one.lower() in taken or (one != name and one.lower() in times):
            number += len(names)
            one = f"{name}{mark}{number}"
        taken.add(one.lower())
        found.append(one)
    return found

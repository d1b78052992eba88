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
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.one_pass_network import stored_one_pass_network
from digs.inference.results.galaxy_draws import OUTSIDE
from digs.observations.printable import printable
from digs.observations.spectrum import Spectrum

_LOOK_AT = "look at its flux, its sigma and the units of both"
_LONGEST_NAME = 80  # letters
ANY_REDSHIFT = 0.1  # for the names of columns, which do not depend on it
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
    spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int, strict: bool = False, name: str = ""
) -> GalaxyPosterior:
    """Return the posterior of one galaxy, on one thread, so that it is the same whatever the number of threads.

    Args:
        spectrum, settings, draws, seed: as of galaxy_posterior.
        strict: whether a spectrum that cannot be compared is an error; else it is outside the model, and so is one on
            which the engine itself fails, so that the others have theirs.
        name: what messages call it; by default its own name.
    Raises:
        DigsError: strict, and the spectrum cannot be compared, or no posterior can be computed.
    """
    network = stored_one_pass_network() if settings.network else None
    try:
        with _ALONE, one_thread(), _no_warnings():
            return calculating(galaxy_posterior)(spectrum, settings, draws, seed, network)
    except Exception as error:
        refused = isinstance(error, DigsError) and not _comparable(spectrum, settings)
        reason = str(error) if refused else f"no posterior could be computed ({_in_words(error)}); {_LOOK_AT}"
        if not strict:
            return no_posterior(settings, spectrum.redshift, draws, reason, spectrum.notes)
        if refused:
            raise
        called = printable(name or spectrum.name, _LONGEST_NAME) or "the spectrum"
        raise DigsError(f"Of {called} {reason}.") from error


def _comparable(spectrum: Spectrum, settings: EngineSettings) -> bool:
    """Whether the spectrum can be compared with the model; if so, an error is one of what was computed after that."""
    try:
        GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
    except DigsError:
        return False
    return True


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:80]}".rstrip(".: ")


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

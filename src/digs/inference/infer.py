"""The function behind digs.infer: posteriors of spectra by the engine, of arrays by the network `fiducial`."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from os import PathLike
from typing import Any

import numpy as np

from digs.base import inputs
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.random_streams import read_ids
from digs.exact.normal.nuisances import Nuisances
from digs.inference import network_inference
from digs.inference.engine.engine_settings import EngineSettings, HistoryKind
from digs.inference.engine.spectra_inference import distinct, one_posterior, share_of_light
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.network_inference import Inference
from digs.inference.posterior import Posterior
from digs.observations.printable import printable
from digs.observations.spectrum import Spectrum
from digs.physics.stored_populations import stored_populations

_LONGEST_NAME = 80  # letters


def infer(
    spectra: Any,
    draws: int = 1000,
    seed: int = 1,
    ids: Sequence[int | str] | None = None,
    *,
    dispersion: float | None = None,
    history: HistoryKind = "delayed tau",
    free_gas: bool = True,
    nuisances: Nuisances | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    effective: int = 500,
    fibre_fraction: float | None = None,
) -> SpectrumPosteriors | Inference:
    """Return posteriors of galaxies, with a verdict on each.

    Of digs.Spectrum, one or a list: on the spectrum's own pixels, with its noise, mask, redshift and line-spread
    function, by the engine (digs.inference.engine), as SpectrumPosteriors. Of arrays, which are on the pixels of the
    network `fiducial`: by that network (digs.inference.network_inference), as Inference; these take the first four
    arguments.

    What a galaxy gets depends on its spectrum, the seed and the options alone, to the bit on one kind of processor, in
    whatever list.

    Args:
        spectra: a digs.Spectrum, a list of them, or arrays as of digs.inference.network_inference.
        draws: how many of each posterior, 1 or more.
        seed: from 0 to 2^63 - 1.
        ids: of the galaxies, whole numbers or strings; by default the spectra's names and numbers.
        dispersion: of the galaxy in km/s, where it is known; by default it is a parameter.
        history: "delayed tau", or "binned" for seven bins with the continuity prior.
        free_gas: whether the gas has a metallicity of its own.
        nuisances: what is uncertain beside the noise; by default digs.exact.normal.Nuisances().
        ranges: of the uniform prior, by column, that shall differ from digs.physics.linear.wide_prior.RANGES.
        effective: how many of the draws are to be effective.
        fibre_fraction: the share of the galaxy's light that is in the spectrum, for LOGMASS_TOTAL in the table.
    Raises:
        DigsError: an option or the only spectrum is wrong; the error of a redshift is above 50 km/s; arrays have
            options of spectra; ids repeat. Of a list, a spectrum that cannot be compared with the model is outside the
            model, and its reason says why.

    Example:
        >>> import digs
        >>> import numpy as np
        >>> pixels = digs.Instrument(np.geomspace(4000, 7000, 300), sigma_kms=200)
        >>> flux = digs.Simulator(pixels, redshift=0.05)([[10.5, -0.4, 0.6, 5.0, 0.2]])[0].numpy()
        >>> spectrum = digs.Spectrum(pixels.wavelength, flux, flux / 10, redshift=0.05, sigma_kms=200)
        >>> found = digs.infer(spectrum, draws=200, effective=50, dispersion=0.0)
        >>> found.draws.shape, bool(abs(found.quantiles()[0, 2, 0] - 10.5) < 0.5)
        ((1, 200, 7), True)
    """
    draws, seed = inputs.draws_wanted(draws), inputs.seed(seed)
    given = _spectra(spectra)
    if given is None:
        _refuse(dispersion, history, free_gas, nuisances, ranges, effective, fibre_fraction)
        try:
            return network_inference.infer(spectra, draws, seed, ids)
        except DigsError as error:
            raise _explained(error, spectra) from None
    settings = EngineSettings(
        history=history,
        free_gas=free_gas,
        dispersion=None if dispersion is None else inputs.real_number(dispersion, "The velocity dispersion", 0.0),
        nuisances=Nuisances() if nuisances is None else nuisances,
        ranges=dict(ranges or {}),
        effective=inputs.whole_number(effective, "The number of effective draws", 1),
    )
    for spectrum in given:
        settings.check_redshift(spectrum.redshift)
    fraction = share_of_light(fibre_fraction)
    names = distinct([spectrum.name or "spectrum" for spectrum in given]) if ids is None else _ids(ids, len(given))
    alone = len(given) == 1
    bar = progress(given, quiet=alone, desc="Posteriors", unit="galaxy")
    each = [one_posterior(spectrum, settings, draws, seed, strict=alone) for spectrum in bar]
    return SpectrumPosteriors.of(each, given, names, settings, stored_populations().label, fraction)


def _refuse(*options: Any) -> None:
    """Refuse options of spectra, in the order of infer, that are not the defaults."""
    for given, known in zip(options, list(signature(infer).parameters.values())[-len(options) :], strict=True):
        if given != known.default:
            raise DigsError(
                f"'{known.name}' is an option of digs.Spectrum alone: arrays are on the pixels of the network "
                "'fiducial', which knows one model. Make a digs.Spectrum of each."
            )


def _explained(error: DigsError, given: Any) -> DigsError:
    """An error on arrays, which says where they have other pixels than the network what they may be else."""
    try:
        shape = np.shape(given)
    except (TypeError, ValueError, RuntimeError):  # rows of different lengths
        shape = ()
    if shape[-1:] == Posterior.load("fiducial").wavelength.shape:
        return error
    return DigsError(f"{str(error).rstrip('.')}; a spectrum on pixels of its own is handed in as a digs.Spectrum.")


def _ids(given: Any, number: int) -> list[str]:
    """The ids of so many spectra, of which no two are the same."""
    ids = [str(each) for each in read_ids(given, number)]
    if repeated := [each for each, times in Counter(ids).items() if times > 1]:
        name = printable(repeated[0], _LONGEST_NAME)
        raise DigsError(f"The id '{name}' is given to more than one spectrum; give each one its own.")
    return ids


def _spectra(given: Any) -> list[Spectrum] | None:
    """The spectra, or None where arrays are given."""
    first = given[0] if isinstance(given, list | tuple) and given else given
    if isinstance(first, str | bytes | PathLike):
        name = printable(str(first), _LONGEST_NAME)
        raise DigsError(f"'{name}' is no spectrum; if it is a file, hand in digs.read of it, which is a digs.Spectrum.")
    if isinstance(given, Iterator) or (isinstance(given, np.ndarray) and given.dtype == object):
        raise DigsError(
            f"The spectra are of type '{type(given).__name__}'; hand in a digs.Spectrum, or a list of them, as from "
            "digs.read."
        )
    if isinstance(given, Spectrum):
        return [given]
    if isinstance(given, list | tuple) and given and all(isinstance(each, Spectrum) for each in given):
        return list(given)
    if isinstance(given, list | tuple) and any(isinstance(each, Spectrum) for each in given):
        raise DigsError("The list has spectra and other things; hand in spectra alone.")
    return None

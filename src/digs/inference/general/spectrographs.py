"""Ways to observe galaxies at random, from which a network learns that spectrographs differ."""

from dataclasses import dataclass

import numpy as np
from astropy import constants

from digs.inference.general.wiener_summary import Sight
from digs.physics.instrument import Instrument
from digs.physics.linear.wide_prior import RANGES

FIRST, LAST = 2050.0, 11800.0  # Angstrom in the rest frame, between which the data lie


_SHORTEST = 0.12  # range of the data in ln lambda


_FINEST, _COARSEST = 40.0, 600.0  # km/s, dispersion of the line-spread function


_MOST_PIXELS = 4000


_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1


_KMS = constants.c.to_value("km / s")


@dataclass(frozen=True)
class Chances:
    """How often things are so, and how large they are.

    optical: share of spectra between 3600 and 9800 Angstrom in the observed frame.
    far: share beyond redshift 1.5.
    gaps: shares of spectra with none, up to 10%, 10 to 30% and 30 to 60% of their pixels missing.
    known: share of galaxies whose dispersion is known.
    signal: least and largest signal-to-noise per 40 Angstrom.
    """

    optical: float = 0.6
    far: float = 0.1
    gaps: tuple[float, ...] = (0.3, 0.3, 0.25, 0.15)
    known: float = 0.25
    signal: tuple[float, float] = (2.0, 200.0)


_MISSING = ((0.0, 0.0), (0.0, 0.1), (0.1, 0.3), (0.3, 0.6))


def random_sight(random: np.random.Generator, chances: Chances | None = None) -> tuple[Sight, float]:
    """Return how a galaxy is observed, sigma in units of a flat spectrum of 1, and log10 of its dispersion in km/s.

        Args:
            random: source of random numbers.
            chances: by default those of a general network.

        Example:
            >>> import numpy as np
    from astropy import constants
            >>> from digs.inference.general.spectrographs import random_sight
            >>> sight, logdispersion = random_sight(np.random.default_rng(1))
            >>> len(sight.sigma) == sight.instrument.pixels
            True
    """
    chances = Chances() if chances is None else chances
    optical = random.random() < chances.optical
    far = random.random() < chances.far
    redshift = random.uniform(1.5, 7.0) if far else np.exp(random.uniform(np.log(0.003), np.log(1.5)))
    first, last = np.log(FIRST), np.log(LAST)
    if optical and not far:
        first = max(first, np.log(random.uniform(3500, 4200) / (1 + redshift)))
        last = min(last, np.log(random.uniform(6800, 10000) / (1 + redshift)))
    else:
        length = random.uniform(_SHORTEST, last - first)
        first = random.uniform(first, last - length)
        last = first + length
    logdispersion = random.uniform(*RANGES["logdispersion"])
    spread = np.exp(random.uniform(np.log(_FINEST), np.log(_COARSEST)))
    total = np.hypot(spread, 10**logdispersion)
    step = max(random.uniform(0.4, 1.2) * min(total, 400.0) / _KMS, (last - first) / _MOST_PIXELS)
    wavelength = np.exp(np.arange(first, last, step)) * (1 + redshift)
    if len(wavelength) < 8:
        return random_sight(random, chances)
    if random.random() < 0.5:  # a line-spread function that is constant in Angstrom
        kms = (spread * np.sqrt(wavelength[0] * wavelength[-1]) / wavelength).clip(_FINEST / 2, 1.5 * _COARSEST)
    else:
        kms = np.full(len(wavelength), spread)
    if random.random() < 0.5:
        instrument = Instrument(wavelength, sigma_kms=kms)
    else:  # the total width, of which the populations' own is a part
        instrument = Instrument(wavelength, resolution=_KMS / (_FWHM * kms))
    sigma = noise_shape(wavelength, random)
    window = 40.0 / np.gradient(wavelength)
    signal = np.exp(random.uniform(*np.log(chances.signal)))
    sigma *= np.sqrt(window) / signal
    sigma[missing(len(wavelength), random, chances)] = np.inf
    error = np.exp(random.uniform(np.log(5.0), np.log(150.0))) / _KMS if random.random() < 0.5 else 0.0
    known = logdispersion if random.random() < chances.known else None
    return Sight(instrument, redshift, sigma, known, error * (1 + redshift)), logdispersion


def noise_shape(wavelength: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the noise relative to its median, shape (pixels,): slopes, ends that get worse, lines of the sky."""
    x = np.linspace(-1, 1, len(wavelength))
    log_noise = random.normal(0, 0.35) * x + random.normal(0, 0.25) * x**2 + random.normal(0, 0.15) * np.sin(4 * x)
    for end in (-1, 1):
        log_noise += max(random.normal(0, 1.0), 0.0) * np.exp(-np.abs(x - end) / random.uniform(0.05, 0.3))
    red = (wavelength > 6800) & (wavelength < 11000)
    if random.random() < 0.6 and red.any():  # lines of the night sky
        bright = random.random(len(wavelength)) < 0.12
        log_noise += red * bright * random.uniform(0.3, 2.0)
    log_noise += random.normal(0, random.uniform(0, 0.1), len(wavelength))
    return np.exp(log_noise - np.median(log_noise))


def missing(pixels: int, random: np.random.Generator, chances: Chances) -> np.ndarray:
    """Return which pixels are missing, shape (pixels,): an end, gaps and single pixels."""
    low, high = _MISSING[random.choice(len(_MISSING), p=chances.gaps)]
    wanted, hidden = random.uniform(low, high) * pixels, np.zeros(pixels, bool)
    while hidden.sum() < wanted:
        left = int(wanted - hidden.sum()) + 1
        kind = random.random()
        if kind < 0.2:
            hidden[random.integers(pixels, size=max(1, left // 4))] = True
        elif kind < 0.5:
            length = random.integers(1, left + 1)
            hidden[(slice(length) if random.random() < 0.5 else slice(-length, None))] = True
        else:
            length = min(random.integers(1, left + 1), pixels // 5 + 1)
            first = random.integers(0, pixels - length + 1)
            hidden[first : first + length] = True
    return hidden if not hidden.all() else np.zeros(pixels, bool)

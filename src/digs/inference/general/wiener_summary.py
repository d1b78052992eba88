r"""What a network sees of a spectrum: a Wiener filter on the components of digs.inference.general.galaxy_components.

The level of the spectrum is the amplitude of a typical galaxy t in it, a = t^T D^{-1} d / t^T D^{-1} t, with the noise
D = diag(sigma^2). Divided by it, the data are d = R u + errors, with the components R in the spectrum's own pixels and
amounts u whose mean m and covariance S are those of the prior's galaxies at this level. The errors have the covariance
C of the noise and of all nuisances, which here multiply the mean spectrum R m. Then

    u = m + (S^{-1} + R^T C^{-1} R)^{-1} R^T C^{-1} (d - R m)

is a linear map of d, the same for all galaxies that are observed alike: it depends on sigma, once the level is 1, on
pixels, line-spread function and redshift, but on no flux. So pairs can be made without pixels
(digs.inference.general.alike_pairs).
"""

from dataclasses import dataclass, replace

import numpy as np
from astropy import constants
from astropy.cosmology import WMAP9
from scipy.linalg import cho_factor, cho_solve

from digs.base.errors import DigsError
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.physics.instrument import Instrument
from digs.physics.line_spread import REACH

_KMS, _ANGSTROMS = (constants.c.to_value(unit) for unit in ("km / s", "Angstrom / s"))


_FWHM = 2 * np.sqrt(2 * np.log(2))


_BINS = np.geomspace(1900.0, 12500.0, 25)  # edges, Angstrom in the rest frame, of what is said of the noise


_UNUSUAL = 3.0  # times the median size of amounts: galaxies beyond count for less in their covariance


@dataclass(frozen=True)
class Sight:
    """How a galaxy is observed, but for its flux.

    instrument: pixels and line-spread function.
    redshift: above 0.
    sigma: of the noise, infinite in gaps, shape (pixels,).
    logdispersion: log10 of the galaxy's dispersion in km/s, where it is known.
    redshift_error: standard deviation of the redshift.
    """

    instrument: Instrument
    redshift: float
    sigma: np.ndarray
    logdispersion: float | None = None
    redshift_error: float = 0.0

    @property
    def nuisances(self) -> Nuisances:
        """Return what is uncertain beside the noise."""
        return replace(Nuisances(), redshift=self.redshift_error)

    @property
    def seen(self) -> np.ndarray:
        """Return which pixels have data, shape (pixels,)."""
        return np.isfinite(self.sigma)


@dataclass(frozen=True)
class WienerSummary:
    """The map from a spectrum of level 1 to the amounts of components.

    typical: what gives the level of the pixels with data, shape (pixels,).
    weights: of these pixels in each amount, shape (components, pixels).
    start: what is added, shape (components,).
    spread: standard deviations of the amounts, shape (components,).
    facts: what else is known beforehand, shape (facts,).
    """

    typical: np.ndarray
    weights: np.ndarray
    start: np.ndarray
    spread: np.ndarray
    facts: np.ndarray

    @classmethod
    def of(cls, sight: Sight, components: GalaxyComponents) -> "WienerSummary":
        """Return the map of what is observed alike, whose noise is in units of the level.

        Raises:
            DigsError: no pixel with data lies where components have light.
        """
        sigma = sight.sigma[sight.seen]
        rest, response = in_pixels(sight, components)
        typical = level_weights(response, components, sigma)
        level = components.pool @ (response.T @ typical)
        pool = components.pool[level > 0] / level[level > 0, None]
        size = np.linalg.norm(pool, axis=1)
        share = np.minimum(1.0, _UNUSUAL * np.median(size) / size)[:, None]
        mean = (share * pool).sum(0) / share.sum()
        covariance = (share**2 * (pool - mean)).T @ (pool - mean) / (share**2).sum()
        covariance[np.diag_indices_from(covariance)] *= 1 + 1e-9
        relative = relative_modes(sight.nuisances, rest)
        modes = covariance_modes(response @ mean, relative, rest, sight.redshift, sight.nuisances)
        white = _inverse_covariance(sigma, modes, response)  # C^{-1} R
        precision = response.T @ white
        gain = np.linalg.solve(np.eye(len(covariance)) + covariance @ precision, covariance)
        weights = gain @ white.T
        spread = np.sqrt(np.diag(gain).clip(min=1e-30))
        return cls(typical, weights, mean - weights @ (response @ mean), spread, _facts(sight, rest, response @ mean))

    @property
    def features(self) -> int:
        """Return how many numbers a network sees."""
        return 2 * len(self.start) + len(self.facts)

    def amounts(self, flux: np.ndarray) -> np.ndarray:
        """Return the amounts of a spectrum of level 1, shape (components,).

        Args:
            flux: in the pixels with data, shape (pixels,).
        """
        return self.start + self.weights @ flux


def features_of(amounts: np.ndarray, spread: np.ndarray, facts: np.ndarray) -> np.ndarray:
    """Return what a network sees, shape (N, features), float32.

    Args:
        amounts: shape (N, components).
        spread: shape (components,), or one for each.
        facts: shape (facts,), or one for each.
    """
    spread, facts = np.broadcast_to(spread, amounts.shape), np.broadcast_to(facts, (len(amounts), facts.shape[-1]))
    log_spread = np.log10(spread)
    return np.concatenate([np.arcsinh(amounts / np.sqrt(spread)), log_spread, facts], 1).astype(np.float32)


def summary_of(flux: np.ndarray, sight: Sight, components: GalaxyComponents) -> np.ndarray:
    """Return what a network sees of one spectrum, shape (features,), float32.

    Args:
        flux: F_lambda in the unit of sigma, shape (pixels,); anything in gaps.
    Raises:
        DigsError: the spectrum has no signal, or lies beyond the components.
    """
    sight = within(sight, components)
    seen = sight.seen
    _, response = in_pixels(sight, components)
    level = float(level_weights(response, components, sight.sigma[seen]) @ flux[seen])
    if not level > 0:
        raise DigsError("The spectrum's flux, weighted by its noise, is not positive: it has no signal; leave it out.")
    unit = replace(sight, sigma=sight.sigma / level)
    summary = WienerSummary.of(unit, components)
    return features_of(summary.amounts(flux[seen] / level)[None], summary.spread, summary.facts)[0]


def level_weights(response: np.ndarray, components: GalaxyComponents, sigma: np.ndarray) -> np.ndarray:
    """Return the weights of pixels in the level, shape (pixels,)."""
    typical = response @ np.median(components.pool, axis=0)
    weighted = typical / sigma**2
    return weighted / (weighted @ typical)


def in_pixels(sight: Sight, components: GalaxyComponents) -> tuple[np.ndarray, np.ndarray]:
    """Return wavelengths in the rest frame, (pixels,), and the components, (pixels, components), where there are data.

    Raises:
        DigsError: such pixels see beyond the components.
    """
    seen, known = sight.seen, components.wavelength
    inside = _inside(sight, components)
    if not seen.any() or not inside[seen].all():
        raise DigsError(
            f"Pixels with data see more of the rest frame than the {known[0]:.0f} to {known[-1]:.0f} Angstrom that "
            "the network knows, or there is none; hide the pixels beyond."
        )
    part = slice(int(inside.argmax()), len(inside) - int(inside[::-1].argmax()))
    sharp = np.zeros(len(known))  # components have no width of their own that counts
    light = (components.components * (known**2 / _ANGSTROMS)).T.astype(float)
    instrument = sight.instrument
    response = _part(instrument, part).response(known, sharp, sight.redshift) @ light
    if instrument.matrix is not None:
        response = instrument.matrix[part][:, part] @ response
    return instrument.rest_wavelength(sight.redshift)[seen], response[seen[part]]


def within(sight: Sight, components: GalaxyComponents) -> Sight:
    """Return the same without the pixels that see beyond the components."""
    return replace(sight, sigma=np.where(_inside(sight, components), sight.sigma, np.inf))


def _inside(sight: Sight, components: GalaxyComponents) -> np.ndarray:
    """Which pixels see nothing beyond the components, (pixels,)."""
    instrument, known = sight.instrument, components.wavelength
    spread = np.zeros(instrument.pixels)
    if instrument.sigma_kms is not None:
        spread = np.asarray(instrument.sigma_kms) / _KMS
    elif instrument.resolution is not None:
        spread = 1 / (np.asarray(instrument.resolution) * _FWHM)
    centre = np.log(instrument.rest_wavelength(sight.redshift))
    reach = np.gradient(centre) + REACH * spread  # a pixel is wider than twice this step at no end
    return (centre - reach >= np.log(known[0])) & (centre + reach <= np.log(known[-1]))


def _part(instrument: Instrument, part: slice) -> Instrument:
    """Some neighbouring pixels alone, as they are before a resolution matrix."""
    spread = {name: getattr(instrument, name) for name in ("sigma_kms", "resolution")}
    spread = {name: None if value is None else value[part] for name, value in spread.items()}
    if instrument.edges is None:
        return Instrument(instrument.wavelength[part], **spread, medium=instrument.medium, integrate=False)
    edges = instrument.edges[part.start : part.stop + 1]
    return Instrument.from_edges(edges, **spread, medium=instrument.medium)


def _inverse_covariance(sigma: np.ndarray, modes, vectors: np.ndarray) -> np.ndarray:
    """C^{-1} X, by Woodbury's identity, shape of X, (pixels, n)."""
    white = vectors / sigma[:, None] ** 2
    if not modes.shape[1]:
        return white
    scaled = modes.multiply(1 / sigma[:, None] ** 2).tocsr()
    inner = np.eye(modes.shape[1]) + (modes.T @ scaled).toarray()
    return white - scaled @ cho_solve(cho_factor(inner, lower=True), modes.T @ white)


def _facts(sight: Sight, rest: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Signal-to-noise by bins of the rest frame; the universe's age, and what is known of dispersion and redshift."""
    signal = (mean / sight.sigma[sight.seen]) ** 2
    place = np.clip(np.searchsorted(_BINS, rest) - 1, 0, len(_BINS) - 2)
    bins = np.log10(1 + np.bincount(place, signal, minlength=len(_BINS) - 1)) / 2
    known = sight.logdispersion is not None
    width = (sight.logdispersion - 2.3) / 0.5 if known else 0.0
    error = np.log10(1 + sight.redshift_error / (1 + sight.redshift) * _KMS / 10.0)  # in units of 10 km/s
    age = np.log10(WMAP9.age(sight.redshift).to_value("Gyr"))
    return np.concatenate([bins, [age, float(known), width, error]])

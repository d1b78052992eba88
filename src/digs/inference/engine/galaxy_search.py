"""From a spectrum to where its posterior lies: dispersions first at a few nodes, then closer and closer."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.exact.normal.spectrum_density import DISPERSION
from digs.inference.engine.dispersion_nodes import even_nodes, wider_range
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.fixed_covariance import FixedCovariance, likely_amounts
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.likeliest import Peaks, distinct, likeliest
from digs.inference.engine.model_pixels import ModelPixels, broadest_galaxy
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.template_starts import template_starts
from digs.observations.spectrum import Spectrum
from digs.physics.linear.wide_prior import RANGES
from digs.physics.stored_populations import stored_populations

_NODES = 5  # of the dispersion, in the search
_SIGMAS = 6.0  # standard deviations of the dispersion that the last nodes reach to either side
_NARROWEST = 0.05  # dex, to either side
_SPANNED = 0.001, 0.999  # quantiles of a proposal's dispersions, which nodes span
_SPARE = 0.01  # dex of the blur, more to either side
_NEAR = 0.15  # dex, within which a peak between few nodes is right
_EDGE = 0.25  # of the nodes' range, within which a peak is too near its end
_AGAIN = 2  # times that the nodes are moved to it


@dataclass(frozen=True)
class FoundGalaxy:
    """Where a posterior lies.

    problem: whose nodes are close to each other.
    forms: its cheap likelihood, with the scatter of the likeliest galaxy.
    peaks: of that, the highest first.
    """

    problem: GalaxyProblem
    forms: FixedCovariance
    peaks: Peaks


class GalaxySearch:
    """The search for one galaxy.

    Args:
        spectrum: of the galaxy.
        space: of the model.
        settings: of the engine.
    Raises:
        DigsError: the spectrum cannot be compared with the model.
    """

    def __init__(self, spectrum: Spectrum, space: ModelSpace, settings: EngineSettings):
        self._redshift, self._space, self._settings = spectrum.redshift, space, settings
        self._log_ends = tuple(map(float, settings.ranges.get(DISPERSION, RANGES[DISPERSION])))
        self._ends = self._log_ends[0], float(np.log10(_broadest(spectrum, settings)))
        self.pixels = reachable_pixels(spectrum, settings)

    def found(self, starts: int = 10) -> FoundGalaxy:
        """Return where the posterior lies.

        Args:
            starts: from so many templates.
        """
        known = self._settings.dispersion is not None
        nodes = np.array([self._settings.dispersion]) if known else 10 ** np.linspace(*self._ends, _NODES)
        problem = self._problem(nodes)
        forms = FixedCovariance.of(problem, likely_amounts(problem, problem.middle), problem.middle)
        z = template_starts(problem, forms, self._space, starts)
        peaks = likeliest(problem, forms, z, at_nodes=not known)
        if known:
            return self._closest(problem, forms, distinct(peaks))
        nodes = np.log10(nodes)
        theta = problem.coordinates.theta(peaks.z)
        best = int(np.abs(nodes - theta[0, -1]).argmin())
        theta[:, -1] = theta[0, -1]
        peaks = replace(peaks, z=problem.coordinates.z(theta))
        ends = nodes[max(best - 1, 0)], nodes[min(best + 1, _NODES - 1)]
        problem, forms, peaks = self._closer(problem, forms, peaks, ends, _NODES)
        problem, forms, peaks = self._closer(problem, forms, peaks, self._plausible(problem, peaks, _NEAR), _NODES)
        return self._closest(problem, forms, distinct(peaks))

    def towards(self, problem: GalaxyProblem, forms: FixedCovariance, z: np.ndarray) -> FoundGalaxy:
        """Return where the posterior lies, looked for from starts alone.

        Args:
            problem: whose nodes may be too far apart, or not where the galaxy is.
            forms: its cheap likelihood.
            z: starts, shape (N, d).
        """
        return self._closest(problem, forms, distinct(likeliest(problem, forms, z)))

    def _closest(self, problem: GalaxyProblem, forms: FixedCovariance, peaks: Peaks) -> FoundGalaxy:
        """The galaxy, with nodes around its highest peak where its dispersion is not known."""
        if self._settings.dispersion is not None:
            theta = problem.coordinates.theta(peaks.z)
            return self._found(*self._settled(problem, theta, best_mass(problem, forms, peaks)))
        found = self._close(problem, forms, peaks, self._plausible(problem, peaks))
        for _ in range(_AGAIN):
            if not self._near_an_end(found):
                break
            found = self._close(
                found.problem, found.forms, found.peaks, self._plausible(found.problem, found.peaks, _NEAR)
            )
        return found

    def wider(self, found: FoundGalaxy, factor: float = 2.0) -> FoundGalaxy:
        """Return the same with a range of dispersions so many times as wide."""
        low, high = found.problem.coordinates.low[-1], found.problem.coordinates.high[-1]
        more = (factor - 1) * (high - low) / 2
        return self._close(found.problem, found.forms, found.peaks, (low - more, high + more))

    def around(self, theta: np.ndarray, middle: np.ndarray) -> GalaxyProblem:
        """Return the problem whose nodes span the dispersions of draws, and whose reference is one galaxy.

        Args:
            theta: draws without their mass, shape (N, columns).
            middle: the galaxy, shape (columns,).
        """
        if self._settings.dispersion is not None:
            return self._referred(self._problem(np.array([self._settings.dispersion])), middle)
        return self.spanning(*wider_range(*np.quantile(theta[:, -1], _SPANNED).tolist(), _SPARE), middle)

    def spanning(self, low: float, high: float, middle: np.ndarray) -> GalaxyProblem:
        """Return the problem whose nodes span log10 of dispersions, and whose reference is one galaxy.

        Args:
            low, high: ends, cut by the prior.
            middle: the galaxy, as of `around`.
        """
        low, high = self._cut(low, high)
        return self._referred(self._problem(even_nodes(low, high)), middle)

    def narrowed(self, problem: GalaxyProblem, theta: np.ndarray, weight: np.ndarray) -> bool:
        """Return whether draws, with weights that add up to 1, crowd at an end of the nodes that is not the prior's."""
        if self._settings.dispersion is not None:
            return False
        low, high = problem.coordinates.low[-1], problem.coordinates.high[-1]
        value = theta[:, -1]
        edge = 0.02 * (high - low)
        crowded = lambda near, end: end not in self._ends and weight[near].sum() > 2e-3
        return crowded(value < low + edge, low) or crowded(value > high - edge, high)

    def _problem(self, nodes: np.ndarray) -> GalaxyProblem:
        log_range = 0.0
        if len(nodes) > 1:
            share = np.log10(nodes[-1] / nodes[0]) / (self._log_ends[1] - self._log_ends[0])
            log_range = float(np.log(share))
        return GalaxyProblem.of(self.pixels, self._redshift, self._space, self._settings, nodes, log_range)

    def _close(
        self, problem: GalaxyProblem, forms: FixedCovariance, peaks: Peaks, ends: tuple[float, float]
    ) -> FoundGalaxy:
        """The galaxy, with as many nodes between two ends as interpolation takes to be exact."""
        return self._found(*self._closer(problem, forms, peaks, ends))

    def _closer(
        self,
        problem: GalaxyProblem,
        forms: FixedCovariance,
        peaks: Peaks,
        ends: tuple[float, float],
        number: int | None = None,
    ) -> tuple[GalaxyProblem, FixedCovariance, Peaks]:
        """The problem between two ends of log10 of the dispersion, its forms, and the peaks that peaks lead to."""
        low, high = self._cut(*ends)
        theta = problem.coordinates.theta(peaks.z)
        theta[:, -1] = theta[:, -1].clip(low, high)
        closer = self._problem(even_nodes(low, high, number))
        return self._settled(closer, theta, best_mass(problem, forms, peaks))

    def _settled(
        self, problem: GalaxyProblem, theta: np.ndarray, mass: float
    ) -> tuple[GalaxyProblem, FixedCovariance, Peaks]:
        """A problem with the scatter of the likeliest galaxy, the first of theta, and the peaks that theta leads to."""
        amounts = problem.coefficients(problem.split(torch.as_tensor(theta[:1]))[0])[0].numpy()
        forms = FixedCovariance.of(problem, mass * amounts, problem.middle)
        return problem, forms, likeliest(problem, forms, problem.coordinates.z(theta))

    def _cut(self, low: float, high: float) -> tuple[float, float]:
        """Two ends of log10 of the dispersion, inside the prior."""
        low, high = max(low, self._ends[0]), min(high, self._ends[1])
        if high - low >= _NARROWEST:
            return low, high
        low = float(np.clip(low, self._ends[0], max(self._ends[0], self._ends[1] - _NARROWEST)))
        return low, min(low + _NARROWEST, self._ends[1])

    def _referred(self, problem: GalaxyProblem, middle: np.ndarray) -> GalaxyProblem:
        """The problem with a galaxy as its reference, whose mass is that of the noise alone."""
        theta = torch.as_tensor(np.concatenate([[problem.logmass_range[0]], middle])[None])
        amounts = problem.coefficients(problem.split(theta)[0])[0].numpy()
        seen = np.isfinite(problem.pixels.sigma)
        model = (problem.models[problem.middle].matrix @ amounts)[seen] / problem.pixels.sigma[seen]
        mass = model @ (problem.pixels.flux[seen] / problem.pixels.sigma[seen]) / (model @ model)
        return replace(problem, reference=float(np.clip(mass, *problem.mass_range)) * amounts)

    def _near_an_end(self, found: FoundGalaxy) -> bool:
        """Whether the likeliest dispersion is near an end of the nodes that is not the prior's."""
        low, high = found.problem.coordinates.low[-1], found.problem.coordinates.high[-1]
        place = found.problem.coordinates.theta(found.peaks.z[:1])[0, -1]
        edge = _EDGE * (high - low)
        return (place < low + edge and low not in self._ends) or (place > high - edge and high not in self._ends)

    def _plausible(self, problem: GalaxyProblem, peaks: Peaks, least: float = _NARROWEST) -> tuple[float, float]:
        """The ends of log10 of the dispersions that the data allow."""
        coordinates, z = problem.coordinates, peaks.z[0, -1]
        width = coordinates.high[-1] - coordinates.low[-1]
        slope = width * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        error = slope * np.sqrt(np.linalg.inv(peaks.precision[0])[-1, -1])
        middle, reach = coordinates.theta(peaks.z[:1])[0, -1], max(_SIGMAS * error, least)
        return middle - reach, middle + reach

    def _found(self, problem: GalaxyProblem, forms: FixedCovariance, peaks: Peaks) -> FoundGalaxy:
        """The galaxy, where both likelihoods scatter as the likeliest one."""
        theta = problem.coordinates.theta(distinct(peaks).z)
        problem, forms, peaks = self._settled(problem, theta, best_mass(problem, forms, peaks))
        amounts = problem.coefficients(problem.split(torch.as_tensor(problem.coordinates.theta(peaks.z[:1])))[0])
        reference = best_mass(problem, forms, peaks) * amounts[0].numpy()
        return FoundGalaxy(replace(problem, reference=reference), forms, distinct(peaks))


def best_mass(problem: GalaxyProblem, forms: FixedCovariance, peaks: Peaks) -> float:
    """Return the likeliest mass in solar masses of the highest peak, inside the prior."""
    columns, dispersion = problem.split(torch.as_tensor(problem.coordinates.theta(peaks.z[:1])))
    square, inner, _ = forms.at(problem.coefficients(columns) @ forms.combine.T, dispersion)
    return float(forms.mass(square, inner)[0])


def reachable_pixels(spectrum: Spectrum, settings: EngineSettings) -> ModelPixels:
    """Return the pixels of a spectrum that are compared with the model.

    Raises:
        DigsError: the redshift is 0, hardly any pixel is left, or no dispersion can be added to the spectrograph's.
    """
    if spectrum.redshift == 0.0:
        raise DigsError("The redshift is 0, at which there is no luminosity distance; give one above 0.")
    broadest = _broadest(spectrum, settings) if settings.dispersion is None else settings.dispersion
    return ModelPixels.of(spectrum, stored_populations(), broadest)


def _broadest(spectrum: Spectrum, settings: EngineSettings) -> float:
    """The largest dispersion of the galaxy in km/s."""
    low, high = (10.0**end for end in settings.ranges.get(DISPERSION, RANGES[DISPERSION]))
    if settings.dispersion is not None:
        return high
    high = broadest_galaxy(spectrum, high)
    if high <= low:
        raise DigsError(
            f"The line-spread function is so broad that a galaxy's {low:.0f} km/s cannot be added to it; give the "
            "galaxy's dispersion, for instance 0."
        )
    return high

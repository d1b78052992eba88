"""A population that is normal in a few parameters: its mean and covariance from the draws of a catalogue."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from digs.base.errors import DigsError
from digs.base.random_streams import stream
from digs.inference.population import normal_shapes
from digs.inference.population.draw_noise import EFFECTIVE, DrawNoise
from digs.inference.population.interim_draws import InterimDraws, OfPlaces
from digs.inference.population.population_moments import PopulationMoments
from digs.inference.population.prior_ends import PriorEnds
from digs.inference.population.student_rounds import student_rounds

_AT_ONCE = 100_000  # draws, times coordinates at which the density is asked for
_POINTS = 2**14  # of a normal distribution, at which detection is averaged
_DETECTED = 4  # effective ones of these, by the number of galaxies, the fewest (Farr 2019, RNAAS 3, 66)
_STEP = 1e-4  # of the coordinates, for gradients
_BEYOND = 0.01  # of the population, the most that may lie beyond the interim prior
_INSIDE = 0.5  # of a population that is cut off where priors end, the least


def normal_population(
    draws: InterimDraws,
    detection: OfPlaces | None = None,
    seed: int = 0,
    number: int = 2000,
    effective: float = EFFECTIVE,
) -> PopulationMoments:
    """Return the posterior of the mean and the covariance of a population that is taken to be normal.

    The prior is that of digs.inference.population.normal_shapes. The noise of few draws is in the errors. Where draws
    have ends, the distribution is cut off at those of each galaxy; mean and covariance are those before. As a normal
    distribution that is much wider than what is left of it is like any wider one, the prior then ends, too: the mean
    lies inside the widest of the ends, and no width is above the distance between them.

    Args:
        draws: of the catalogue's galaxies, without their prior.
        detection: the probability that a galaxy is in the catalogue, of places (..., d); by default 1. With it the
            population is that of all galaxies, not of those in the catalogue. Where other data than those of the
            posteriors decide, hand in draws.of_detected(detection), too.
        seed: of all random numbers.
        number: of draws of the population's posterior.
        effective: the fewest effective draws of a galaxy under the population found.
    Raises:
        DigsError: there are too few galaxies or effective draws, hardly any galaxy would be detected, or a part of the
            population lies beyond the interim prior, which `detection` or ends do not account for.

    Example:
        >>> import numpy as np
        >>> from digs.inference.population.interim_draws import InterimDraws
        >>> from digs.inference.population.normal_population import normal_population
        >>> random = np.random.default_rng(1)
        >>> measured = random.normal(10, np.hypot(0.4, 0.2), (100, 1, 1))
        >>> values = measured + 0.2 * random.normal(size=(100, 500, 1))
        >>> flat = lambda places: np.zeros(places.shape[:-1])
        >>> draws = InterimDraws(("logmass",), values, flat(values), np.arange(100), flat)
        >>> found = normal_population(draws).summary()
        >>> abs(found["width of logmass"]["value"] - 0.4) < 3 * found["width of logmass"]["error"]
        True
    """
    d = len(draws.names)
    if len(draws.rows) < d + 2:
        raise DigsError(
            f"The number of galaxies is {len(draws.rows)}, too few for a covariance of {', '.join(draws.names)}; give "
            f"{d + 2} or more."
        )
    fit = _NormalFit.to(draws, detection)
    random = stream(seed, "normal population")
    phi = student_rounds(fit.log_posterior, fit.start, number, random, "Normal population")
    middle, covariance = phi.mean(0), np.cov(phi, rowvar=False)
    inside = fit.check_inside(middle)
    noise = fit.noise(middle)
    noise.check(covariance, draws.rows, effective)
    mean, factor = normal_shapes.unpacked(noise.added(phi, covariance, random), d)
    wide = fit.scale[:, None] * factor
    return PopulationMoments(
        names=draws.names,
        mean=fit.center + fit.scale * mean,
        covariance=wide @ wide.swapaxes(1, 2),
        effective=noise.effective,
        noise=noise.ratio(covariance),
        rows=draws.rows,
        inside=inside,
    )


@dataclass(frozen=True)
class _NormalFit:
    """The posterior density of a normal population, in coordinates in which the draws have mean 0 and width 1.

    points: of the standard normal distribution, (points, d).
    ends: in the same coordinates, where the draws have some.
    """

    draws: InterimDraws
    detection: OfPlaces | None
    center: np.ndarray
    scale: np.ndarray
    start: np.ndarray
    points: np.ndarray
    ends: PriorEnds | None

    @classmethod
    def to(cls, draws: InterimDraws, detection: OfPlaces | None) -> "_NormalFit":
        d = len(draws.names)
        center, covariance = draws.moments()
        scale = np.sqrt(np.diag(covariance))
        start = normal_shapes.packed(np.zeros(d), covariance / np.outer(scale, scale))
        points = ndtri(qmc.Sobol(d, scramble=True, rng=0).random(_POINTS))
        ends = None if draws.ends is None else draws.ends.scaled(center, scale)
        return cls(draws, detection, center, scale, start, points, ends)

    def moments(self, rows: slice) -> np.ndarray:
        """1, values and products of values of the draws of some galaxies, (galaxies * draws, 1 + d + d^2)."""
        flat = (self.draws.values[rows].reshape(-1, len(self.scale)) - self.center) / self.scale
        products = (flat[:, :, None] * flat[:, None]).reshape(len(flat), -1)
        return np.concatenate([np.ones((len(flat), 1)), flat, products], 1)

    def log_density(self, phi: np.ndarray, moments: np.ndarray) -> np.ndarray:
        """ln p of the draws of some galaxies, (n, galaxies, draws), of coordinates (n, k) and their moments."""
        d, each = len(self.scale), self.draws.values.shape[1]
        mean, factor = normal_shapes.unpacked(phi, d)
        inverse = np.linalg.inv(factor)
        precision = inverse.swapaxes(1, 2) @ inverse
        linear = (precision @ mean[..., None])[..., 0]
        level = np.log(np.diagonal(inverse, axis1=1, axis2=2)).sum(1) - (linear * mean).sum(1) / 2
        weights = np.concatenate([level[:, None], linear, -precision.reshape(len(phi), -1) / 2], 1)
        return (weights @ moments.T).reshape(len(phi), -1, each)

    def log_posterior(self, phi: np.ndarray) -> np.ndarray:
        """ln of the posterior density of coordinates (n, k), up to a constant, (n,)."""
        found = normal_shapes.log_prior(phi, len(self.scale))
        found = np.where(self.meant(phi), found, -np.inf)
        inside = np.flatnonzero(np.isfinite(found))
        if not len(inside):
            return found
        for rows in self.draws.blocks:
            moments = self.moments(rows)
            at_once = max(1, _AT_ONCE // len(moments))
            for some in np.array_split(inside, range(at_once, len(inside), at_once)):
                term = self.log_density(phi[some], moments) + self.draws.log_weight[rows]
                top = term.max(2, keepdims=True)
                share = np.exp(np.subtract(term, top, out=term), out=term)
                total = share.sum(2)
                squares = np.einsum("pgs,pgs->pg", share, share)
                squares *= self.draws.noise_factor[rows]
                found[some] += (np.log(total) + top[..., 0] + squares / total**2 / 2).sum(1)
        if self.detection is not None:
            found[inside] -= len(self.draws.rows) * self.log_detected(phi[inside])
        elif self.ends is not None:
            found[inside] -= self.ends.log_share(*self.moments_of(phi[inside]))
        return found

    def meant(self, phi: np.ndarray) -> np.ndarray:
        """Whether means and widths are such as ends allow, (n,), of coordinates (n, k)."""
        if self.ends is None:
            return np.ones(len(phi), dtype=bool)
        d = len(self.scale)
        mean, width, high = phi[:, :d], np.exp(phi[:, d : 2 * d]), self.ends.high.max(0)
        return ((mean >= self.ends.low) & (mean <= high) & (width <= high - self.ends.low)).all(1)

    def moments_of(self, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means, (n, d), and covariances, (n, d, d), of coordinates (n, k)."""
        mean, factor = normal_shapes.unpacked(phi, len(self.scale))
        return mean, factor @ factor.swapaxes(1, 2)

    def log_detected(self, phi: np.ndarray) -> np.ndarray:
        """ln of the share of the population that is in the catalogue, (n,); inf where it is too small to be told."""
        mean, effective = self.detected(phi)
        return np.where(effective > _DETECTED * len(self.draws.rows), np.log(mean.clip(1e-300)), np.inf)

    def detected(self, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The share of the population that is in the catalogue, and of how many effective points it is, (n,) each."""
        each = self.detection(self.places(phi))
        return each.mean(1), each.sum(1) ** 2 / (each**2).sum(1).clip(1e-300)

    def places(self, phi: np.ndarray) -> np.ndarray:
        """The points in the parameters' own units, (n, points, d)."""
        mean, factor = normal_shapes.unpacked(phi, len(self.scale))
        return self.center + self.scale * (mean[:, None] + self.points @ factor.swapaxes(1, 2))

    def check_inside(self, middle: np.ndarray) -> float:
        """The share inside the ends; refuse a population of which too little is there or detected, or too much not."""
        if self.detection is not None:
            mean, effective = (each[0] for each in self.detected(middle[None]))
            if effective < 2 * _DETECTED * len(self.draws.rows):
                raise DigsError(
                    f"Only {mean:.1%} of the population would be in the catalogue, so that most is a guess; give a "
                    "deeper catalogue, or ask for the population of the galaxies that are in it."
                )
        inside = 1.0
        if self.ends is not None:
            counts = self.ends.kinds[1]
            inside = float(self.ends.shares(*self.moments_of(middle[None]))[0] @ counts / counts.sum())
            if self.detection is None:
                if inside < _INSIDE:
                    raise DigsError(
                        f"Only {inside:.0%} of the population would lie where the galaxies' prior reaches, so that "
                        "most is a guess; give posteriors with a wider prior, or ask for a histogram."
                    )
                return inside
        elif self.detection is not None:
            return inside
        places = self.places(middle[None])[0]
        seen = np.ones(len(places)) if self.detection is None else self.detection(places)
        beyond = seen @ self.beyond(places) / seen.sum()
        if beyond > _BEYOND:
            raise DigsError(
                f"{beyond:.0%} of the population would lie beyond the interim prior, where no galaxy has draws; give a "
                "detection probability that is 0 there, or posteriors with a wider prior."
            )
        return inside

    def beyond(self, places: np.ndarray) -> np.ndarray:
        """Whether places, (points, d), lie beyond the prior of any galaxy, (points,)."""
        ends = self.draws.ends
        if ends is None:
            return np.isneginf(self.draws.log_interim(places))
        return ((places < ends.low) | (places > ends.high.min(0))).any(1)

    def noise(self, phi: np.ndarray) -> DrawNoise:
        """The noise of few draws at phi, (k,)."""
        steps = _STEP * np.eye(len(phi))
        around = np.concatenate([phi[None], phi + steps, phi - steps])
        effective, scores = np.empty(len(self.draws.rows)), np.zeros((len(phi), len(phi)))
        for rows in self.draws.blocks:
            there, up, down = np.split(self.log_density(around, self.moments(rows)), [1, 1 + len(phi)])
            term = there[0] + self.draws.log_weight[rows]
            share = np.exp(term - term.max(1, keepdims=True))
            share /= share.sum(1, keepdims=True)
            gradient = (up - down) / (2 * _STEP)
            off = share * (gradient - (share * gradient).sum(2, keepdims=True))
            factor = self.draws.noise_factor[rows]
            effective[rows] = 1 / (share**2).sum(1) / factor
            scores += np.einsum("ags,bgs,g->ab", off, off, factor)
        return DrawNoise(effective, scores)

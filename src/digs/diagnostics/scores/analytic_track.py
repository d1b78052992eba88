"""Galaxies whose posteriors are known in closed form, correlated normal distributions: to judge the scores by."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from digs.base.random_streams import stream
from digs.base.statistics import QUANTILES
from digs.config.theta import NAMES
from digs.physics.prior import Prior

_SIZE = len(NAMES)
_FAR = 1e3  # half the range of a prior that cuts nothing off
_EFFECTIVE = 1e9  # as quantiles are exact


@dataclass(frozen=True)
class AnalyticTrack:
    """A track of the benchmark without spectra: its exact posteriors are normal, with mean and factor @ factor.T.

    Attributes are those of digs.diagnostics.benchmark.tracks.Track that scores look at.

    mean: (N, 5); factor: (N, 5, 5).
    """

    name: str
    mean: np.ndarray
    factor: np.ndarray
    theta: np.ndarray
    draws: np.ndarray

    @classmethod
    def random(cls, galaxies: int, draws: int, seed: int, name: str = "k22") -> "AnalyticTrack":
        """Return a track of random posteriors, with truths and reference draws from them."""
        random = stream(seed, "analytic track")
        mean = random.standard_normal((galaxies, _SIZE))
        scale = np.exp(random.normal(-1.0, 0.5, (galaxies, _SIZE)))
        factor = np.tril(0.7 * random.standard_normal((galaxies, _SIZE, _SIZE)), -1) + np.eye(_SIZE)
        track = cls(name, mean, scale[:, :, None] * factor, mean, mean[:, None])
        return cls(name, mean, track.factor, track.sample(1, random)[:, 0], track.sample(draws, random))

    def sample(self, number: int, random: np.random.Generator) -> np.ndarray:
        """Return draws of the exact posteriors, (N, number, 5)."""
        return self.placed(random.standard_normal((len(self.mean), number, _SIZE)))

    def placed(self, normal: np.ndarray) -> np.ndarray:
        """Return theta of standard normal numbers, (N, number, 5)."""
        return self.mean[:, None] + normal @ self.factor.swapaxes(1, 2)

    @property
    def standard_deviation(self) -> np.ndarray:
        """Return those of the posteriors, (N, 5)."""
        return np.linalg.norm(self.factor, axis=2)

    @property
    def quantiles(self) -> np.ndarray:
        """Return QUANTILES of the posteriors, (N, quantiles, 5)."""
        return self.mean[:, None] + ndtri(np.array(QUANTILES))[:, None] * self.standard_deviation[:, None]

    @property
    def prior(self) -> Prior:
        """Return a prior that is wide enough to be out of sight."""
        return Prior([-_FAR] * _SIZE, [_FAR] * _SIZE)

    @property
    def log_evidence(self) -> np.ndarray:
        """Return ln of the evidence, (N,): 0, as the likelihood is so normalised."""
        return np.zeros(len(self.mean))

    @property
    def log_evidence_error(self) -> np.ndarray:
        """Return its standard error, (N,): 0."""
        return np.zeros(len(self.mean))

    @property
    def effective(self) -> np.ndarray:
        """Return the effective number of draws behind the quantiles, (N,)."""
        return np.full(len(self.mean), _EFFECTIVE)

    def log_prob(self, draws: np.ndarray) -> np.ndarray:
        """Return ln of the posterior density, (N, m), at draws, (N, m, 5)."""
        normal = (draws - self.mean[:, None]) @ np.linalg.inv(self.factor).swapaxes(1, 2)
        volume = np.log(np.einsum("nkk->nk", self.factor)).sum(1) + _SIZE / 2 * np.log(2 * np.pi)
        return -(normal**2).sum(2) / 2 - volume[:, None]

    def log_likelihood(self, draws: np.ndarray) -> np.ndarray:
        """Return ln L, (N, m), at draws, (N, m, 5), such that the evidence is 1."""
        return self.log_prob(draws) + _SIZE * np.log(2 * _FAR)

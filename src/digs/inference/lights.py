"""Warning lights: statistics of one spectrum that tell, without the truth, that the posterior cannot be trusted.

Each is larger the more suspicious a spectrum is. Of some draws of the network's posterior, their exact spectra, and the
pulls (digs.exact.best_fit) of the one that fits best:

    misfit      its chi-squared
    overfit     its chi-squared, with the sign changed: too good a fit
    pull        its largest pull in a single pixel
    neighbours  the correlation of its pulls with those of the next pixel
    waves       the power of its pulls in slow waves, the first few modes of the discrete cosine transform
    weights     -ln of the efficiency of importance sampling (digs.inference.importance)
    novelty     distance of what the flow sees of the spectrum from its nearest neighbours among spectra of the prior

The first five look at the data, and hold for any fit of the model; the last two at the network. A light goes on above
its threshold. All thresholds have the same false-alarm rate, chosen such that the rate of spectra of the model with any
light on is the one asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.fft import dct
from torch import Tensor

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.join import join_rows
from digs.base.remedies import remedy
from digs.base.statistics import efficiency
from digs.config.theta import NAMES
from digs.exact.best_fit import BestFit, two_sided
from digs.files.atomic import read_json
from digs.flows.flow import SPECTRA_AT_ONCE, padded
from digs.inference.posterior import Posterior
from digs.inference.predictive import Examined, examine
from digs.physics.simulator import Simulator
from digs.training.pairs import exact_sample

LIGHTS_FILE = paths.DATA / "lights.json"


OF_THE_DATA = ("misfit", "overfit", "pull", "neighbours", "waves")


OF_THE_NETWORK = ("weights", "novelty")


LIGHTS = (*OF_THE_DATA, *OF_THE_NETWORK)


SLOW = 12  # modes


_SETTINGS = ("network", "draws", "references", "neighbours", "seed")  # of the observer


Statistics = dict[str, np.ndarray]  # of each light, shape (N,)


def data_statistics(pulls: Tensor) -> Statistics:
    """Return the statistics of the data from the pulls of a fit, shape (N, pixels)."""
    pull = pulls.double().numpy()
    chi_squared = (pull**2).sum(1)
    return {
        "misfit": chi_squared,
        "overfit": -chi_squared,
        "pull": np.abs(pull).max(1),
        "neighbours": (pull[:, 1:] * pull[:, :-1]).sum(1) / chi_squared,
        "waves": (dct(pull, norm="ortho")[:, :SLOW] ** 2).sum(1),
    }


class Novelty:
    """How far spectra are from those of the prior in the flow's context.

    Args:
        posterior: of the network.
        simulator: of the spectra of its prior.
        references: how many of them.
        neighbours: the distance is that of the so many-th nearest.
    """

    def __init__(self, posterior: Posterior, simulator: Simulator, references: int, neighbours: int, seed: int):
        self.flow, self.neighbours = posterior.flow, neighbours
        fraction = posterior.record.noise_fraction
        _, flux = exact_sample(simulator, posterior.flow.prior, fraction, references, seed, "novelty")
        self.references = self._context(flux)

    @torch.no_grad()
    def _context(self, flux: Tensor) -> Tensor:
        return self.flow.context(flux)

    def __call__(self, flux: Tensor) -> np.ndarray:
        """Return the distance, shape (N,), of spectra of shape (N, pixels)."""
        parts = self.flow.contexts(flux).split(SPECTRA_AT_ONCE)
        distances = (torch.cdist(padded(some), self.references)[: len(some)] for some in parts)
        nearest = [distance.kthvalue(self.neighbours, 1).values for distance in distances]
        return torch.cat(nearest).double().numpy()


@dataclass(frozen=True)
class Look:
    """Draws, shape (N, draws, 5), the spectra of those that were looked at against the data, and the statistics."""

    draws: Tensor
    examined: Examined
    statistics: Statistics


class Observer:
    """Computes all statistics of spectra with one network.

    Args:
        network: its name.
        draws: how many of a posterior are looked at.
        references, neighbours, seed: as of Novelty.
    """

    def __init__(self, network: str, draws: int, references: int, neighbours: int, seed: int):
        self.posterior, self.simulator, self.draws = Posterior.load(network), Simulator(), draws
        self.novelty = Novelty(self.posterior, self.simulator, references, neighbours, seed)
        middle = self.posterior.flow.prior.from_unit(torch.full((1, len(NAMES)), 0.5, dtype=torch.float64))
        self.typical = self.simulator(middle)[0]  # a spectrum

    def look(self, flux: Tensor, seed: int, draws: int = 0, ids: Sequence[int | str] | None = None) -> Look:
        """Draw from the posteriors of spectra, shape (N, pixels), and compute the statistics of the first draws.

        Spectra are looked at one by one, so that what is seen of one is the same to the bit whatever the others are.

        Args:
            draws: how many are wanted, if more than are looked at.
            ids: as of Posterior.sample.
        """
        drawn = self.posterior.sample(flux, max(draws, self.draws), seed, ids)
        looks = [self._look_at_one(*one) for one in zip(flux.split(1), drawn.split(1), strict=True)]
        look = join_rows(looks)
        return replace(look, statistics=look.statistics | {"novelty": self.novelty(flux)})

    def _look_at_one(self, flux: Tensor, drawn: Tensor) -> Look:
        flux, drawn = flux.clone(), drawn.clone()  # at addresses like those of any other
        seen = examine(self.posterior, self.simulator, flux, drawn[:, : self.draws])
        statistics = data_statistics(seen.pulls) | {
            "weights": -efficiency(seen.log_weight).log().numpy(),
        }
        return Look(drawn, seen, statistics)


def thresholds_for(statistics: Statistics, false_alarms: float) -> tuple[dict[str, float], float]:
    """Return thresholds that so large a share of spectra exceeds in any light, and each light's own share.

    Args:
        statistics: of many spectra of the model.
    """
    values = np.stack(list(statistics.values()))
    # the share of spectra that are as suspicious, the least of all lights
    beyond = 1 - values.argsort(1).argsort(1) / values.shape[1]
    share = float(np.quantile(beyond.min(0), false_alarms))
    return {name: float(np.quantile(each, 1 - share)) for name, each in statistics.items()}, share


def lit(statistics: Statistics, thresholds: dict[str, float]) -> dict[str, np.ndarray]:
    """Return which lights are on, each of shape (N,)."""
    return {name: statistics[name] > threshold for name, threshold in thresholds.items() if name in statistics}


def any_of(lights: dict[str, np.ndarray]) -> np.ndarray:
    """Return whether any of some lights is on, shape (N,)."""
    return np.any(list(lights.values()), 0)


@dataclass(frozen=True)
class Judge:
    """Tells spectra that the model cannot make from those that it can.

    thresholds: of the lights.
    freedom: of the best fits' chi-squared.
    rejected: the least probability of one.
    """

    thresholds: dict[str, float]
    freedom: float
    rejected: float

    def probability(self, fit: BestFit) -> np.ndarray:
        """Return the probability of the fits' chi-squared, on its own side, shape (N,)."""
        return two_sided(fit.chi_squared, self.freedom).numpy()

    def rejects(self, fit: BestFit) -> np.ndarray:
        """Return whether the fits are too improbable, shape (N,)."""
        return self.probability(fit) < self.rejected

    def outside(self, fit: BestFit) -> np.ndarray:
        """Return whether the fit is rejected, or a light of the data is on for it, shape (N,)."""
        return self.rejects(fit) | any_of(lit(data_statistics(fit.pulls), self.thresholds))


class WarningLights:
    """The lights with the thresholds of the tracked product.

    Raises:
        DigsError: the product is missing or damaged, or belongs to another state of the network.
    """

    def __init__(self, path: Path = LIGHTS_FILE):
        content = read_json(path)
        advice = remedy("run `dvc repro warning_lights`")
        try:
            thresholds = {name: float(content["thresholds"][name]) for name in LIGHTS}
            self.judge = Judge(thresholds, float(content["freedom"]), float(content["rejected"]))
            settings = {name: content["observer"][name] for name in _SETTINGS}
            weights = content["weights_sha256"]
        except (KeyError, TypeError, ValueError):
            raise DigsError(f"{paths.shown(path)} lacks what the lights need; {advice}.") from None
        self.observer = Observer(**settings)
        if self.observer.posterior.record.weights_sha256 != weights:
            network = self.observer.posterior.record.name
            raise DigsError(f"{paths.shown(path)} belongs to another network than '{network}' is now; {advice}.")

"""The first proposal of the general network for one galaxy."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.exact.normal.spectrum_density import DISPERSION
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.engine.model_prior import Coordinates, log_standard_normal
from digs.inference.general.general_network import GeneralNetwork
from digs.inference.general.general_pairs import LEARNED
from digs.inference.general.wiener_summary import Sight, summary_of
from digs.physics.linear.wide_prior import RANGES


@dataclass(frozen=True)
class NetworkGuess:
    """What the network says of one spectrum.

    network: that says it.
    features: what it sees, shape (features,).
    known: whether the dispersion is known.
    """

    network: GeneralNetwork
    features: Tensor
    known: bool

    @classmethod
    def of(
        cls, network: GeneralNetwork, pixels: ModelPixels, redshift: float, settings: EngineSettings
    ) -> "NetworkGuess | None":
        """Return it, or None where the network has not learnt such a model, or nothing that it knows is in the data.

        Args:
            network: of digs.inference.general.
            pixels: that are compared.
            redshift: above 0.
            settings: of the model.
        """
        if settings.history != "delayed tau" or not settings.free_gas or _wider(settings):
            return None
        low, high = RANGES[DISPERSION]
        dispersion = settings.dispersion
        known = None if dispersion is None else float(np.log10(np.clip(dispersion, 10**low, 10**high)))
        sight = Sight(pixels.instrument, redshift, pixels.sigma, known, settings.nuisances.redshift)
        try:
            features = summary_of(pixels.flux, sight, network.components)
        except DigsError:
            return None
        return cls(network, torch.from_numpy(features), known is not None)

    def theta(self, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return theta without the mass, (N, columns), and ln of its density where noise is standard normal, (N,).

        Args:
            noise: shape (N, dimensions of the network).
        """
        theta, log_q = self.network.theta(self.features, torch.from_numpy(noise.astype(np.float32)), self.known)
        return theta.numpy(), log_q.numpy()

    def middle(self) -> np.ndarray:
        """Return the theta of no noise, shape (columns,), which lies amid the draws whatever their seed."""
        return self.theta(np.zeros((1, len(LEARNED))))[0][0]


class FlowCoordinates:
    """The network's noise as coordinates, in which the posterior is about standard normal where the network is good.

    Args:
        guess: of the galaxy.
        box: coordinates of the prior, in which theta has to lie.
    """

    dimensions = len(LEARNED)
    components = 4  # of a mixture that is like a posterior, which is hardly bent

    def __init__(self, guess: NetworkGuess, box: Coordinates):
        self._guess, self._box = guess, box
        self.names, self.low, self.high = box.names, box.low, box.high

    def at(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return theta and log_jacobian, in which a dispersion that is known has the density of its noise."""
        return self.inside(z, *self._guess.theta(z))

    def inside(self, z: np.ndarray, rest: np.ndarray, log_q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what `at` does, where the network's answer is known.

        Args:
            z: its noise, shape (N, dimensions).
            rest, log_q: what NetworkGuess.theta makes of it.
        """
        allowed = ((rest >= self.low) & (rest <= self.high)).all(1)
        log_noise = log_standard_normal(z.astype(np.float32).astype(float))  # of the numbers that the network saw
        mass = self._box.theta(np.zeros((1, len(self.low))))[0, 0]
        theta = np.column_stack([np.full(len(rest), mass), rest.clip(self.low, self.high)])
        return theta, np.where(allowed, log_noise - log_q, -np.inf)


def _wider(settings: EngineSettings) -> bool:
    """Whether the prior goes beyond what the network has learnt."""
    learned = {name: RANGES[name] for name in settings.ranges if name in LEARNED}
    return any(
        settings.ranges[name][0] < low or settings.ranges[name][1] > high for name, (low, high) in learned.items()
    )

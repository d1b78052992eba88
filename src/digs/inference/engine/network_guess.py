"""The first proposal of the general network for one galaxy."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.base.random_streams import normal_numbers
from digs.exact.normal.spectrum_density import DISPERSION
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_pixels import ModelPixels
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
    key: of the galaxy's random numbers.
    """

    network: GeneralNetwork
    features: Tensor
    known: bool
    key: bytes

    @classmethod
    def of(
        cls, network: GeneralNetwork, pixels: ModelPixels, redshift: float, settings: EngineSettings, key: bytes
    ) -> "NetworkGuess | None":
        """Return it, or None where the network has not learnt such a model, or nothing that it knows is in the data.

        Args:
            network: of digs.inference.general.
            pixels: that are compared.
            redshift: above 0.
            settings: of the model.
            key: of the galaxy's random numbers.
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
        return cls(network, torch.from_numpy(features), known is not None, key)

    def draws(self, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return theta without the mass, (number, columns), and ln of the density that it comes with, (number,).

        More draws begin with the same ones, but for rounding.
        """
        noise = torch.from_numpy(normal_numbers(seed, "network guess", [self.key], number, len(LEARNED))[0])
        theta, log_q = self.network.theta(self.features, noise, self.known)
        return theta.numpy(), log_q.numpy()

    def middle(self) -> np.ndarray:
        """Return the theta of no noise, shape (columns,), which lies amid the draws whatever their seed."""
        return self.network.theta(self.features, torch.zeros(1, len(LEARNED)), self.known)[0][0].numpy()


def _wider(settings: EngineSettings) -> bool:
    """Whether the prior goes beyond what the network has learnt."""
    learned = {name: RANGES[name] for name in settings.ranges if name in LEARNED}
    return any(
        settings.ranges[name][0] < low or settings.ranges[name][1] > high for name, (low, high) in learned.items()
    )

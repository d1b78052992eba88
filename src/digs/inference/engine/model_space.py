"""What all galaxies of one kind of model share: coefficients, their moments, and a bank of templates."""

from dataclasses import dataclass
from functools import lru_cache, partial
from math import log

import numpy as np
import torch

from digs.base.one_thread import one_thread
from digs.base.random_streams import generator
from digs.exact.normal.moments import CoefficientMoments
from digs.inference.engine.engine_settings import EngineSettings, HistoryKind
from digs.inference.engine.model_prior import ModelPrior
from digs.physics.histories.continuity import Continuity, standard_edges
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients

_SEED = 1  # of the templates, which are the same for all
_AT_ONCE = 2000  # templates
_AGE = "tage"


@dataclass(frozen=True)
class TemplateAmounts:
    """Templates at points of the prior.

    theta: shape (N, columns), whose mass does not count.
    amounts: of shapes and all lines, shape (N, shapes + lines), of a solar mass.
    log_density: ln of the density that they come from, but for a constant, relative to the prior at redshift 0, (N,).
    """

    theta: np.ndarray
    amounts: np.ndarray
    log_density: np.ndarray


@dataclass(frozen=True)
class ModelSpace:
    """Coefficients, moments and templates of a kind of model.

    edges: of a binned history in Gyr, else None.
    """

    coefficients: SpectrumCoefficients
    moments: CoefficientMoments
    templates: TemplateAmounts
    edges: tuple[float, ...] | None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of theta, but for the dispersion."""
        return self.coefficients.names

    @classmethod
    def of(cls, settings: EngineSettings, redshift: float) -> "ModelSpace":
        """Return that of a galaxy; galaxies of the same kind share it.

        Args:
            settings: of the model.
            redshift: of the galaxy, on which the bins of a binned history depend.
        """
        ranges = tuple(sorted((name, tuple(ends)) for name, ends in settings.ranges.items()))
        edges = tuple(standard_edges(redshift).tolist()) if settings.history == "binned" else None
        return _space(settings.history, settings.free_gas, ranges, settings.bank, edges)


@lru_cache(maxsize=4)
@one_thread()  # whoever asks first, and with how many threads
def _space(history: HistoryKind, free_gas: bool, ranges: tuple, bank: int, edges: tuple | None) -> ModelSpace:
    make = DelayedTau if history == "delayed tau" else partial(Continuity, edges=np.array(edges))
    coefficients = SpectrumCoefficients(make, free_gas)
    wide = dict(ranges)
    prior = ModelPrior(coefficients.names, 0.0, {name: wide[name] for name in coefficients.names if name in wide})
    moments = CoefficientMoments.of(coefficients, prior)
    return ModelSpace(coefficients, moments, _templates(coefficients, prior, bank), edges)


def _templates(coefficients: SpectrumCoefficients, prior: ModelPrior, number: int) -> TemplateAmounts:
    """Templates of the prior; the age of every other one is uniform in its logarithm, so that some are young."""
    random = generator(_SEED, "templates of the engine")
    theta = prior.sample(number, random)
    log_density = np.zeros(number)
    if _AGE in prior.names:
        place = prior.names.index(_AGE)
        low, high = prior.low[place].item(), prior.high[place].item()
        even = torch.rand(number, generator=random, dtype=torch.float64)
        age = theta[:, place]
        age[::2] = low * (high / low) ** even[::2]
        log_density = np.log(0.5 + 0.5 * (high - low) / (age.numpy() * log(high / low)))
    amounts = torch.cat([coefficients(some) for some in theta.split(_AT_ONCE)])
    return TemplateAmounts(theta.numpy(), amounts.numpy(), log_density)

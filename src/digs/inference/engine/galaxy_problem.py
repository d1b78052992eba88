r"""One galaxy's likelihood at the dispersions that its spectrum allows.

Where the dispersion is a parameter, the spectrum is interpolated between nodes. These are first a few over the whole
range, which find the galaxy; then as many over the part that the data allow, so close that interpolation is exact.
Beyond that part the posterior is taken as 0, and the evidence is that of the whole range.

The search takes models and prior alone; the normal equations of the exact likelihood are made when they are asked for.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import MassTerms, NormalEquations
from digs.exact.normal.nuisances import Nuisances
from digs.exact.normal.spectrum_density import DISPERSION, integral_over_logmass
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.exact_equations import exact_equations
from digs.inference.engine.exact_masses import ExactMasses
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.engine.model_prior import Coordinates, ModelPrior
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.network_guess import FlowCoordinates
from digs.inference.engine.node_models import interpolated_spectra, node_models
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients

_AT_ONCE = 500  # draws, so that what belongs to them stays in the processor's cache


@dataclass(frozen=True)
class GalaxyProblem:
    """The posterior density of one galaxy.

    pixels: that are compared.
    models: of the nodes of the dispersion, or the only one.
    coefficients: with the lines of these.
    moments, nuisances: of the likelihood.
    prior: whose dispersions end with the nodes, and its coordinates.
    log_range: ln of the share of the prior's dispersions that the nodes span.
    reference: amounts of shapes and lines, the mass included, of the galaxy whose spectrum the floor multiplies; none
        before it is known.
    """

    pixels: ModelPixels
    models: tuple[LinearModel, ...]
    coefficients: SpectrumCoefficients
    moments: CoefficientMoments
    nuisances: Nuisances
    prior: ModelPrior
    coordinates: Coordinates | FlowCoordinates
    log_range: float
    reference: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        pixels: ModelPixels,
        redshift: float,
        space: ModelSpace,
        settings: EngineSettings,
        nodes: np.ndarray,
        log_range: float = 0.0,
    ) -> "GalaxyProblem":
        """Return the problem of a galaxy.

        Args:
            pixels: of its spectrum.
            redshift: above 0.
            space: of the model.
            settings: of the engine.
            nodes: dispersions in km/s, ascending; one where it is known.
            log_range: ln of the share of the prior's dispersions, in log, that the nodes span.
        """
        models = node_models(pixels.instrument, redshift, nodes)
        names = space.names + ((DISPERSION,) if len(models) > 1 else ())
        ranges = dict(settings.ranges)
        if len(models) > 1:
            ranges[DISPERSION] = float(np.log10(nodes[0])), float(np.log10(nodes[-1]))
        prior = ModelPrior(names, redshift, ranges)
        coefficients = space.coefficients.with_lines(models[0].lines)
        parts = space.moments, settings.nuisances, prior, Coordinates(prior)
        return cls(pixels, models, coefficients, *parts, log_range)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of theta."""
        return self.prior.names

    @property
    def middle(self) -> int:
        """Return the node in the middle."""
        return len(self.models) // 2

    @property
    def strong(self) -> np.ndarray:
        """Return which of shapes and lines scatter."""
        return self.moments.shapes + np.flatnonzero(self.moments.strong(self.models[0].lines))

    @cached_property
    def equations(self) -> NormalEquations:
        """Return the normal equations, whose floor is that of the reference at the node in the middle."""
        model = self.models[self.middle]
        return exact_equations(self.pixels, self.models, self.moments, self.nuisances, model.matrix @ self.reference)

    @cached_property
    def _masses(self) -> ExactMasses:
        return ExactMasses(self.equations, self.logmass_range)

    def mass_terms(self, theta: Tensor) -> MassTerms:
        """Return the exact likelihood as a function of the mass, given the other columns of theta."""
        parts = []
        for rows in theta.split(_AT_ONCE):
            columns, dispersion = self.split(rows)
            parts.append(self._masses(self.coefficients(columns), dispersion))
        return MassTerms(*(torch.cat([getattr(part, name) for part in parts]) for name in ("mean", "std", "peak")))

    def evaluate(self, theta: np.ndarray, log_jacobian: np.ndarray) -> tuple[np.ndarray, MassTerms]:
        """Return ln of likelihood times prior in z, integrated over the mass, shape (N,), and the mass.

        The prior is the whole one, whatever part of its dispersions the nodes span.

        Args:
            theta, log_jacobian: as coordinates.at gives them.
        """
        theta = torch.as_tensor(theta)
        terms = self.mass_terms(theta)
        log_likelihood = integral_over_logmass(terms, *self.logmass_range)
        return log_likelihood.numpy() + self.prior.log_prob(theta).numpy() + log_jacobian + self.log_range, terms

    def log_target(self, z: np.ndarray) -> np.ndarray:
        """Return the first part of `evaluate` at coordinates z, shape (N, d)."""
        return self.evaluate(*self.coordinates.at(z))[0]

    @property
    def logmass_range(self) -> tuple[float, float]:
        """Return the ends of the prior in the logarithm of the mass."""
        return self.prior.low[0].item(), self.prior.high[0].item()

    @property
    def mass_range(self) -> tuple[float, float]:
        """Return the same in solar masses."""
        low, high = self.logmass_range
        return 10.0**low, 10.0**high

    def split(self, theta: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the columns of the coefficients, and the dispersion where it is a parameter."""
        columns = len(self.coefficients.names)
        return theta[:, :columns], theta[:, columns].contiguous() if theta.shape[1] > columns else None

    def spectra(self, theta: np.ndarray) -> np.ndarray:
        """Return F_lambda of theta in the pixels, shape (N, pixels)."""
        columns, dispersion = self.split(torch.as_tensor(theta, dtype=torch.float64))
        return interpolated_spectra(self.models, self.coefficients, columns, dispersion)

r"""One galaxy's likelihood at the dispersions that its spectrum allows.

Where the dispersion is a parameter, the normal equations are interpolated between nodes (digs.exact.normal). These are
first a few over the whole range, which find the galaxy; then as many over the part of it that the data allow, so close
that interpolation is exact. Beyond that part the posterior is taken as 0, and the evidence is that of the whole range.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.exact.normal.normal_equations import MassTerms, NormalEquations
from digs.exact.normal.spectrum_density import DISPERSION, SpectrumDensity, integral_over_logmass
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.model_pixels import ModelPixels
from digs.inference.engine.model_prior import Coordinates, ModelPrior
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.node_models import alike, interpolated_spectra
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients


@dataclass(frozen=True)
class GalaxyProblem:
    """The posterior density of one galaxy.

    pixels: that are compared.
    models: of the nodes of the dispersion, or the only one.
    equations, density: of these.
    coefficients: with the lines of these.
    coordinates: of the prior, whose dispersions end with the nodes.
    log_range: ln of the share of the prior's dispersions that the nodes span.
    """

    pixels: ModelPixels
    models: tuple[LinearModel, ...]
    equations: NormalEquations
    coefficients: SpectrumCoefficients
    density: SpectrumDensity
    coordinates: Coordinates
    log_range: float

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
        models = alike([LinearModel.of(pixels.instrument, redshift, float(node)) for node in nodes])
        equations = NormalEquations.of(pixels.flux, pixels.sigma, models, space.moments, settings.nuisances)
        names = space.names + ((DISPERSION,) if len(models) > 1 else ())
        ranges = dict(settings.ranges)
        if len(models) > 1:
            ranges[DISPERSION] = float(np.log10(nodes[0])), float(np.log10(nodes[-1]))
        prior = ModelPrior(names, redshift, ranges)
        density = SpectrumDensity(equations, space.coefficients, prior)
        coefficients = space.coefficients.with_lines(equations.lines)
        return cls(pixels, tuple(models), equations, coefficients, density, Coordinates(prior), log_range)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the columns of theta."""
        return self.density.names

    def evaluate(self, z: np.ndarray) -> tuple[np.ndarray, MassTerms]:
        """Return ln of likelihood times prior in z, integrated over the mass, shape (N,), and the mass.

        The prior is the whole one, whatever part of its dispersions the nodes span.
        """
        theta = torch.as_tensor(self.coordinates.theta(z))
        terms = self.density.mass_terms(theta)
        log_likelihood = integral_over_logmass(terms, *self.logmass_range)
        log_prior = self.density.prior.log_prob(theta).numpy() + self.coordinates.log_jacobian(z) + self.log_range
        return log_likelihood.numpy() + log_prior, terms

    def log_target(self, z: np.ndarray) -> np.ndarray:
        """Return the first part of `evaluate`."""
        return self.evaluate(z)[0]

    @property
    def logmass_range(self) -> tuple[float, float]:
        """Return the ends of the prior in the logarithm of the mass."""
        return self.density.prior.low[0].item(), self.density.prior.high[0].item()

    def split(self, theta: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the columns of the coefficients, and the dispersion where it is a parameter."""
        columns = len(self.coefficients.names)
        return theta[:, :columns], theta[:, columns] if theta.shape[1] > columns else None

    def spectra(self, theta: np.ndarray) -> np.ndarray:
        """Return F_lambda of theta in the pixels, shape (N, pixels)."""
        columns, dispersion = self.split(torch.as_tensor(theta, dtype=torch.float64))
        return interpolated_spectra(self.models, self.coefficients, columns, dispersion)

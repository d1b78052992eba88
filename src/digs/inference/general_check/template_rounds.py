"""The engine's opponent: templates in the galaxy's own least-squares coordinates, and mixtures that start from them.

It is what costs least without a network where many parameters are left (digs.inference.frontier): the templates that a
spectrum makes likely say where the posterior is, and rounds of mixtures (digs.exact.mixture_rounds) learn what it is
like, by the same exact likelihood as the engine's. Templates are compared as in the engine's search, at all of several
dispersions.
"""

from dataclasses import dataclass

import numpy as np
import torch

from digs.base.random_streams import stream
from digs.exact.mixture_rounds import Rounds, mixture_rounds
from digs.inference.engine.fixed_covariance import FixedCovariance, likely_amounts
from digs.inference.engine.galaxy_problem import GalaxyProblem
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_pixels import broadest_galaxy
from digs.inference.engine.model_space import ModelSpace
from digs.inference.general_check.made_spectra import MadeGalaxy
from digs.physics.linear.wide_prior import RANGES

_NODES = 5  # of the dispersion, as many as the engine's search begins with
_BETWEEN = 17  # dispersions at which templates are compared


@dataclass(frozen=True)
class RoundsResult:
    """What rounds of mixtures came to: how many draws are effective, and points of the likelihood."""

    effective: float
    calls: int


class TemplateRounds:
    """Brute force on one galaxy.

    Args:
        made: the galaxy.
        nearest: how many templates the mixtures start from.
        seed: of all random numbers.
    """

    def __init__(self, made: MadeGalaxy, nearest: int, seed: int):
        self._made, self._nearest = made, nearest
        self._space = ModelSpace.of(made.settings, made.spectrum.redshift)
        self._search = GalaxySearch(made.spectrum, self._space, made.settings)
        self._random = stream(seed, "template rounds", bytes.fromhex(made.spectrum.digest))

    def found(self, effective: float, calls: int) -> RoundsResult:
        """Return the result.

        Args:
            effective: draws that are wanted.
            calls: of the likelihood, at most, of the draws that are kept.
        """
        theta, log_weight = self._likely_templates()
        best = theta[log_weight.argmax()]
        problem = self._search.around(theta, best)
        coordinates, asked = problem.coordinates, 0

        def log_density(rest: np.ndarray) -> np.ndarray:
            nonlocal asked
            asked += len(rest)
            z = coordinates.z(np.column_stack([np.zeros(len(rest)), rest]))
            return problem.log_target(z) - coordinates.log_jacobian(z)

        start = theta.clip(coordinates.low, coordinates.high), log_weight
        ends = coordinates.low, coordinates.high
        found = mixture_rounds(log_density, *ends, effective, self._random, start, Rounds(draws=1000, most=calls))
        return RoundsResult(found.effective, asked)

    def _likely_templates(self) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest templates without their mass, (n, columns), and ln of their weights, (n,)."""
        known, templates = self._made.settings.dispersion, self._space.templates
        low, high = RANGES["logdispersion"]
        high = np.log10(broadest_galaxy(self._made.spectrum, 10**high))
        nodes = np.array([known]) if known is not None else 10 ** np.linspace(low, high, _NODES)
        problem = GalaxyProblem.of(
            self._search.pixels, self._made.spectrum.redshift, self._space, self._made.settings, nodes
        )
        forms = FixedCovariance.of(problem, likely_amounts(problem, problem.middle), problem.middle)
        shapes = self._space.coefficients.shapes
        lines = np.append(np.arange(shapes), shapes + problem.models[0].lines)
        y = torch.as_tensor(templates.amounts[:, lines]) @ forms.combine.T
        tried = [None] if known is not None else list(torch.linspace(low, high, _BETWEEN, dtype=torch.float64))
        parts = [forms.log_likelihood(y, None if each is None else each.expand(len(y))).numpy() for each in tried]
        old = templates.theta[:, self._space.names.index("tage")] > problem.prior.high[3].item()
        log_weight = np.stack(parts) - templates.log_density
        log_weight[:, old] = -np.inf
        best = np.argsort(-log_weight, axis=None, kind="stable")[: self._nearest]
        which, row = np.unravel_index(best, log_weight.shape)
        theta = templates.theta[row, 1:]
        if known is None:
            theta = np.column_stack([theta, [tried[each].item() for each in which]])
        return theta, log_weight[which, row]

"""A bank of templates at points of the prior: where posteriors are, roughly, in any number of dimensions.

A grid of five or more dimensions has too many nodes to be dense. Points that are drawn from the prior are as many as
one likes; those whose spectra are like the data tell where to look closer.
"""

import numpy as np
import torch
from torch import Tensor

from digs.base.random_streams import generator
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.proposals import hold
from digs.exact.brute_force.template_features import SHOWN, TemplateFeatures
from digs.exact.brute_force.templates import log_spectra
from digs.physics.fixed_columns import FixedColumns
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

_NO_SIGMA = np.empty((1, 0))  # the noise is a fraction of the model


class TemplateBank:
    """So many points of the prior, and what their spectra are.

    Args:
        simulator: of the spectra.
        prior: of theta.
        noise: its standard deviation in units of the model flux.
        size: how many points.
        seed: of the points.

    Example:
        >>> import digs
        >>> from digs.config import load_params
        >>> from digs.exact.brute_force.template_bank import TemplateBank
        >>> from digs.physics import Prior
        >>> simulator = digs.Simulator()
        >>> bank = TemplateBank(simulator, Prior.over(load_params().prior), noise=0.05, size=5000, seed=1)
        >>> flux = simulator([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> theta, log_weight = bank.nearest(flux[0].numpy(), 100)
        >>> theta.shape, bool(abs(theta[log_weight.argmax(), 3] - 1.6) < 0.5)
        ((100, 5), True)
    """

    def __init__(self, simulator: Simulator | FixedColumns, prior: Prior, noise: float, size: int, seed: int):
        self.theta = prior.sample(size, generator(seed, "template bank"))

        def of_points(rows: np.ndarray) -> Tensor:
            return log_spectra(simulator, prior, self.theta[rows])

        with torch.no_grad():
            templates = TemplateFeatures.of(of_points, size, simulator.curve.double().cpu(), noise, SHOWN)
        self._nodes = Nodes.scattered(templates, prior)

    def nearest(self, flux: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the points that one spectrum makes most likely, and ln of their weights.

        Their mass and dust are not those that the weights are of, which are free.

        Args:
            flux: F_lambda, shape (pixels,).
            number: of points.
        Returns:
            theta, (number, columns), and ln weights, (number,).
        """
        log_density = hold(self._nodes, np.asarray(flux, float)[None], _NO_SIGMA).log_densities[0].reshape(-1)
        log_density = log_density[: len(self.theta)]
        best = np.argpartition(log_density, -number)[-number:]
        return self.theta[best].numpy(), log_density[best].astype(float)

"""The densities of many galaxies whose walkers are evaluated together, each as if it were alone."""

import numpy as np
import torch
from torch import Tensor

from digs.exact.emcee_walk import Density, vectorised
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


class SideBySide:
    """The densities of galaxies in phi (RelativeDensity); what one galaxy gets, no other changes by a bit.

    If the spectra can be had by compiled code, which makes each by itself, all galaxies are one call of it. Matrix
    products depend on their company, so that with others each galaxy is a call of its own, which takes longer.

    Args:
        simulator: of the model spectra.
        prior: of theta.
        flux: observed F_lambda, shape (N, pixels).
        fraction: of the noise, in units of the model flux.
    """

    def __init__(self, simulator: Simulator, prior: Prior, flux: Tensor, fraction: float):
        from digs.exact.compiled_density import CompiledDensity  # numba takes a second, and only this needs it
        from digs.physics.compiled_spectra import CompiledSpectra

        self.in_one_call = CompiledSpectra.takes(simulator)
        spectra = CompiledSpectra(simulator) if self.in_one_call else simulator
        kind = CompiledDensity if self.in_one_call else RelativeDensity
        self._flux = torch.as_tensor(flux)
        self._density = lambda flux: kind(PosteriorDensity(spectra, prior, flux, fraction))
        self.each = [self._density(one[None]) for one in self._flux]

    def together(self, galaxies: np.ndarray) -> Density:
        """Return ln of the densities of some galaxies, of rows in as many equal blocks.

        Args:
            galaxies: which, shape (n,).
        """
        if self.in_one_call:
            return vectorised(self._density(self._flux[galaxies]))
        each = [vectorised(self.each[galaxy]) for galaxy in galaxies]

        def log_prob(rows: np.ndarray) -> np.ndarray:
            blocks = zip(each, np.split(rows, len(each)), strict=True)
            return np.concatenate([density(block) for density, block in blocks])

        return log_prob

r"""The features of templates: ln spectra as a few numbers each.

With s the fluxes of a galaxy of one solar mass and some dust, and k the dust curve,

    ln s_i = mu_i + a_0 + a_1 k_i + unit \sum_j c_j B_ij,        \sum_i B_ij = \sum_i B_ij k_i = 0

with orthonormal B: its columns are the principal components of the templates (of many of them, where they are very
many) that stand out of the noise. What mass and dust do to a spectrum is in a_0 and a_1 alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

LEAST, MOST = 8, 62  # components
WIDTH = 16  # numbers of a vector, which rows of features are filled up to


_LOST = 0.05  # sigma, that all but one in a thousand templates lose by compression, at most


_NOTHING = 1e-12  # of the largest eigenvalue, below which a vector may be anything, what mass and dust do included


SHOWN = 100_000  # templates, which are enough to take components from


_AT_ONCE = 100_000  # templates that are compressed


@dataclass(frozen=True)
class TemplateFeatures:
    """What is known of templates, T in number, with K components and n pixels.

    unit: of the c's: the noise in ln flux that they are in units of.
    features: (T, W): the c's, a_0, a_1, and zeros.
    components: K.
    mean, basis: mu, (n,), and B, (n, K).
    curve: k, (n,).
    linear: what makes a_0 and a_1 of ln spectra, (n, 2).
    """

    unit: float
    features: np.ndarray
    components: int
    mean: np.ndarray
    basis: np.ndarray
    curve: np.ndarray
    linear: np.ndarray

    @classmethod
    def of(
        cls, log_spectra: Callable[[np.ndarray], Tensor], size: int, curve: Tensor, unit: float, shown: int, **others
    ) -> "TemplateFeatures":
        """Return the features of ln spectra.

        Args:
            log_spectra: those of some rows, (rows, n), float64.
            size: how many rows there are.
            curve: k, (n,), float64.
            unit: of the c's.
            shown: how many templates, at most, the components are taken from, if not all.
            others: what a template has beside its features.
        """
        linear, _ = straight_lines(curve)
        _, spectra = split_off(log_spectra(np.arange(0, size, -(-size // shown))), curve)
        mean = spectra.mean(0)
        spectra -= mean
        strength, vectors = torch.linalg.eigh(spectra.T @ spectra)
        vectors = vectors.flip(1)[:, : min(MOST, len(curve) - 2)]
        rank = int((strength > _NOTHING * strength[-1]).sum())
        components = min(rank, _components(spectra / unit, spectra @ vectors / unit))
        features = np.zeros((size, -(-(components + 2) // WIDTH) * WIDTH), dtype=np.float32)
        for first in range(0, size, _AT_ONCE):
            part = features[first : first + _AT_ONCE]
            levels, spectra = split_off(log_spectra(np.arange(first, first + len(part))), curve)
            part[:, :components] = ((spectra - mean) @ vectors / unit)[:, :components]
            part[:, components : components + 2] = levels
        basis = vectors[:, :components].contiguous().numpy()
        constants = mean.numpy(), basis, curve.numpy(), linear.numpy()
        return cls(unit, features, components, *constants, **others)


def straight_lines(curve: Tensor) -> tuple[Tensor, Tensor]:
    """Return what makes a_0 and a_1 of ln spectra, (n, 2), and what they multiply, 1 and k, (n, 2)."""
    straight = torch.stack([torch.ones_like(curve), curve], 1)
    return torch.linalg.pinv(straight).T, straight


def split_off(spectra: Tensor, curve: Tensor) -> tuple[Tensor, Tensor]:
    """Return a_0 and a_1 of ln spectra, (rows, 2), and what else is in them, (rows, n)."""
    linear, straight = straight_lines(curve)
    levels = spectra @ linear
    return levels, spectra - levels @ straight.T


def _components(spectra: Tensor, scores: Tensor) -> int:
    """How many components are kept, of spectra in units of the noise and their scores."""
    lost = (spectra.square().sum(1)[:, None] - scores.square().cumsum(1)).clamp_min(0).sqrt()
    lost = torch.as_tensor(np.quantile(lost.numpy(), 0.999, axis=0))  # torch's takes no more than 2^24 values
    return LEAST + int((lost[LEAST:] > _LOST).sum()) if len(lost) > LEAST else len(lost)

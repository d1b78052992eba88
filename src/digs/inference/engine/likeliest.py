r"""The likeliest galaxies, by Gauss-Newton steps from several starts at once, and how sharp the posterior is there.

With y(z) the told combinations of amounts, at the best mass M = y^T b / y^T C y the posterior of z is

    f = M y^T b - M^2 y^T C y / 2 - z^T z / 2 + const

Its slope is M J^T (b - M C y) - z, J being dy/dz by differences, and its curvature nearly that of
-M^2 [J^T C J - (J^T C y)(J^T C y)^T / y^T C y] - 1. Where the best mass is an end of the prior, M is the same for all z
nearby, and the curvature is -M^2 J^T C J - 1. The dispersion changes b and C instead of y: its slope and curvature come
from differences of f, the mixed curvatures from differences of the slope.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.inference.engine.dispersion_nodes import node_shares
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_problem import GalaxyProblem

_STEP = 1e-3  # in z, of differences
_DISPERSION_STEP = 0.01  # in z
_LONGEST = 1.5  # step in z
_REACH = 5.0  # in z, beyond which nothing is looked for
_EASIER, _HARDER, _HARDEST = 0.2, 5.0, 1e6  # factors of the damping
_BELOW = 25.0  # nat below the highest peak, where peaks count for nothing
_ALIKE = 1.0  # standard deviations, within which two peaks are one
_DONE = 1e-2  # nat that a step gains, at most, when all is done


@dataclass(frozen=True)
class Peaks:
    """Places of the posterior's peaks.

    z: shape (P, d). value: f, shape (P,). precision: minus the curvature of f, positive definite, shape (P, d, d).
    """

    z: np.ndarray
    value: np.ndarray
    precision: np.ndarray

    def some(self, rows: np.ndarray) -> "Peaks":
        """Return some of them."""
        return Peaks(self.z[rows], self.value[rows], self.precision[rows])


def likeliest(
    problem: GalaxyProblem, forms: FixedCovariance, z: np.ndarray, steps: int = 15, at_nodes: bool = False
) -> Peaks:
    """Return the peaks that starts lead to, the highest first.

    Args:
        problem: of the galaxy.
        forms: its likelihood.
        z: starts, shape (P, d).
        steps: at most.
        at_nodes: whether dispersions stay where they are, at nodes.
    """
    hill = _Hill(problem, forms, at_nodes)
    z = z.clip(-_REACH, _REACH)
    damping = np.ones(len(z))
    here = hill.survey(z)
    for _ in range(steps):
        eye = damping[:, None, None] * np.eye(z.shape[1])
        step = np.linalg.solve(here.precision + eye, here.slope[..., None])[..., 0]
        step *= np.minimum(1, _LONGEST / np.maximum(np.linalg.norm(step, axis=1), 1e-12))[:, None]
        there = hill.survey((z + step).clip(-_REACH, _REACH))
        gain = there.value - here.value
        better = gain > 0
        z = np.where(better[:, None], there.z, z)
        here = here.replaced(there, better)
        damping = np.where(better, damping * _EASIER, np.minimum(damping * _HARDER, _HARDEST))
        if (np.abs(gain) < _DONE).all():
            break
    order = np.argsort(-here.value, kind="stable")
    return Peaks(here.z[order], here.value[order], _positive(here.precision[order]))


@dataclass(frozen=True)
class _Survey:
    z: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    precision: np.ndarray

    def replaced(self, other: "_Survey", where: np.ndarray) -> "_Survey":
        pick = lambda mine, theirs: np.where(where.reshape(-1, *[1] * (mine.ndim - 1)), theirs, mine)
        names = ("z", "value", "slope", "precision")
        return _Survey(*(pick(getattr(self, name), getattr(other, name)) for name in names))


class _Hill:
    """f, its slope and its curvature."""

    def __init__(self, problem: GalaxyProblem, forms: FixedCovariance, at_nodes: bool):
        self._problem, self._forms, self._at_nodes = problem, forms, at_nodes
        self._several = len(forms.curvature) > 1

    def survey(self, z: np.ndarray) -> _Survey:
        number, columns = z.shape
        smooth = columns - 1 if self._several else columns  # of which y is a function
        sign = np.where(z[:, :smooth] > 0, -1.0, 1.0)  # differences towards the middle
        around = np.repeat(z[:, None], 1 + smooth, 1)
        around[:, np.arange(1, smooth + 1), np.arange(smooth)] += _STEP * sign
        theta = torch.as_tensor(self._problem.coordinates.theta(around.reshape(-1, columns)))
        amounts = self._problem.coefficients(self._problem.split(theta)[0])
        y = (amounts @ self._forms.combine.T).reshape(number, 1 + smooth, -1)
        slopes = (y[:, 1:] - y[:, :1]) / torch.as_tensor(_STEP * sign)[..., None]  # J^T
        y = y[:, 0]
        value, slope, precision = self._of(z, y, slopes, 0.0)
        if not self._several:
            return _Survey(z, value - np.square(z).sum(1) / 2, slope - z, precision + np.eye(columns))
        full = np.zeros((number, columns, columns))
        full[:, :smooth, :smooth] = precision
        if self._at_nodes:
            stay = np.append(np.ones(smooth), 0.0)
            value = value - np.square(z[:, :smooth]).sum(1) / 2
            return _Survey(z, value, np.column_stack([slope, slope[:, :1]]) * stay - z * stay, full + np.eye(columns))
        low, high = (self._of(z, y, slopes, side) for side in (-_DISPERSION_STEP, _DISPERSION_STEP))
        full[:, -1, :smooth] = full[:, :smooth, -1] = -(high[1] - low[1]) / (2 * _DISPERSION_STEP)
        full[:, -1, -1] = -(high[0] + low[0] - 2 * value) / _DISPERSION_STEP**2
        last = (high[0] - low[0]) / (2 * _DISPERSION_STEP)
        slope = np.column_stack([slope, last])
        value = value - np.square(z).sum(1) / 2
        return _Survey(z, value, slope - z, _positive(full + np.eye(columns)))

    def _of(self, z: np.ndarray, y: Tensor, slopes: Tensor, shift: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of ln L alone: values, slopes and precisions in all z but the dispersion's, which is shifted."""
        forms = self._forms
        if self._several:
            moved = z.copy()
            moved[:, -1] += shift
            theta = torch.as_tensor(self._problem.coordinates.theta(moved))
            share = node_shares(forms.log_dispersion, theta[:, -1].contiguous())
            curvature = torch.einsum("pk,kij->pij", share, forms.curvature)
            b, constant = share @ forms.slope, share @ forms.constant
        else:
            curvature, b, constant = forms.curvature, forms.slope, forms.constant
        along = (curvature @ y[..., None])[..., 0]
        square, inner = (along * y).sum(1), (y * b).sum(1)
        mass = forms.mass(square, inner)
        value = mass * inner - mass**2 * square / 2 + constant
        slope = mass[:, None] * (slopes @ (b - mass[:, None] * along)[..., None])[..., 0]
        across = (slopes @ along[..., None])[..., 0]
        low, high = forms.mass_range
        along_mass = ((mass > low) & (mass < high)) / square  # as the mass adapts, unless at an end
        whole = slopes @ curvature @ slopes.mT - across[:, :, None] * across[:, None] * along_mass[:, None, None]
        return value.numpy(), slope.numpy(), (mass[:, None, None] ** 2 * whole).numpy()


def _positive(precision: np.ndarray) -> np.ndarray:
    """The same matrices with eigenvalues no lower than the prior's precision."""
    value, vectors = np.linalg.eigh((precision + np.swapaxes(precision, 1, 2)) / 2)
    return (vectors * np.maximum(value, 1.0)[:, None]) @ np.swapaxes(vectors, 1, 2)


def distinct(peaks: Peaks) -> Peaks:
    """Return the peaks that count, each once."""
    chosen: list[int] = []
    for row in np.flatnonzero(peaks.value > peaks.value[0] - _BELOW):
        away = peaks.z[chosen] - peaks.z[row]
        distance = np.einsum("pi,pij,pj->p", away, peaks.precision[chosen], away)
        if (distance > _ALIKE**2 * peaks.z.shape[1]).all():
            chosen.append(int(row))
    return peaks.some(np.array(chosen))

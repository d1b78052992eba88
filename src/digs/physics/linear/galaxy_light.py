r"""The light of galaxies at a few of the populations' own wavelengths, dust included, and that of their lines.

Of a solar mass formed, with the fractions w_m of the SSPs (digs.physics.histories), at the wavelength \lambda

    L_nu = e^{-dust2 k(\lambda)} [ \sum_m w_m S_m(\lambda, logzsol) + \sum_m w_m Q_m(logzsol) G_m(\lambda, gas) ]

with the stars S, linear in logzsol between the populations, the ionising photons Q, and the gas's continuum G of a
photon. A line has the luminosity that its table says, times e^{-dust2 k} at its centre.
"""

from collections.abc import Sequence
from copy import copy, deepcopy

import numpy as np
import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.physics.dust import calzetti
from digs.physics.gas import Gas
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.history import MakesHistory
from digs.physics.linear.compiled_gas import CompiledGas
from digs.physics.stored_populations import StoredPopulations

COMMON = ("logmass", "logzsol", "dust2")  # the first columns of theta, of all histories


class GalaxyLight:
    """Luminosities of galaxies of one solar mass, in double precision.

    Args:
        stored: the populations.
        places: of the native wavelengths that are wanted, shape (places,).
        history: what makes the star formation history of the SSPs' ages (digs.physics.histories).
        free_gas: whether theta has gas_logz; else the gas has the metallicity of the stars. Values beyond
            the tables count as their ends (digs.physics.gas).

    Example:
        >>> import torch
        >>> from digs.physics.linear.galaxy_light import GalaxyLight
        >>> from digs.physics.stored_populations import stored_populations
        >>> light = GalaxyLight(stored_populations(), places=[1000, 2000]).with_lines([40])
        >>> light.names
        ('logmass', 'logzsol', 'dust2', 'tage', 'logtau', 'gas_logu')
        >>> continuum, lines = light(torch.tensor([[10.0, -0.3, 0.5, 3.0, 0.4, -2.5]]))
        >>> continuum.shape, lines.shape
        (torch.Size([1, 2]), torch.Size([1, 1]))
    """

    def __init__(
        self,
        stored: StoredPopulations,
        places: Sequence[int] | np.ndarray,
        history: MakesHistory = DelayedTau,
        free_gas: bool = False,
    ):
        populations, places = stored.product, np.asarray(places, dtype=int)
        self.history = history(populations["age"].copy(), torch.float64)
        self.free_gas = free_gas
        self.names = (*COMMON, *self.history.names, *(("gas_logz",) if free_gas else ()), "gas_logu")
        self.lines = len(populations["line_wavelength"])
        self.gas = Gas(populations, np.full(self.lines, True), torch.float32)
        self._emission = CompiledGas(self.gas)
        components = self.history.components.numpy()
        stars = components @ (populations["coefficients"].astype(float) @ populations["basis"][:, places].astype(float))
        photons = components[:, : self.gas.young] * populations["photons"][:, None, : self.gas.young]
        self._logzsol, self._stars, self._photons, self._shape, self._curve, self._line_curve = (
            torch.as_tensor(np.ascontiguousarray(value, dtype=float))
            for value in (
                populations["logzsol"],
                stars,
                photons @ self.gas.together.numpy(),
                populations["continuum_shape"][:, places],
                calzetti(populations["wavelength"][places]),
                calzetti(populations["line_wavelength"]),
            )
        )
        self.domain = {
            "logzsol": (populations["logzsol"][0], populations["logzsol"][-1]),
            "dust2": (0.0, torch.inf),
            **self.history.domain,
        }

    def with_lines(self, lines: Sequence[int] | np.ndarray) -> "GalaxyLight":
        """Return the same light with these lines alone, in their order."""
        chosen, other = np.asarray(lines, dtype=int), copy(self)
        other.gas = deepcopy(self.gas)
        other.gas.keep(np.append(chosen, np.arange(self.lines, self.gas.table.shape[-1])))
        other._emission = CompiledGas(other.gas)
        other.lines, other._line_curve = len(chosen), self._line_curve[torch.as_tensor(chosen)]
        return other

    def check(self, theta: Tensor) -> None:
        """Raise DigsError where theta, shape (N, columns), has another shape or lies outside the populations."""
        if theta.ndim != 2 or theta.shape[1] != len(self.names):
            raise DigsError(
                f"theta has shape {tuple(theta.shape)}, not (N, {len(self.names)}): {', '.join(self.names)}."
            )
        for place, name in enumerate(self.names):
            low, high = self.domain.get(name, (-torch.inf, torch.inf))
            column = theta[:, place]
            bad = ~(torch.isfinite(column) & (column >= low - 1e-9) & (column <= high + 1e-9))
            if bool(bad.any()):
                row = int(bad.nonzero()[0])
                raise DigsError(
                    f"theta has {name} = {column[row]:g} in row {row}; give finite values in [{low:g}, {high:g}]."
                )

    @torch.no_grad()
    def __call__(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return L_nu in Lsun/Hz at the places, (N, places), and lines in Lsun, (N, lines), of one solar mass formed.

        Args:
            theta: shape (N, columns), with the columns `names`; the mass does not count.
        Raises:
            DigsError: theta has another shape or lies outside the populations.
        """
        theta = theta.double()
        self.check(theta)
        if not len(theta):
            return theta.new_empty(0, len(self._curve)), theta.new_empty(0, len(self._line_curve))
        logzsol, dust = theta[:, 1], theta[:, 2:3]
        columns = theta[:, len(COMMON) : len(COMMON) + len(self.history.names)]
        amounts, which = self.history.amounts(*columns.unbind(1))
        amounts = amounts / (amounts @ self.history.mass[which])[:, None]
        stars, photons = self._populations(amounts, which, logzsol)
        gas_logz = theta[:, -2] if self.free_gas else logzsol
        emission = self._emission(photons, gas_logz, theta[:, -1]).double()
        lines, continuum = emission[:, : self.lines], emission[:, self.lines :]
        stars = stars.addmm_(continuum, self._shape)
        return stars.mul_((-dust * self._curve).exp_()), lines * (-dust * self._line_curve).exp_()

    def _populations(self, amounts: Tensor, which: slice, logzsol: Tensor) -> tuple[Tensor, Tensor]:
        """Stars at the places and photons by the gas's ages, galaxies between the same metallicities together."""
        lower = (torch.searchsorted(self._logzsol, logzsol.contiguous()) - 1).clamp_(0, len(self._logzsol) - 2)
        share = ((logzsol - self._logzsol[lower]) / (self._logzsol[lower + 1] - self._logzsol[lower]))[:, None]
        poor, rich = amounts * (1 - share), amounts * share
        stars = amounts.new_empty(len(amounts), len(self._curve))
        photons = amounts.new_empty(len(amounts), self._photons.shape[-1])
        for node in lower.unique().tolist():
            rows = (lower == node).nonzero()[:, 0]
            for found, part in ((stars, self._stars), (photons, self._photons)):
                found[rows] = torch.addmm(poor[rows] @ part[node, which], rich[rows], part[node + 1, which])
        return stars, photons

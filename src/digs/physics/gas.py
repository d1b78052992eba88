"""Nebular emission of young populations: what the gas makes of each ionising photon.

FSPS's tables (digs.sps.nebular_tables) give the lines and the continuum for each ionising photon of a population, by
gas_logz, gas_logu and age. Their logarithms are interpolated linearly, in log age too, and held at the tables' ends:
gas poorer in metals than the tables' poorest, gas_logz = -2, say, shines as the poorest does.
"""

import numpy as np
import torch
from torch import Tensor, nn

from digs.files.product import Product

_LOG2_10 = float(np.log2(10.0))


_SAME_AGE = 1e-9  # relative, by which an age may lie above the tables' last and still be in them


class Gas(nn.Module):
    """Luminosities per ionising photon of every line and of the continuum at a few wavelengths, by age.

    `young` is how many of the populations have gas. As those younger than the tables' first age shine alike, their
    photons are first added up: photons by population @ `together`, shape (young, ages).

    Args:
        populations: the product POPULATIONS.
        lines: which lines are wanted, True or False for each.
        dtype: of the arithmetic.
    """

    def __init__(self, populations: Product, lines: np.ndarray, dtype: torch.dtype = torch.float32):
        super().__init__()
        age, nodes = np.log10(populations["age"]), np.log10(populations["gas_age"])
        self.young = int(np.searchsorted(age, nodes[-1] + _SAME_AGE))
        distinct, which = np.unique(age[: self.young].clip(nodes[0], nodes[-1]), return_inverse=True)
        table = np.concatenate([populations["log_lines"][..., lines], populations["log_continuum"]], -1).astype(float)
        place = np.interp(distinct, nodes, np.arange(len(nodes)))
        below = place.astype(int).clip(max=len(nodes) - 2)
        share = (place - below)[:, None, None]
        low, high = np.take(table, below, 1), np.take(table, below + 1, 1)
        table = low + share * (high - low)  # gas_logz by ages by gas_logu by quantities
        constants = {
            "logz": populations["gas_logz"],
            "logu": populations["gas_logu"],
            "table": table.swapaxes(1, 2) * _LOG2_10,  # gas_logz by gas_logu by ages by quantities
            "together": np.eye(len(distinct))[which],
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype).contiguous(), persistent=False)

    def emission(self, photons: Tensor, logz: Tensor, logu: Tensor) -> Tensor:
        """Return the luminosities of galaxies, shape (N, quantities).

        Args:
            photons: ionising photons by age, in units of digs.files.schemas.populations_schema.PHOTONS, (N, ages).
            logz, logu: of their gas, shape (N,).
        """
        (row, dz), (column, du) = _between(self.logz, logz), _between(self.logu, logu)
        corners = self.table.flatten(0, 1)
        first, width = row * len(self.logu) + column, len(self.logu)
        poor = torch.lerp(corners[first], corners[first + 1], du[:, None, None])
        rich = torch.lerp(corners[first + width], corners[first + width + 1], du[:, None, None])
        each = torch.lerp(poor, rich, dz[:, None, None]).exp2()
        return torch.bmm(photons[:, None], each)[:, 0]

    def keep(self, chosen: np.ndarray) -> None:
        """Forget all quantities but those chosen, whose order is taken."""
        self.table = self.table[..., torch.as_tensor(chosen)].contiguous()

    def tables(self, logz: np.ndarray, logu: float) -> np.ndarray:
        """Return the luminosities of one photon, shape (gases, ages, quantities), of gases of metallicities logz."""
        (row, dz), (column, du) = (
            _between(nodes, torch.as_tensor(values).to(nodes))
            for nodes, values in ((self.logz, logz), (self.logu, np.full(len(logz), logu)))
        )
        low, high = (
            torch.lerp(self.table[r, column], self.table[r, column + 1], du[:, None, None]) for r in (row, row + 1)
        )
        return torch.lerp(low, high, dz[:, None, None]).exp2().numpy()


def _between(nodes: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """The node below, and the share of the one above, at the ends of the nodes where values lie beyond."""
    lower = (torch.searchsorted(nodes, values.detach().contiguous()) - 1).clamp_(0, len(nodes) - 2)
    return lower, ((values - nodes[lower]) / (nodes[lower + 1] - nodes[lower])).clamp(0, 1)

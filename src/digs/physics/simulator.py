"""The exact simulator: galaxy spectra as weighted sums of SSP spectra, in batches, differentiable, on CPU or GPU."""

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.inputs import read_tensor
from digs.base.remedies import remedy
from digs.base.torch_state import building, undisturbed
from digs.config.theta import NAMES, index
from digs.files.product import Product, read_product
from digs.files.schemas.ssp_grid_schema import SSP_GRID
from digs.physics.csp import LOGTAU_DOMAIN, CSPWeights
from digs.physics.dust import calzetti

SSP_GRID_FILE = paths.DATA / "ssp_grid.h5"


_LOG2E = math.log2(math.e)  # exp2 is faster than exp


_LOGZSOL = index("logzsol")


_LEAST_AGE = 1e-4  # Gyr


_ROUNDING = 1e-6


class Simulator(nn.Module):
    """Noiseless spectra of delayed-tau galaxies with Calzetti dust.

    flux(theta) = 10^logmass exp(-dust2 k) w(tage, logtau) @ SSP(logzsol), with the tracked grid of FSPS's SSPs (Conroy
    et al. 2009, 2010) interpolated linearly in logzsol and the weights w of digs.physics.csp, or rather its amounts of
    components mixed from SSPs. `wavelength` has the pixels in Angstrom, in vacuum and in the rest frame.

    It is a torch module: it has gradients with respect to theta, and can be moved to a GPU.

    Args:
        path: the SSP grid; by default the tracked one.
        dtype: of the arithmetic, torch.float32 or torch.float64.
    Raises:
        DigsError: the grid is missing or damaged; dtype is another one.

    Example:
        >>> import digs
        >>> simulator = digs.Simulator()
        >>> simulator([[10.5, -0.4, 0.6, 1.6, -0.9]]).shape
        torch.Size([1, 138])
        >>> simulator.wavelength[0].item()
        3750.0
    """

    FEW = 512  # galaxies, whose many small matrix products would take longer than one large one
    CHUNK = 8192  # galaxies at a time, so that what comes between stays in the processor's cache

    def __init__(self, path: Path | str = SSP_GRID_FILE, dtype: torch.dtype = torch.float32):
        if dtype not in (torch.float32, torch.float64):
            raise DigsError(f"The simulator cannot compute in {dtype}; choose torch.float32 or torch.float64.")
        super().__init__()
        grid = read_product(path := Path(path), SSP_GRID)
        with building():
            self._build(grid, path, dtype)

    def _build(self, grid: Product, path: Path, dtype: torch.dtype) -> None:
        try:
            self.sps_label: str = grid.attributes["sps_label"]
            zred = grid.attributes["parameters"]["spectrum"]["zred"]
        except KeyError as error:
            advice = remedy("run `dvc repro ssp_grid`")
            raise DigsError(f"{paths.shown(path)} lacks the attribute {error}; {advice}.") from None
        self.weights = CSPWeights(grid["age"], torch.float64)
        components = self.weights.components @ torch.as_tensor(grid["flux"], dtype=torch.float64)
        self.weights.to(dtype)
        constants = {
            "wavelength": torch.as_tensor(grid["wavelength"], dtype=dtype),
            "logzsol": torch.as_tensor(grid["logzsol"], dtype=dtype),
            "curve": torch.as_tensor(calzetti(grid["wavelength"] / (1 + zred)), dtype=dtype),
            "grid": components.to(dtype),  # metallicities by components by pixels
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)
        domain = {
            "logzsol": (grid["logzsol"][0], grid["logzsol"][-1]),
            "dust2": (0.0, math.inf),
            "tage": (_LEAST_AGE, grid["age"][-1]),
            "logtau": LOGTAU_DOMAIN,
        }
        ends = torch.tensor([domain.get(name, (-math.inf, math.inf)) for name in NAMES], dtype=dtype).T
        # single precision may round a prior's edge outwards
        self.register_buffer("domain", ends + _ROUNDING * torch.tensor([[-1.0], [1.0]]), persistent=False)

    @property
    def pixels(self) -> int:
        """Return how many pixels the spectra have."""
        return len(self.wavelength)

    @undisturbed()
    def forward(self, theta: Any) -> Tensor:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (N, pixels), of theta, shape (N, 5).

        Args:
            theta: a tensor, array or list, ordered and in units as digs.PARAMETERS.
        Raises:
            DigsError: theta has another shape or a unit, is not finite, or lies outside the SSP grid.
        """
        theta = read_tensor(theta, "The values of theta").to(self.grid)
        self._check(theta)
        if not len(theta):
            return theta.new_empty(0, self.pixels)
        order = torch.argsort(theta[:, _LOGZSOL])  # neighbours share SSPs
        parts = [part for rows in order.split(self.CHUNK) for part in self._spectra(theta.index_select(0, rows))]
        place = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        return torch.cat(parts).index_select(0, place)

    def _spectra(self, theta: Tensor) -> list[Tensor]:
        """Spectra of theta, ascending in logzsol, in parts.

        Neighbours share metallicity nodes: all galaxies between the same two, a part, need two matrix products.
        """
        logmass, logzsol, dust2, tage, logtau = theta.unbind(1)
        amounts, which = self.weights.amounts(tage, logtau)
        lower = torch.searchsorted(self.logzsol, logzsol.detach().contiguous())
        lower = lower.sub_(1).clamp_(0, len(self.logzsol) - 2)
        left, right = self.logzsol[lower], self.logzsol[lower + 1]
        scale = 10.0**logmass / (amounts @ self.weights.mass[which] * (right - left))
        poor, rich = (amounts * (scale * share)[:, None] for share in (right - logzsol, logzsol - left))
        exponent = -_LOG2E * self.curve
        if len(theta) <= self.FEW:
            return [self._few_dust_free(poor, rich, lower, which).mul_((dust2[:, None] * exponent).exp2_())]
        nodes, counts = (part.tolist() for part in torch.unique_consecutive(lower, return_counts=True))
        spectra = []
        for node, *part in zip(nodes, *(each.split(counts) for each in (poor, rich, dust2)), strict=True):
            poor_part, rich_part, dust = part
            dust_free = torch.addmm(poor_part @ self.grid[node, which], rich_part, self.grid[node + 1, which])
            spectra.append(dust_free.mul_((dust[:, None] * exponent).exp2_()))
        return spectra

    def _few_dust_free(self, poor: Tensor, rich: Tensor, lower: Tensor, which: slice) -> Tensor:
        """Dust-free spectra of few galaxies: as many parts, most of one or two galaxies, are padded to one size.

        Args:
            poor, rich: amounts of the components with the metallicity below and above, shape (N, components).
            lower: the node below, shape (N,), ascending.
        """
        first, last = lower[[0, -1]].tolist()
        node = lower - first
        start = torch.searchsorted(node, torch.arange(last - first + 1, device=node.device))
        in_part = torch.arange(len(node), device=node.device) - start[node]
        size = int(in_part.max()) + 1
        place = node * size + in_part
        padded = poor.new_zeros(2, len(start) * size, poor.shape[1])
        below, above = (
            rows.index_copy(0, place, amounts).unflatten(0, (-1, size))
            for rows, amounts in zip(padded, (poor, rich), strict=True)
        )
        grid = self.grid[first : last + 2, which]
        spectra = torch.baddbmm(torch.bmm(below, grid[:-1]), above, grid[1:])
        return spectra.flatten(0, 1).index_select(0, place)

    def _check(self, theta: Tensor) -> None:
        if theta.ndim != 2 or theta.shape[1] != len(NAMES):
            raise DigsError(f"theta has shape {tuple(theta.shape)}, not (N, {len(NAMES)}): {', '.join(NAMES)}.")
        low, high = self.domain
        bad = ~((theta >= low) & (theta <= high) & torch.isfinite(theta))
        if bool(bad.any()):
            row, place = bad.nonzero()[0].tolist()
            raise DigsError(
                f"theta has {NAMES[place]} = {theta[row, place]:g} in row {row}; the simulator wants finite values "
                f"in [{low[place]:g}, {high[place]:g}]."
            )

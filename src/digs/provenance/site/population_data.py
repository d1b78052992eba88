"""The stellar populations for a simulator in the browser, small enough to send.

A population's flux in a pixel is e^{-dust2 k} S [ 1 + (DUST - dust2) r ] (digs.physics.simulator): S has the dust DUST
within the line-spread function, and r, the gas's change with dust2 relative to S, is 0 but for the young populations.
ln S is stored in steps of STEP and r in steps of RATIO_STEP. A galaxy is a sum of populations with positive weights:
its flux is wrong by no more than theirs, in relative terms, whatever theta is. A singular value decomposition bounds
no single pixel: to keep the worst one to 1e-5, it needs nearly all of its ranks.

The steps are integers that hardly change from one metallicity, age or pixel to the next. Differences along these axes
are small, and are written as variable-length integers: seven bits a byte, the eighth says that more follow.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digs.config.model import NebularGas, PriorRanges
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.response import DUST
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import stored_populations
from digs.provenance.site.data_scripts import base64_of

STEP = 4e-6  # of ln S

RATIO_STEP = 1e-6  # of r

DIFFERENCES = (0, 1, 2)  # the axes along which they are taken: metallicity, age, pixel

_QUADRATURE_NODES = 24  # in each age interval: 1e-13 is reached with 16


def needed(nodes: np.ndarray, low: float, high: float) -> slice:
    """Return the nodes that interpolation between low and high needs.

    Example:
        >>> import numpy as np
        >>> needed(np.array([0.0, 1.0, 2.0, 3.0]), 1.0, 1.5)
        slice(1, 3, None)
    """
    return slice(int(np.searchsorted(nodes, low, side="right")) - 1, int(np.searchsorted(nodes, high)) + 1)


def variable_length(values: np.ndarray) -> np.ndarray:
    """Return integers as bytes: 0, -1, 1, -2 ... count as 0, 1, 2, 3 ..., their lowest seven bits come first.

    Example:
        >>> import numpy as np
        >>> variable_length(np.array([0, -1, 1, 100])).tolist()
        [0, 1, 2, 200, 1]
    """
    rest = np.where(values >= 0, 2 * values, -2 * values - 1).ravel()
    columns = []
    while True:
        more = rest >= 128
        columns.append(rest % 128 + 128 * more)
        if not more.any():
            break
        rest = rest // 128
    table = np.stack(columns, 1)
    there = np.ones(table.shape, dtype=bool)
    there[:, 1:] = table[:, :-1] >= 128
    return table[there].astype(np.uint8)


@dataclass(frozen=True)
class Populations:
    """The simple stellar populations on the pixels, as the simulator has them in double precision.

    wavelength: of the pixels, in Angstrom.
    curve: optical depth per unit of dust2 at the pixels.
    logzsol: the metallicities between which the simulator interpolates.
    age: in Gyr.
    flux: S of one solar mass, in erg/s/cm^2/Angstrom, shape (metallicities, ages, pixels).
    ratio: r of the young populations, shape (metallicities, young ages, pixels).
    gas: around the young ones.
    label: of the data that FSPS had.
    """

    wavelength: np.ndarray
    curve: np.ndarray
    logzsol: np.ndarray
    age: np.ndarray
    flux: np.ndarray
    ratio: np.ndarray
    gas: NebularGas
    label: str

    @classmethod
    def of(cls, path: Path, prior: PriorRanges) -> "Populations":
        """Return those that galaxies of a prior hold, as bursts without dust and with DUST.

        Args:
            path: the data product populations.h5.
        """
        simulator = Simulator(history=SingleBurst, path=path, dtype=torch.float64)
        stored = stored_populations(path)
        logzsol, age = simulator.logzsol.numpy(), stored.product["age"]
        logzsol = logzsol[needed(logzsol, *prior.logzsol)]
        age = age[: needed(age, *prior.tage).stop]
        bare, flux = (_bursts(simulator, logzsol, dust2, age) for dust2 in (0.0, DUST))
        curve = simulator.curve.numpy()
        flux = flux * np.exp(DUST * curve)
        ratio = (bare / flux - 1) / DUST
        young = int((np.abs(ratio) > RATIO_STEP / 2).any((0, 2)).nonzero()[0].max(initial=-1)) + 1
        wavelength = simulator.instrument.wavelength
        return cls(wavelength, curve, logzsol, age, flux, ratio[:, :young], stored.gas, stored.label)


def bound(prior: PriorRanges) -> float:
    """Return how much a galaxy's flux may be wrong in relative terms, by what is stored, to first order."""
    return STEP / 2 + max(abs(DUST - end) for end in prior.dust2) * RATIO_STEP / 2


def for_browser(populations: Populations) -> dict[str, Any]:
    """Return all that the simulator in the browser needs."""
    node, weight = np.polynomial.legendre.leggauss(_QUADRATURE_NODES)
    return {
        "wavelength": populations.wavelength.tolist(),
        "logzsol": populations.logzsol.tolist(),
        "age": populations.age.tolist(),
        "curve": populations.curve.tolist(),
        "dust": DUST,
        "node": ((node + 1) / 2).tolist(),
        "node_weight": (weight / 2).tolist(),
        "differences": DIFFERENCES,
        "step": STEP,
        "flux": _packed(np.log(populations.flux), STEP),
        "ratio_step": RATIO_STEP,
        "young": populations.ratio.shape[1],
        "ratio": _packed(populations.ratio, RATIO_STEP),
    }


def _bursts(simulator: Simulator, logzsol: np.ndarray, dust2: float, age: np.ndarray) -> np.ndarray:
    """Spectra of bursts of one solar mass, shape (metallicities, ages, pixels)."""
    theta = np.stack(np.broadcast_arrays(0.0, logzsol[:, None], dust2, age), -1)
    return simulator(theta.reshape(-1, theta.shape[-1])).numpy().reshape(*theta.shape[:-1], -1)


def _packed(values: np.ndarray, step: float) -> str:
    steps = np.round(values / step).astype(np.int64)
    for axis in DIFFERENCES:
        steps = np.diff(steps, axis=axis, prepend=0)
    return base64_of(variable_length(steps), "u1")

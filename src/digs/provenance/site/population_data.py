"""The stellar populations for a simulator in the browser, small enough to send.

The natural log of every flux is stored in steps of STEP, so that it is wrong by STEP / 2 at most. A galaxy is a sum of
populations with positive weights: its flux is wrong by no more than that either, in relative terms, whatever theta is.
A singular value decomposition bounds no single pixel: to keep the worst one to 1e-5, it needs nearly all of its ranks.

The steps are integers that hardly change from one metallicity, age or pixel to the next. Differences along these axes
are small, and are written as variable-length integers: seven bits a byte, the eighth says that more follow.
"""

from typing import Any

import numpy as np

from digs.config.model import PriorRanges
from digs.files.product import Product
from digs.physics.dust import calzetti
from digs.provenance.site.data_scripts import base64_of

STEP = 4e-6  # of the natural log of the flux

DIFFERENCES = (0, 0, 1, 2)  # the axes along which they are taken: metallicity twice, age, pixel

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


def populations(grid: Product, prior: PriorRanges) -> dict[str, Any]:
    """Return all that the simulator in the browser needs, for any theta of the prior.

    Args:
        grid: of kind SSP_GRID.
        prior: over which galaxies are wanted.
    """
    metallicities = needed(grid["logzsol"], *prior.logzsol)
    age = grid["age"][: needed(grid["age"], *prior.tage).stop]
    flux = grid["flux"][metallicities, : len(age)].astype(float)
    steps = np.round(np.log(flux) / STEP).astype(np.int64)
    for axis in DIFFERENCES:
        steps = np.diff(steps, axis=axis, prepend=0)
    zred = grid.attributes["parameters"]["spectrum"]["zred"]
    node, weight = np.polynomial.legendre.leggauss(_QUADRATURE_NODES)
    return {
        "wavelength": grid["wavelength"].tolist(),
        "logzsol": grid["logzsol"][metallicities].tolist(),
        "age": age.tolist(),
        "curve": calzetti(grid["wavelength"] / (1 + zred)).tolist(),
        "node": ((node + 1) / 2).tolist(),
        "node_weight": (weight / 2).tolist(),
        "step": STEP,
        "differences": DIFFERENCES,
        "flux": base64_of(variable_length(steps), "u1"),
    }

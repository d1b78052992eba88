"""Two numbers that sum up a galaxy's spectrum: the break at 4000 Angstrom and the equivalent width of H-alpha.

Both are of the light as it is observed, of stars, gas and dust together, in the rest frame and at the populations' own
resolution. The pixels of an Instrument fill the bands, so that no spectrum is interpolated.

Dn4000 is the mean F_nu above the break by that below it (Balogh et al. 1999, ApJ 527, 54), in bands defined in air.
Emission lines between their ends, such as [Ne III], count.

The equivalent width of H-alpha is what stands above its continuum, by the continuum: above 0 in emission, below 0 where
the stars' absorption outweighs it. The continuum is the straight line through the means of two bands. They and the
window of the line, in vacuum, are those of MaNGA's data analysis pipeline (Belfiore et al. 2019, AJ 158, 160, and the
pipeline's documentation), made to leave [N II] out: at the width that FSPS gives to lines, the window holds all of
H-alpha but 1e-4, and 1e-5 of the fainter [N II] line, the nearer one.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from digs.physics.air import air_to_vacuum
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.history import MakesHistory
from digs.physics.instrument import Instrument
from digs.physics.simulator import GasKind, Simulator
from digs.physics.stored_populations import POPULATIONS_FILE, stored_populations

BELOW_BREAK, ABOVE_BREAK = (tuple(air_to_vacuum(ends)) for ends in ((3850.0, 3950.0), (4000.0, 4100.0)))


BLUE_CONTINUUM, LINE, RED_CONTINUUM = (6483.0, 6513.0), (6557.6, 6571.6), (6623.0, 6653.0)


BANDS = (BELOW_BREAK, ABOVE_BREAK, BLUE_CONTINUUM, LINE, RED_CONTINUUM)  # Angstrom, in vacuum, ascending


_STEP = 0.04  # in ln lambda, of the pixels between the bands, which nobody needs


_PIXEL = 2.0  # Angstrom: in wider ones the attenuation varies


_REDSHIFT = 1e-5  # any will do, as the bands move along and the distance cancels


class SpectralIndices(nn.Module):
    """Dn4000 and the equivalent width of H-alpha in Angstrom, of noiseless spectra; see the module.

    Args:
        gas: its metallicity, as of Simulator.
        history: the star formation history, as of Simulator.
        path: the populations; by default the tracked ones.
    Raises:
        DigsError: as of Simulator.

    Example:
        >>> from digs.physics import SpectralIndices
        >>> old, young = [10.5, 0.0, 0.3, 4.0, -1.0], [10.5, 0.0, 0.3, 0.01, -1.0]
        >>> indices = SpectralIndices()([old, young])
        >>> {name: values.shape for name, values in indices.items()}
        {'dn4000': torch.Size([2]), 'halpha_width': torch.Size([2])}
        >>> indices["dn4000"][0] > 1.5 * indices["dn4000"][1]
        tensor(True)
        >>> indices["halpha_width"].sign().tolist()
        [-1.0, 1.0]
    """

    def __init__(
        self,
        gas: GasKind | None = None,
        history: MakesHistory = DelayedTau,
        path: Path | str = POPULATIONS_FILE,
    ):
        super().__init__()
        edges = _edges()
        instrument = Instrument.from_edges((1 + _REDSHIFT) * edges)
        self.populations = stored_populations(path)
        self.simulator = Simulator(instrument, _REDSHIFT, gas, history, path, torch.float64)
        self.register_buffer("weights", torch.as_tensor(_weights(edges)), persistent=False)

    def forward(self, theta: Any) -> dict[str, Tensor]:
        """Return `dn4000` and `halpha_width` of theta, each of shape (N,), float64.

        Args:
            theta: as of Simulator.
        Raises:
            DigsError: as of Simulator.
        """
        below, above, blue, line, red = (self.simulator(theta) @ self.weights).unbind(1)
        left, middle, right = (sum(ends) / 2 for ends in (BLUE_CONTINUUM, LINE, RED_CONTINUUM))
        continuum = torch.lerp(blue, red, (middle - left) / (right - left))
        return {"dn4000": above / below, "halpha_width": (line / continuum - 1) * (LINE[1] - LINE[0])}


def _edges() -> np.ndarray:
    """Edges of pixels that fill the bands, and of some between them."""
    inside = [np.linspace(*ends, round((ends[1] - ends[0]) / _PIXEL) + 1) for ends in BANDS]
    between = [
        np.geomspace(low, high, int(np.log(high / low) / _STEP) + 2)[1:-1] for (_, low), (high, _) in pairwise(BANDS)
    ]
    return np.sort(np.concatenate([*inside, *between]))


def _weights(edges: np.ndarray) -> np.ndarray:
    """Weights of the pixels in the bands' means, shape (pixels, bands): of F_nu at the break, else of F_lambda."""
    columns = []
    for low, high in BANDS:
        inside = [(low <= start) & (stop <= high) for start, stop in pairwise(edges)]
        per_wavelength = np.where(inside, np.diff(edges) / (high - low), 0.0)
        squared = (
            edges[1:] ** 2 + edges[1:] * edges[:-1] + edges[:-1] ** 2
        ) / 3  # lambda^2, of which F_nu has one more
        columns.append(per_wavelength * squared if (low, high) in (BELOW_BREAK, ABOVE_BREAK) else per_wavelength)
    return np.stack(columns, 1)

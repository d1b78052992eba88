"""Cells of signal-to-noise and missing share, in which spectra are made and posteriors are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from digs.inference.general.spectrographs import Chances

MISSING = ("none", "up to 10%", "10 to 30%", "30 to 60%")  # of the pixels, as of Chances.gaps


@dataclass(frozen=True)
class Cell:
    """Spectra of a range of signal-to-noise and missing shares.

    signal: least and largest signal-to-noise per 40 Angstrom, as it is observed.
    missing: which of MISSING.
    """

    signal: tuple[float, float]
    missing: int

    @property
    def name(self) -> str:
        """Return what the cell is called.

        Example:
            >>> from digs.inference.general_check.cells import Cell
            >>> Cell((2.0, 5.0), 1).name
            'signal-to-noise 2 to 5, up to 10% missing'
        """
        low, high = self.signal
        return f"signal-to-noise {low:g} to {high:g}, {MISSING[self.missing]} missing"

    @property
    def chances(self) -> Chances:
        """Return the chances of ways to observe, with such gaps and a signal-to-noise of 1."""
        gaps = tuple(float(place == self.missing) for place in range(len(MISSING)))
        return Chances(gaps=gaps, signal=(1.0, 1.0))


def all_cells(signal: Sequence[float]) -> list[Cell]:
    """Return the cells between ends of signal-to-noise, those of the lowest first.

    Args:
        signal: ends, ascending.

    Example:
        >>> from digs.inference.general_check.cells import all_cells
        >>> len(all_cells([2.0, 5.0, 10.0]))
        8
    """
    return [Cell(ends, missing) for ends, missing in product(pairwise(signal), range(len(MISSING)))]

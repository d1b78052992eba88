"""Posteriors of a catalogue with all that one may want of them: derived quantities, table, tree, figures."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from astropy.table import QTable
from matplotlib.figure import Figure
from xarray import DataTree

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.statistics import weighted_quantiles
from digs.config.theta import NAMES
from digs.inference.results.delayed_tau_rates import delayed_tau_rates
from digs.inference.results.galaxy_draws import GalaxyDraws
from digs.inference.results.posterior_figures import corner_figure, fit_figure, history_figure
from digs.inference.results.posterior_table import posterior_table, write_table
from digs.inference.results.posterior_tree import posterior_tree, write_tree
from digs.physics.derived import DERIVED, derived_quantities
from digs.physics.spectral_indices import SpectralIndices

_TIMES = 300  # of a star formation history that is drawn


class WeightedPosteriors(GalaxyDraws):
    """Posteriors of N galaxies: weighted draws, a verdict on each, and what follows from them.

    It is built as GalaxyDraws is. Some galaxies are found[3], found[:10] or found[found.verdict == "trusted"], and
    catalogues are joined by WeightedPosteriors.together. A galaxy without a posterior has nan wherever numbers are
    asked for.

    Example:
        >>> import digs, torch
        >>> import numpy as np
        >>> from digs.inference import log_weights
        >>> from digs.inference.results.weighted_posteriors import WeightedPosteriors
        >>> posterior, simulator = digs.Posterior.load("fiducial"), digs.Simulator()
        >>> flux = simulator([[10.5, -0.4, 0.6, 1.6, -0.9]])
        >>> draws = posterior.sample(flux, 200, seed=1)
        >>> log_weight = log_weights(posterior, simulator, draws, flux)
        >>> unknown, none = np.array([np.nan]), {}
        >>> found = WeightedPosteriors(
        ...     draws, digs.config.theta.NAMES, log_weight, unknown, unknown, ["trusted"], [""], none, [1], "FSPS"
        ... )
        >>> found.quantiles().shape, found.table["LOGMASS_P50"].round(1)
        ((1, 5, 5), <Quantity [10.5] dex>)
    """

    @cached_property
    def derived(self) -> dict[str, np.ndarray]:
        """Return quantities that follow from a delayed-tau history, by the names of DERIVED, shape (N, draws) each.

        They are those of digs.physics.derived_quantities; nan where there is no posterior.

        Raises:
            DigsError: the columns are not those of a delayed-tau history.
        """
        indices = SpectralIndices(gas="free") if "gas_logz" in self.names else SpectralIndices()
        theta = self.draws[..., [self._of_delayed_tau(name) for name in indices.simulator.names]]
        found = {meaning.name: np.full(self.draws.shape[:2], np.nan) for meaning in DERIVED}
        for row in progress(np.flatnonzero(self.there), desc="Derived quantities", unit="galaxy"):
            for name, values in derived_quantities(torch.from_numpy(theta[row]), indices).items():
                found[name][row] = values.numpy()
        return found

    def _of_delayed_tau(self, name: str) -> int:
        if name not in self.names:
            raise DigsError(f"These posteriors have no '{name}'; what is derived needs the columns {', '.join(NAMES)}.")
        return self.names.index(name)

    @cached_property
    def table(self) -> QTable:
        """Return percentiles of parameters and of derived quantities, with units: LOGMASS_P16 and so on.

        Derived quantities are left out where the history is no delayed tau.
        """
        return posterior_table(self, self.derived if set(NAMES) <= set(self.names) else {})

    def write_table(self, path: Path | str) -> None:
        """Write the table as ECSV or FITS, as its name ends, whole or not at all.

        Raises:
            DigsError: the name ends in neither .ecsv nor .fits.
        """
        write_table(self.table, Path(path))

    def to_datatree(self, observed: Mapping[str, Any] | None = None, seed: int = 0) -> DataTree:
        """Return a tree that ArviZ opens; its groups are those of digs.inference.results.posterior_tree.

        Args:
            observed: arrays by name, (N, pixels) or (pixels,), for instance wavelength, flux and sigma.
            seed: of the choice of draws of equal weight, which ArviZ needs.
        """
        return posterior_tree(self, observed or {}, seed)

    def write_tree(self, path: Path | str, observed: Mapping[str, Any] | None = None, seed: int = 0) -> None:
        """Write to_datatree as a netCDF file, whole or not at all."""
        write_tree(self.to_datatree(observed, seed), Path(path))

    def plot_corner(self, row: int, names: Sequence[str] | None = None) -> Figure:
        """Return a corner plot of one galaxy.

        Args:
            row: of the galaxy.
            names: of the parameters shown; all by default.
        Raises:
            DigsError: there is no such galaxy or parameter, or it has no posterior.
        """
        draws, weight = self.one(row)
        shown = tuple(self.names if names is None else names)
        return corner_figure(draws[:, [self.column(name) for name in shown]], weight, shown)

    def plot_fit(
        self, row: int, wavelength: np.ndarray, flux: np.ndarray, sigma: np.ndarray, model: np.ndarray
    ) -> Figure:
        """Return a figure of one galaxy's spectrum, the model's and their difference.

        Args:
            row: of the galaxy.
            wavelength, flux, sigma: of its spectrum, shape (pixels,).
            model: spectra of all its draws, shape (draws, pixels).
        Raises:
            DigsError: there is no such galaxy, it has no posterior, or the arrays do not fit.
        """
        _, weight = self.one(row)
        arrays = [np.asarray(each, np.float64) for each in (wavelength, flux, sigma, model)]
        wanted = [arrays[0].shape] * 3 + [(len(weight), *arrays[0].shape)]
        if [each.shape for each in arrays] != wanted:
            shapes = ", ".join(str(each.shape) for each in arrays)
            raise DigsError(f"wavelength, flux, sigma and model have shapes {shapes}; the last must be {wanted[3]}.")
        return fit_figure(*arrays, weight, self._title(row))

    def plot_history(self, row: int) -> Figure:
        """Return a figure of one galaxy's star formation history, which is delayed tau.

        Raises:
            DigsError: there is no such galaxy, it has no posterior, or another history.
        """
        draws, weight = self.one(row)
        columns = [draws[:, self._of_delayed_tau(name)] for name in ("logmass", "tage", "logtau")]
        oldest = weighted_quantiles(columns[1][:, None], weight, (0.975,))[0, 0]
        lookback = np.linspace(0, 1.05 * oldest, _TIMES)
        return history_figure(lookback, delayed_tau_rates(*columns, lookback), weight, self._title(row))

    def _title(self, row: int) -> str:
        return f"{self.ids[row]}: {self.verdict[row]}"

"""Posteriors of spectra with all that is wanted of them: numbers on the fit, notes, pictures on their own pixels."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from astropy.table import QTable
from matplotlib.figure import Figure
from xarray import DataTree

from digs.base.join import join_rows
from digs.inference.engine.binned_rates import binned_quantities, binned_rates
from digs.inference.engine.column_meanings import axis_label, describe_columns
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_posterior import GalaxyPosterior
from digs.inference.engine.model_spectra import model_spectra
from digs.inference.engine.prior_of_user import with_marginals
from digs.inference.engine.what_masses_mean import masses_in_words
from digs.inference.results.drawing_process import DPI, corner_in
from digs.inference.results.posterior_figures import corner_figure, fit_figure, history_figure
from digs.inference.results.posterior_table import PERCENTILES, posterior_table
from digs.inference.results.weighted_posteriors import WeightedPosteriors
from digs.observations.spectrum import Spectrum
from digs.physics.histories.continuity import standard_edges

POOR_FIT, FEW = "poor_fit", "few_effective"
_MODELS = 200  # draws whose spectra are drawn
_TIMES = 400  # of a binned history that is drawn
_STATISTICS = {
    "chi_squared": "chi-squared of the best fit, nuisances included",
    "pixels": "pixels that were compared",
    "probability": "probability of a chi-squared as large",
    "inflation": "factor of the errors at which chi-squared is as expected",
    "first_efficiency": "effective share of the first proposal's draws",
    "calls": "calls of the likelihood",
    "effective": "effective draws behind those that were kept; nan under a prior of one's own",
}


@dataclass(frozen=True)
class SpectrumPosteriors(WeightedPosteriors):
    """Posteriors of N spectra.

    statistics: of the fits and the draws, by name (digs.inference.engine.galaxy_posterior), shape (N,) each.
    notes: of each galaxy, sentences on what was assumed and done, N tuples.
    spectra: the spectra themselves, N.
    settings: of the engine.
    fibre_fraction: the share of the galaxy's light that is in the spectrum, where it is given.

    Example:
        >>> import digs
        >>> import numpy as np
        >>> from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
        >>> wavelength = np.geomspace(4000, 7000, 300)
        >>> flux = 1e-16 * (1 + 0.1 * np.sin(wavelength / 50) + (wavelength > 5500))
        >>> strange = digs.Spectrum(wavelength, flux, flux / 50, redshift=0.05, sigma_kms=200)
        >>> found = digs.infer(strange, draws=50)
        >>> found.verdict.tolist(), found.draws.shape
        (['outside the model'], (1, 50, 8))
    """

    statistics: dict[str, np.ndarray]
    notes: tuple[tuple[str, ...], ...]
    spectra: tuple[Spectrum, ...]
    settings: EngineSettings
    fibre_fraction: float | None = None

    @classmethod
    def of(
        cls,
        each: Sequence[GalaxyPosterior],
        spectra: Sequence[Spectrum],
        ids: Sequence[str],
        settings: EngineSettings,
        sps_label: str,
        fibre_fraction: float | None = None,
    ) -> "SpectrumPosteriors":
        """Return the posteriors of galaxies together.

        Args:
            each: one for each spectrum.
            spectra: one or more.
            ids: of the galaxies.
            settings: of the engine.
            sps_label: of the populations.
            fibre_fraction: as of the class.
        """
        statistics = join_rows([{name: np.array([v]) for name, v in one.statistics.items()} for one in each])
        effective = statistics["effective"]
        lights = {
            POOR_FIT: statistics["probability"] < settings.significance,
            FEW: ~(effective >= min(settings.effective, len(each[0].draws))),
        }
        of_all = lambda name: np.array([getattr(one, name) for one in each])
        return cls(
            draws=of_all("draws"),
            names=each[0].names,
            log_weight=of_all("log_weight"),
            log_evidence=of_all("log_evidence"),
            log_evidence_error=of_all("log_evidence_error"),
            verdict=of_all("verdict"),
            reason=of_all("reason"),
            lights=lights,
            ids=np.array(ids),
            sps_label=sps_label,
            statistics=statistics,
            notes=tuple((*one.notes, masses_in_words(s.light)) for one, s in zip(each, spectra, strict=True)),
            spectra=tuple(spectra),
            settings=settings,
            fibre_fraction=fibre_fraction,
        )

    def __getitem__(self, rows: Any) -> Self:
        """Return some galaxies, by a row number, a slice, row numbers or truth values."""
        some = super().__getitem__(rows)  # which refuses what does not fit
        chosen = np.atleast_1d(np.arange(len(self))[rows])
        return replace(
            some,
            statistics={name: values[chosen] for name, values in self.statistics.items()},
            notes=tuple(self.notes[row] for row in chosen),
            spectra=tuple(self.spectra[row] for row in chosen),
        )

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Return the galaxies of all parts, one after the other.

        Raises:
            DigsError: as of GalaxyDraws.together.
        """
        joined = super().together(parts)
        return replace(
            joined,
            statistics=join_rows([part.statistics for part in parts]),
            notes=tuple(note for part in parts for note in part.notes),
            spectra=tuple(spectrum for part in parts for spectrum in part.spectra),
        )

    def with_prior(self, marginals: Mapping[str, Any]) -> Self:
        """Return the posteriors under your own prior of some columns, by reweighting.

        It ends where the old one does. A galaxy whose draws cannot give it becomes "too far from its prior".

        Args:
            marginals: a frozen distribution of scipy.stats for each of these columns.
        Raises:
            DigsError: there is no such column, the posteriors have a prior of your own already, or it is too far from
                the old one for all galaxies.
        """
        return with_marginals(self, marginals, self.settings, [spectrum.redshift for spectrum in self.spectra])

    @cached_property
    def derived(self) -> dict[str, np.ndarray]:
        """Return quantities that follow from the history, shape (N, draws) each; nan where there is no posterior.

        Of a delayed tau those of digs.physics.derived_quantities; of a binned history masses, rates and ages.
        """
        if self.settings.history == "binned":
            edges = [standard_edges(spectrum.redshift) for spectrum in self.spectra]
            return binned_quantities(self.draws, self.names, edges)
        if "gas_logz" in self.names:
            return WeightedPosteriors.derived.func(self)
        column = self.names.index("logzsol")
        full = WeightedPosteriors(
            np.concatenate([self.draws, self.draws[..., [column]]], 2),
            (*self.names, "gas_logz"),
            *(getattr(self, name) for name in ("log_weight", "log_evidence", "log_evidence_error", "verdict")),
            *(self.reason, self.lights, self.ids, self.sps_label),
        )
        return full.derived

    @cached_property
    def table(self) -> QTable:
        """Return percentiles of parameters and of derived quantities with units, verdicts, and numbers on the fits."""
        if self.settings.history == "binned":
            table = posterior_table(self, self.derived)
        else:
            table = WeightedPosteriors.table.func(self)
        describe_columns(table, PERCENTILES)
        for name, words in _STATISTICS.items():
            column = {"effective": "EFFECTIVE_BEHIND"}.get(name, name.upper())
            table[column] = self.statistics[name]
            table[column].info.description = words
        table["REDSHIFT"] = [spectrum.redshift for spectrum in self.spectra]
        if self.fibre_fraction is not None:
            words = "Stellar mass formed in the whole galaxy, if all of it is as what is seen"
            for percentile in PERCENTILES:
                seen, total = table[f"LOGMASS_P{percentile}"], f"LOGMASS_TOTAL_P{percentile}"
                table[total] = (seen.value - np.log10(self.fibre_fraction)) * seen.unit
                table[total].info.description = f"{words}: {percentile}th percentile"
        table.meta["MASSES"] = " ".join(sorted({note[-1] for note in self.notes}))
        table.meta["NOTES"] = {str(name): list(note[:-1]) for name, note in zip(self.ids, self.notes, strict=True)}
        return table

    def to_datatree(self, observed: Mapping[str, Any] | None = None, seed: int = 0) -> DataTree:
        """Return a tree that ArviZ opens; its groups are those of digs.inference.results.posterior_tree.

        Args:
            observed: arrays by name; by default wavelength, flux and sigma of the spectra, nan behind shorter ones.
            seed: of the choice of draws of equal weight, which ArviZ needs.
        """
        return super().to_datatree(self._observed() if observed is None else observed, seed)

    def write_tree(self, path: Path | str, observed: Mapping[str, Any] | None = None, seed: int = 0) -> None:
        """Write to_datatree as a netCDF file, whole or not at all."""
        super().write_tree(path, self._observed() if observed is None else observed, seed)

    def _observed(self) -> dict[str, np.ndarray]:
        most = max(spectrum.pixels for spectrum in self.spectra)
        padded = lambda values: np.concatenate([values, np.full(most - len(values), np.nan)])
        names = ("wavelength", "flux", "sigma")
        return {name: np.stack([padded(getattr(each, name)) for each in self.spectra]) for name in names}

    def plot_fit(self, row: int, **arrays: Any) -> Figure:
        """Return a figure of one galaxy's spectrum, the model's and their difference.

        The model is multiplied by the likeliest calibration, and has the likeliest lines and error floor.

        Args:
            row: of the galaxy.
            arrays: those of WeightedPosteriors.plot_fit, in place of the galaxy's own.
        Raises:
            DigsError: there is no such galaxy, or it has no posterior.
        """
        if arrays:
            return super().plot_fit(row, **arrays)
        draws, weight = self.one(row)
        spectrum = self.spectra[row]
        heaviest = np.argsort(-weight, kind="stable")[:_MODELS]
        pixels, model, nuisances = model_spectra(spectrum, draws[heaviest], self.settings)
        weight = weight[heaviest] / weight[heaviest].sum()
        wavelength = spectrum.wavelength[pixels.places]
        title = f"{self._title(row)} (likeliest calibration)"
        return fit_figure(wavelength, pixels.flux, pixels.sigma, model + nuisances, weight, title)

    def plot_corner(self, row: int, names: Sequence[str] | None = None) -> Figure:
        """Return a corner plot of one galaxy, as of WeightedPosteriors, with units on its axes."""
        return corner_figure(*self._corner(row, tuple(self.names if names is None else names)))

    def _corner(self, row: int, names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """What corner_figure shows: columns, weights, labels."""
        draws, weight = self.one(row)
        return draws[:, [self.column(name) for name in names]], weight, [axis_label(name) for name in names]

    def plot_history(self, row: int) -> Figure:
        """Return a figure of one galaxy's star formation history.

        Raises:
            DigsError: there is no such galaxy, or it has no posterior.
        """
        if self.settings.history != "binned":
            return super().plot_history(row)
        draws, weight = self.one(row)
        edges = standard_edges(self.spectra[row].redshift)
        lookback = np.linspace(0, edges[-1], _TIMES)
        return history_figure(lookback, binned_rates(draws, self.names, edges, lookback), weight, self._title(row))

    def write_pictures(self, row: int, folder: Path, stem: str, executor: Executor | None = None) -> list[Path]:
        """Write the fit, the corner plot and the history of one galaxy as PNG files, and return their paths.

        Args:
            row: of the galaxy.
            folder: where to.
            stem: what the files' names begin with.
            executor: that draws the corner plot meanwhile, as of drawing_process.
        """
        fit, corner, history = (folder / f"{stem}_{name}.png" for name in ("fit", "corner", "history"))
        finish_corner = corner_in(executor, corner, *self._corner(row, self.names))
        self.plot_fit(row).savefig(fit, dpi=DPI)
        self.plot_history(row).savefig(history, dpi=DPI)
        finish_corner()
        return [fit, corner, history]

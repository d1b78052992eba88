"""The distribution of parameters over a catalogue, with all that one may want of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import QTable
from astropy.units import Unit
from matplotlib.figure import Figure
from scipy.stats import norm

from digs.base.errors import DigsError
from digs.base.inputs import draws_wanted, named
from digs.base.progress import announce
from digs.base.statistics import QUANTILES
from digs.inference.engine.column_meanings import column_meaning
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.population.binned_population import BinnedPopulation, binned_population
from digs.inference.population.draw_noise import EFFECTIVE
from digs.inference.population.engine_interim import BY_HAND, engine_draws, left_out
from digs.inference.population.interim_draws import InterimDraws, OfPlaces
from digs.inference.population.normal_population import normal_population
from digs.inference.population.population_figure import population_figure
from digs.inference.population.population_moments import PopulationMoments
from digs.inference.population.population_weights import population_weights
from digs.inference.population.stored_interim import KEEP, UNMADE, stored_draws
from digs.inference.results.galaxy_draws import TOO_FAR, WITHOUT_POSTERIOR
from digs.inference.results.own_prior import EFFECTIVE as EFFECTIVE_OF_ONE
from digs.inference.results.posterior_table import PERCENTILES, write_table

FEW_IN_POPULATION = "few_effective_in_population"
_PLACES = 200  # at which a normal density is given
_REACH = 4.0  # widths from the mean
_WORTH_SAYING = 0.01  # of a normal distribution beyond the prior


@dataclass(frozen=True)
class CataloguePopulation:
    """A population, the draws that it rests on, and who is left out.

    fit: draws of the posterior of its moments; also of its histogram, where it is one.
    draws: of the galaxies, without their prior.
    left_out: how many galaxies do not count, by the reason.
    notes: what one should know of it, in sentences.
    """

    fit: PopulationMoments
    draws: InterimDraws
    left_out: dict[str, int]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the parameters."""
        return self.fit.names

    def density(self, name: str, quantiles: Sequence[float] = QUANTILES) -> tuple[np.ndarray, np.ndarray]:
        """Return places of a parameter, or edges of bins, and quantiles of its density there, (quantiles, places).

        A normal distribution is given inside the widest of the galaxies' priors.

        Raises:
            DigsError: there is no such parameter.
        """
        if name not in self.names:
            raise DigsError(f"There is no parameter '{name}' in this population; choose from: {', '.join(self.names)}.")
        column = self.names.index(name)
        if isinstance(self.fit, BinnedPopulation):
            return self.fit.edges[column], np.quantile(self.fit.density(name), quantiles, axis=0)
        mean, width = self.fit.mean[:, column], self.fit.width[:, column]
        middle, reach = np.median(mean), _REACH * np.median(width)
        ends = self.draws.ends
        places = np.linspace(
            max(middle - reach, ends.low[column]), min(middle + reach, ends.high[:, column].max()), _PLACES
        )
        return places, np.quantile(norm.pdf(places, mean[:, None], width[:, None]), quantiles, axis=0)

    @cached_property
    def table(self) -> QTable:
        """Return a row with percentiles of means, widths and correlations: MEAN_LOGMASS_P16 and so on, with units."""
        table = QTable()
        for column, name in enumerate(self.names):
            unit = Unit(column_meaning(name).unit)
            for word, values in (("mean", self.fit.mean), ("width", self.fit.width)):
                words = {"mean": "Mean", "width": "Standard deviation"}[word] + f" over the population of {name}"
                _add(table, f"{word}_{name}", values[:, column] * unit, words)
            for other in range(column):
                both = f"{self.names[other]}_{name}"
                words = f"Correlation over the population of {self.names[other]} and {name}"
                _add(table, f"correlation_{both}", self.fit.correlation[:, other, column] * Unit(""), words)
        table["GALAXIES"], table["LEFT_OUT"] = [len(self.fit.rows)], [sum(self.left_out.values())]
        table["FEWEST_EFFECTIVE"] = [self.fit.effective.min()]
        table["NOISE"] = [self.fit.noise]
        table["INSIDE"] = [self.fit.inside]
        for name, words in _OF_ALL.items():
            table[name].info.description = words
        table.meta["LEFT_OUT"], table.meta["NOTES"] = dict(self.left_out), list(self.notes)
        return table

    def density_table(self, name: str) -> QTable:
        """Return percentiles of the density of one parameter, with units; of a histogram a row for each bin.

        Raises:
            DigsError: there is no such parameter.
        """
        places, quantiles = self.density(name, [percentile / 100 for percentile in PERCENTILES])
        unit = Unit(column_meaning(name).unit)
        if isinstance(self.fit, BinnedPopulation):
            table = QTable({f"{name.upper()}_LOW": places[:-1] * unit, f"{name.upper()}_HIGH": places[1:] * unit})
        else:
            table = QTable({name.upper(): places * unit})
        for percentile, values in zip(PERCENTILES, quantiles, strict=True):
            table[f"DENSITY_P{percentile}"] = values / unit
            table[f"DENSITY_P{percentile}"].info.description = f"Density of the population: {percentile}th percentile"
        return table

    def write_table(self, path: Path | str) -> None:
        """Write the table as ECSV or FITS, as its name ends, whole or not at all.

        Raises:
            DigsError: the name ends in neither.
        """
        write_table(self.table, Path(path))

    def plot(self) -> Figure:
        """Return a figure, a panel for each parameter: the density, and the medians of galaxies under a flat prior."""
        return population_figure({name: self.density(name) for name in self.names}, self.draws)

    def galaxies(self, found: SpectrumPosteriors) -> SpectrumPosteriors:
        """Return the posteriors with weights that know of the population, in place of their prior in its parameters.

        Galaxies that the population leaves out become "too far from its prior". Those whose draws are hardly enough
        have the light FEW_IN_POPULATION on. Evidences are nan.

        Args:
            found: that which the population is of.
        Raises:
            DigsError: it is of other galaxies or draws.
        """
        rows = self.fit.rows
        columns = [found.column(name) for name in self.names]
        here = found.draws[rows[rows < len(found)]][..., columns]
        if here.shape != self.draws.values.shape or not np.allclose(here, self.draws.values):
            raise DigsError("These posteriors are not those of the population; give those that it was made of.")
        weight = population_weights(self.fit, self.draws)
        effective = np.zeros(len(found))
        effective[rows] = 1 / np.square(weight).sum(1) / self.draws.noise_factor
        log_weight, draws = np.full_like(found.log_weight, np.nan), np.full_like(found.draws, np.nan)
        with np.errstate(divide="ignore"):
            log_weight[rows], draws[rows] = np.log(weight), found.draws[rows]
        out = found.there & ~np.isin(np.arange(len(found)), rows)
        nan = np.full(len(found), np.nan)
        return replace(
            found,
            draws=draws,
            log_weight=log_weight,
            log_evidence=nan,
            log_evidence_error=nan,
            verdict=np.where(out, TOO_FAR, found.verdict),
            reason=np.where(out, f"{BY_HAND} of the population", found.reason),
            lights=found.lights | {FEW_IN_POPULATION: effective < EFFECTIVE_OF_ONE},
        )


_OF_ALL = {
    "GALAXIES": "galaxies of which the population is",
    "LEFT_OUT": "galaxies that were left out",
    "FEWEST_EFFECTIVE": "effective draws under the population of the galaxy that has the fewest",
    "NOISE": "noise of few draws by the error without it, which it is a part of",
    "INSIDE": "share of the population inside the galaxies' priors",
}


def infer_population(
    found: SpectrumPosteriors | Path | str,
    names: Sequence[str],
    edges: Mapping[str, np.ndarray] | None = None,
    detection: OfPlaces | None = None,
    leave_out: Collection[int] = (),
    keep: int = KEEP,
    seed: int = 0,
    number: int = 1000,
    effective: float = EFFECTIVE,
) -> CataloguePopulation:
    """Return the distribution of a few parameters over a catalogue: a normal one, or a histogram where edges are given.

    Galaxies without a posterior are left out, and counted. How galaxies came into the catalogue is not taken into
    account unless `detection` says so: the population is that of the galaxies in it.

    Args:
        found: of digs.infer, without a prior of your own, or the folder of a result of `digs infer CATALOGUE`, which
            ends in .zarr. Each of its draws takes 4 bytes of memory for each parameter, and 4 for its weight: 100 000
            galaxies of 200 draws in one parameter take 160 MB, and what is computed of them hardly more. Draws of more
            than 2 GiB are refused, and histograms of more, 48 bytes for each cell and galaxy.
        names: of one or more columns.
        edges: of bins of equal width, by parameter.
        detection: the probability that a galaxy is in the catalogue, of values of the columns, (..., d) to (...), where
            the spectra themselves decided that.
        leave_out: rows of galaxies that are not to count.
        keep: draws of each galaxy that are kept of a folder.
        seed: of all random numbers.
        number: of draws of the population's posterior.
        effective: the fewest effective draws of a galaxy under the population found.
    Raises:
        DigsError: as of normal_population, binned_population and engine_draws.
    """
    number = draws_wanted(number)
    if isinstance(found, SpectrumPosteriors):
        draws = engine_draws(found, names, leave_out)
        verdict, there = found.verdict, found.there
    else:
        draws, verdict = stored_draws(found, names, keep, leave_out, seed)
        there = ~np.isin(verdict, (*WITHOUT_POSTERIOR, UNMADE))
    if edges is None:
        fit = normal_population(draws, detection, seed, number, effective)
    else:
        fit = binned_population(draws, edges, detection, seed, number, effective)
    out = left_out(verdict, there, draws.rows)
    notes = _notes(fit, out)
    for note in notes:
        announce(note)
    return CataloguePopulation(fit, draws, out, notes)


def _add(table: QTable, name: str, values: Any, words: str) -> None:
    for percentile, value in zip(PERCENTILES, np.percentile(values, PERCENTILES), strict=True):
        table[f"{name.upper()}_P{percentile}"] = [value.value] * values.unit
        table[f"{name.upper()}_P{percentile}"].info.description = f"{words}: {percentile}th percentile"


def _notes(fit: PopulationMoments, out: Mapping[str, int]) -> tuple[str, ...]:
    """What one should know of a population."""
    notes = []
    if out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in out.items())
        notes.append(f"The population is that of {len(fit.rows)} galaxies; not of {sum(out.values())} more: {reasons}.")
    if not isinstance(fit, BinnedPopulation) and 1 - fit.inside > _WORTH_SAYING:
        notes.append(
            f"{1 - fit.inside:.0%} of the normal distribution lies beyond the galaxies' priors, where it is cut off; "
            "mean and width are those before."
        )
    few = fit.effective < EFFECTIVE_OF_ONE
    if few.any():
        notes.append(
            f"Under the population {named(fit.rows[few])} would have fewer than {EFFECTIVE_OF_ONE} effective draws, "
            f"down to {fit.effective.min():.0f}; the noise of that is in the errors."
        )
    return tuple(notes)

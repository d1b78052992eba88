"""What is measured of some galaxies of a cell: by the engine, beside emcee's chains, beside templates, and bare."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from digs.config.stages.general_validation_settings import GeneralValidationSettings
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.general_check.cells import Cell
from digs.inference.general_check.galaxy_numbers import galaxy_numbers, timed_alone
from digs.inference.general_check.made_spectra import GalaxyMaker
from digs.inference.general_check.spectrum_chains import chains_beside
from digs.inference.general_check.template_rounds import TemplateRounds
from digs.inference.results.galaxy_draws import OUTSIDE


@dataclass(frozen=True)
class ValidationParts:
    """Measurements of galaxies by their numbers in a cell, one row each.

    maker: of the galaxies.
    bare_maker: of those with noise alone.
    settings: of the stage.
    """

    maker: GalaxyMaker
    bare_maker: GalaxyMaker
    settings: GeneralValidationSettings

    def engine(self, cell: Cell, numbers: Iterable[int]) -> np.ndarray:
        """Return what galaxy_numbers keeps, shape (galaxies, numbers)."""
        return self._numbers(self.maker, cell, numbers)

    def bare(self, cell: Cell, numbers: Iterable[int]) -> np.ndarray:
        """Return the same of galaxies with noise alone."""
        return self._numbers(self.bare_maker, cell, numbers)

    def _numbers(self, maker: GalaxyMaker, cell: Cell, numbers: Iterable[int]) -> np.ndarray:
        rows = []
        for number in numbers:
            made = maker.made(cell, number)
            ask = lambda made=made: one_posterior(made.spectrum, made.settings, self.settings.draws, self.settings.seed)
            rows.append(galaxy_numbers(made, *timed_alone(ask)))
        return np.array(rows)

    def chains(self, cell: Cell, numbers: Iterable[int]) -> np.ndarray:
        """Return what chains_beside says, shape (galaxies, columns + 1, 2); nan where a column is known."""
        own, rows = self.settings.chains, []
        for number in numbers:
            made = self.maker.made(cell, number)
            found = np.full((1 + len(made.names), 2), np.nan)
            more = replace(made.settings, effective=own.effective)
            posterior = one_posterior(made.spectrum, more, own.draws, self.settings.seed)
            if posterior.verdict != OUTSIDE:
                places = [0, *(1 + made.names.index(name) for name in posterior.names)]
                found[places] = chains_beside(made, posterior, own.walk, self.settings.seed)
            rows.append(found)
        return np.array(rows)

    def templates(self, cell: Cell, numbers: Iterable[int]) -> np.ndarray:
        """Return the effective draws and seconds of template rounds, shape (galaxies, 2)."""
        settings, rows = self.settings, []
        for number in numbers:
            made = self.maker.made(cell, number)

            def ask(made=made) -> float:
                rounds = TemplateRounds(made, settings.templates.nearest, settings.seed)
                return rounds.found(settings.bars.effective, settings.bars.calls).effective

            rows.append(timed_alone(ask))
        return np.array(rows)

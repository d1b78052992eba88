"""Made spectra: in their cells, the same for the same seed, and with the errors that the likelihood expects."""

from dataclasses import replace

import numpy as np
import pytest

from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.fit_check import FitCheck
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_space import ModelSpace
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general_check.cells import Cell
from digs.inference.general_check.made_spectra import GalaxyMaker

SETTINGS = EngineSettings(bank=100, network=False)
GALAXIES = 12


@pytest.fixture(scope="module")
def maker():
    return GalaxyMaker(GalaxyComponents.of(number=8, galaxies=48, seed=1), SETTINGS, seed=1)


@pytest.fixture(scope="module")
def galaxies(maker):
    return [maker.made(Cell((20.0, 50.0), 2), number) for number in range(GALAXIES)]


def test_spectra_lie_in_their_cells(galaxies):
    assert all(20 <= galaxy.signal < 50 for galaxy in galaxies)
    assert all(galaxy.spectrum.mask.mean() >= 0.1 for galaxy in galaxies)
    known = [galaxy for galaxy in galaxies if galaxy.settings.dispersion is not None]
    assert all(np.log10(galaxy.settings.dispersion) == pytest.approx(galaxy.theta[-1]) for galaxy in known)


def test_a_galaxy_depends_on_seed_cell_and_number_alone(maker, galaxies):
    again, other = (maker.made(Cell((20.0, 50.0), 2), number) for number in (3, GALAXIES))
    assert again.spectrum.digest == galaxies[3].spectrum.digest
    assert np.array_equal(again.theta, galaxies[3].theta)
    assert other.spectrum.digest not in {galaxy.spectrum.digest for galaxy in galaxies}


def test_true_spectra_fit_as_well_as_the_likelihood_expects(galaxies):
    chi_squared, pixels = 0.0, 0
    for galaxy in galaxies:
        spectrum, settings = galaxy.spectrum, replace(galaxy.settings, bank=100)
        search = GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
        columns = len(galaxy.theta) - (settings.dispersion is not None)
        problem = search.around(np.tile(galaxy.theta[1:columns], (50, 1)), galaxy.theta[1:columns])
        check = FitCheck.of(problem, galaxy.theta[:columns])
        chi_squared, pixels = chi_squared + check.chi_squared, pixels + check.pixels
    assert chi_squared == pytest.approx(pixels, abs=4 * np.sqrt(2 * pixels))

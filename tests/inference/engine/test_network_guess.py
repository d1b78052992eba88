"""The engine with the network's draws first: the same posterior as without it, whatever the network says."""

from dataclasses import replace

import numpy as np
import pytest
from made_galaxies import DISPERSION, SIGMA_KMS, WAVELENGTH, made_spectrum

import digs
from digs.base.statistics import weighted_mean_and_std
from digs.inference.engine.draw_pool import NetworkPool, coordinates_of
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.galaxy_posterior import galaxy_posterior
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.network_guess import NetworkGuess
from digs.inference.general.general_network import stored_general_network
from digs.inference.results.galaxy_draws import OUTSIDE

DRAWS = 1000
KNOWN = EngineSettings(dispersion=DISPERSION, walk=0)
FREE = EngineSettings(walk=0)


def moments(posterior):
    weight = np.exp(posterior.log_weight - posterior.log_weight.max())
    mean, std = weighted_mean_and_std(posterior.draws[None], weight[None] / weight.sum())
    return mean[0], std[0]


@pytest.mark.parametrize("settings", [KNOWN, FREE], ids=["dispersion known", "dispersion free"])
def test_the_posterior_is_that_of_a_search_without_it(settings):
    spectrum = made_spectrum(5, noise=0.1)
    with_it = galaxy_posterior(spectrum, settings, DRAWS, 1, stored_general_network())
    without = galaxy_posterior(spectrum, settings, DRAWS, 1)
    error = np.hypot(with_it.log_evidence_error, without.log_evidence_error)
    assert abs(with_it.log_evidence - without.log_evidence) < 5 * error
    (mean, std), (expected, spread) = moments(with_it), moments(without)
    effective = min(each.statistics["effective"] for each in (with_it, without))
    assert (abs(mean - expected) < 6 * spread / np.sqrt(effective)).all()
    assert (abs(np.log(std / spread)) < 6 / np.sqrt(effective)).all()
    assert with_it.statistics["first_efficiency"] > 0.02  # so that it was the network's draws that led there


def test_the_same_to_the_bit_and_more_draws_begin_with_the_same():
    spectrum, network = made_spectrum(2), stored_general_network()
    once = galaxy_posterior(spectrum, KNOWN, 200, 1, network)
    again = galaxy_posterior(spectrum, KNOWN, 200, 1, network)
    assert np.array_equal(once.draws, again.draws) and np.array_equal(once.log_weight, again.log_weight)
    guess = guess_of(spectrum, KNOWN)
    few, many = guess.draws(100, 1), guess.draws(300, 1)
    assert np.allclose(few[0], many[0][:100], rtol=1e-6) and np.allclose(few[1], many[1][:100], atol=1e-4)


def guess_of(spectrum, settings):
    search = GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
    return NetworkGuess.of(stored_general_network(), search.pixels, spectrum.redshift, settings, b"key")


@pytest.mark.parametrize(
    "settings",
    [
        replace(KNOWN, history="binned"),
        replace(KNOWN, free_gas=False),
        replace(KNOWN, ranges={"dust2": (0.0, 5.0)}),
    ],
    ids=["binned", "gas of the stars", "a wider prior"],
)
def test_models_that_the_network_has_not_learnt_are_left_to_the_search(settings):
    assert guess_of(made_spectrum(), settings) is None


def test_a_narrower_prior_leaves_draws_without_weight():
    spectrum = made_spectrum(1)
    settings = replace(KNOWN, ranges={"dust2": (0.4, 0.6)})
    guess = guess_of(spectrum, settings)
    search = GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
    theta, log_q = guess.draws(DRAWS, 1)
    problem = search.around(theta, guess.middle())
    pool = NetworkPool.of(problem, *coordinates_of(problem, theta, log_q))
    dust = theta[:, 1]
    inside = (dust >= 0.4) & (dust <= 0.6)
    assert 0 < inside.sum() < DRAWS
    assert np.isfinite(pool.log_weight[inside]).all() and np.isneginf(pool.log_weight[~inside]).all()
    found = galaxy_posterior(spectrum, settings, 300, 1, stored_general_network())
    weight = np.exp(found.log_weight - found.log_weight.max())
    used = weight > 0
    assert ((found.draws[used, 2] >= 0.4) & (found.draws[used, 2] <= 0.6)).all()


def test_a_galaxy_that_no_model_makes_is_outside_whoever_proposes():
    spectrum = made_spectrum()
    flux = spectrum.flux * (1 + 0.8 * (np.arange(spectrum.pixels) // 12 % 2))
    strange = digs.Spectrum(WAVELENGTH, flux, spectrum.sigma, redshift=spectrum.redshift, sigma_kms=SIGMA_KMS)
    found = galaxy_posterior(strange, KNOWN, 50, 1, stored_general_network())
    assert found.verdict == OUTSIDE


def test_nodes_span_the_draws_and_their_number_grows_with_the_range():
    spectrum = made_spectrum(4)
    search = GalaxySearch(spectrum, ModelSpace.of(FREE, spectrum.redshift), FREE)
    middle = np.array([-0.3, 0.5, 5.0, 0.3, -0.2, -2.8, 2.1])
    narrow, wide = (
        search.around(middle + spread * np.outer(np.linspace(-1, 1, 101), np.eye(7)[-1]), middle)
        for spread in (0.02, 0.4)
    )
    for problem, spread in ((narrow, 0.02), (wide, 0.4)):
        assert problem.coordinates.low[-1] < 2.1 - spread and problem.coordinates.high[-1] > 2.1 + spread
    assert len(narrow.models) < len(wide.models)

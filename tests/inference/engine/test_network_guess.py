"""The engine with the network's draws first: the same posterior as without it, whatever the network says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_galaxies import DISPERSION, SIGMA_KMS, WAVELENGTH, made_spectrum

import digs
from digs.base.statistics import weighted_mean_and_std
from digs.exact.normal.nuisances import Nuisances
from digs.exact.student_mixture import StudentMixture
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.first_guess import StandardNormal
from digs.inference.engine.galaxy_posterior import galaxy_posterior
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_prior import Coordinates, ModelPrior
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.network_guess import FlowCoordinates, NetworkGuess
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


# theta of galaxies whose posteriors are long, thin and bent, by their numbers, and the standard deviations of logzsol,
# dust2, tage, logtau, gas_logz, gas_logu and logdispersion by emcee on the exact likelihood: 64 walkers, 5000 steps
# after 1500, autocorrelation times up to 390, halves of the walks alike to 6%
BENT = {
    31: (
        [10.672, 0.185, 0.413, 7.924, 0.062, -0.423, -3.058],
        [0.0537, 0.0247, 0.8945, 0.0486, 0.0576, 0.0163, 0.0245],
    ),
    16: (
        [10.626, -1.558, 2.14, 9.615, 0.352, -0.741, -2.892],
        [0.1018, 0.0189, 0.9203, 0.0404, 0.0023, 0.0069, 0.0129],
    ),
}


@pytest.mark.parametrize("number", BENT)
def test_tails_of_a_bent_posterior_are_found(number):
    """Mixtures that learn in the coordinates of the prior have two thirds of these widths."""
    theta, expected = BENT[number]
    bare = replace(FREE, nuisances=Nuisances.none())
    found = galaxy_posterior(made_spectrum(number, noise=0.01, theta=theta), bare, DRAWS, 5, stored_general_network())
    spread = moments(found)[1][1:]
    assert (np.abs(np.log(spread / expected)) < 0.2).all()


def test_the_same_to_the_bit():
    spectrum, network = made_spectrum(2), stored_general_network()
    once = galaxy_posterior(spectrum, KNOWN, 200, 1, network)
    galaxy_posterior(made_spectrum(3), KNOWN, 200, 1, network)  # a neighbour changes nothing
    again = galaxy_posterior(spectrum, KNOWN, 200, 1, network)
    assert np.array_equal(once.draws, again.draws) and np.array_equal(once.log_weight, again.log_weight)


def guess_of(spectrum, settings):
    search = GalaxySearch(spectrum, ModelSpace.of(settings, spectrum.redshift), settings)
    return NetworkGuess.of(stored_general_network(), search.pixels, spectrum.redshift, settings)


@pytest.mark.parametrize("settings", [KNOWN, FREE], ids=["dispersion known", "dispersion free"])
def test_the_density_in_the_flow_s_coordinates_is_that_of_the_prior(settings):
    """Weighted by density over density, draws of the noise are draws of the prior, whatever the network says."""
    spectrum = made_spectrum(6, noise=3.0)  # of which little is known
    guess = guess_of(spectrum, settings)
    names = ModelSpace.of(settings, spectrum.redshift).names + (() if settings.dispersion else ("logdispersion",))
    prior = ModelPrior(names, spectrum.redshift, {})
    flow = FlowCoordinates(guess, Coordinates(prior))
    own = StandardNormal(flow.dimensions)
    wide = StudentMixture(np.ones(1), np.zeros((1, 7)), 2.5 * np.eye(7)[None], 4.0)  # which reaches all of the prior
    z = wide.sample(60_000, np.random.default_rng(1))
    theta, log_jacobian = flow.at(z)
    log_weight = prior.log_prob(torch.as_tensor(theta)).numpy() + log_jacobian - wide.log_prob(z)
    if settings.dispersion:  # whose coordinate is noise
        assert flow.dimensions == theta.shape[1]
    low, high = prior.low[0].item(), prior.high[0].item()
    total = np.exp(log_weight) * (high - low)  # of a prior that is uniform in the mass, too
    assert np.isfinite(log_weight[np.abs(z).max(1) < 3]).all()
    assert total.mean() == pytest.approx(1.0, abs=6 * total.std() / np.sqrt(len(total)))
    assert total.std() / np.sqrt(len(total)) < 0.2
    assert own.log_prob(z).shape == log_weight.shape


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
    z = np.random.default_rng(1).standard_normal((DRAWS, FlowCoordinates.dimensions))
    theta = guess.theta(z)[0]
    box = search.around(theta, guess.middle())
    log_target = replace(box, coordinates=FlowCoordinates(guess, box.coordinates)).log_target(z)
    inside = (theta[:, 1] >= 0.4) & (theta[:, 1] <= 0.6)
    assert 0 < inside.sum() < DRAWS
    assert np.isfinite(log_target[inside]).all() and np.isneginf(log_target[~inside]).all()
    found = galaxy_posterior(spectrum, settings, 300, 1, stored_general_network())
    used = np.exp(found.log_weight - found.log_weight.max()) > 0
    assert ((found.draws[used, 2] >= 0.4) & (found.draws[used, 2] <= 0.6)).all()


@pytest.mark.parametrize("ends", [(1.0, 2.5), (1.5, 2.0)], ids=["two draws", "no draw"])
def test_a_prior_that_hardly_any_draw_of_the_network_is_inside(ends):
    """Two draws say nothing of widths, and none says nothing at all: the search finds what they do not."""
    settings = replace(KNOWN, ranges={"dust2": ends})
    found = galaxy_posterior(made_spectrum(1), settings, DRAWS, 1, stored_general_network())
    searched = galaxy_posterior(made_spectrum(1), settings, DRAWS, 1)
    assert (np.abs(np.log(moments(found)[1] / moments(searched)[1])) < 0.35).all()
    error = np.hypot(found.log_evidence_error, searched.log_evidence_error)
    assert abs(found.log_evidence - searched.log_evidence) < 5 * error


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

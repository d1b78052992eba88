"""Readings of spectra: Gaussian approximations around a model."""

import numpy as np
import pytest

from digs.config.params import load_params
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.readings import Reading, first_references, read_all_even, read_all_weighted
from digs.exact.brute_force.templates import make_templates
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

UNIT, DUST, LOG_MASS = 0.05, 0.13, 23.0


@pytest.fixture(scope="module")
def nodes(tracked):
    prior = Prior.over(load_params().prior)
    return Nodes.of(make_templates(Simulator(path=tracked("populations.h5")), prior, UNIT), prior)


@pytest.fixture(scope="module")
def row(nodes):
    return len(nodes.volume) // 2


@pytest.fixture(scope="module")
def flux(nodes, row):
    """A noiseless spectrum of a node, of a mass and dust."""
    k, features = nodes.basis.shape[1], nodes.features[row].astype(float)
    log_flux = nodes.mean + UNIT * nodes.basis @ features[:k] + features[k] + features[k + 1] * nodes.curve
    return np.exp(log_flux + LOG_MASS - DUST * nodes.curve)[None]


def reading_of(nodes, flux, sigma):
    even = sigma.shape[1] == 0
    reading = Reading.blank(len(flux), nodes, even)
    log_models, log_y, precision = np.empty((3, *flux.shape))
    first_references(flux, sigma, log_models)
    read = read_all_even if even else read_all_weighted
    read(flux, sigma, False, log_models, nodes, reading, log_y, precision)
    return Reading(*(part[0] for part in reading))


def at(nodes, reading, row):
    """chi^2, and the means of ln mass and dust, at a node."""
    k, features = nodes.basis.shape[1], nodes.features[row].astype(float)
    away = features[:k] - reading.center[:k]
    pull = reading.factor.T @ away if len(reading.factor) else away
    slope = reading.slope @ features[:k] if reading.slope.shape[1] else 0.0
    return pull @ pull, reading.offset - slope + features[k : k + 2] * (-1, 1)


def test_a_spectrum_of_a_node_is_read_as_such(nodes, row, flux):
    for sigma in (np.empty((1, 0)), UNIT * flux, 0.02 * flux**0.5 * flux.mean() ** 0.5):
        chi, mean = at(nodes, reading_of(nodes, flux, sigma), row)
        assert chi < 0.05
        np.testing.assert_allclose(mean, (LOG_MASS, DUST), atol=0.004)


def test_gaps_are_not_read(nodes, row, flux):
    sigma, worse = UNIT * flux, flux.copy()
    sigma[0, 20:60] = np.inf
    worse[0, 20:60] = -3 * flux[0, 20:60]
    whole, gappy = (reading_of(nodes, some, sigma) for some in (flux, worse))
    for ours, theirs in zip(whole, gappy, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert gappy.widths[1] > reading_of(nodes, flux, UNIT * flux).widths[1]


def test_sigmas_that_are_a_fraction_of_the_model_are_its_noise(nodes, flux):
    """To the order of the noise; factors are 1 and slopes 0."""
    even, weighted = reading_of(nodes, flux, np.empty((1, 0))), reading_of(nodes, flux, UNIT * flux)
    k = nodes.basis.shape[1]
    np.testing.assert_allclose(weighted.factor, np.eye(k), atol=1e-5)
    np.testing.assert_allclose(weighted.slope, 0, atol=1e-6)
    np.testing.assert_allclose(weighted.center[:k], even.center[:k], atol=1e-3)
    np.testing.assert_allclose(weighted.widths, even.widths, rtol=1e-6)
    np.testing.assert_allclose(weighted.offset, even.offset, atol=2 * UNIT**2)

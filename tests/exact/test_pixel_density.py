"""The density of one spectrum with any noise: that of the likelihood, in coordinates in which the mass stands alone."""

import numpy as np
import pytest
import torch

from digs.config.params import load_params
from digs.exact.likelihood import PosteriorDensity
from digs.exact.pixel_density import PixelDensity
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION = 0.05
TRUTH = torch.tensor([[10.3, -0.7, 0.55, 1.8, 0.1]], dtype=torch.float64)


@pytest.fixture(scope="module")
def simulator(tracked):
    return Simulator(path=tracked("populations.h5"))


@pytest.fixture(scope="module")
def prior():
    return Prior.over(load_params().prior)


@pytest.fixture(scope="module")
def flux(simulator):
    return add_noise(simulator(TRUTH), torch.Generator().manual_seed(1), FRACTION)


@pytest.fixture(scope="module")
def theta(prior):
    """Galaxies near the truth, so that their likelihoods are of some size."""
    random = np.random.default_rng(2)
    return TRUTH.numpy() + 0.02 * random.standard_normal((40, 5))


@pytest.fixture(scope="module", params=["model", "given"])
def density(request, simulator, prior, flux):
    sigma = 0.1 * flux[0].double().numpy()
    sigma[30:60] = np.inf
    noise = FRACTION if request.param == "model" else sigma
    return PixelDensity(CompiledSpectra(simulator), prior, flux[0].double().numpy(), noise)


def test_with_the_noise_of_the_model_it_is_the_posterior_density(simulator, prior, flux, theta):
    density = PixelDensity(CompiledSpectra(simulator), prior, flux[0].double().numpy(), FRACTION)
    expected = PosteriorDensity(simulator, prior, flux, FRACTION)(torch.as_tensor(theta))
    np.testing.assert_allclose(density(density.phi(theta)), expected, atol=0.01)


def test_with_given_sigmas_it_is_a_normal_density(simulator, prior, flux, theta):
    data = flux[0].double().numpy()
    sigma = 0.1 * data
    sigma[30:60] = np.inf
    density = PixelDensity(CompiledSpectra(simulator), prior, data, sigma)
    seen = np.isfinite(sigma)
    model = simulator(theta).double()[:, seen]
    normal = torch.distributions.Normal(model, torch.as_tensor(sigma[seen]))
    expected = normal.log_prob(torch.as_tensor(data[seen])).sum(1) + prior.log_prob(torch.as_tensor(theta))
    np.testing.assert_allclose(density(density.phi(theta)), expected, atol=0.01)


def test_no_mass_fits_better(density, theta):
    phi = density.phi(theta)
    best, more, less = (phi.copy() for _ in range(3))
    best[:, 0], more[:, 0], less[:, 0] = 0.0, 1e-3, -1e-3
    assert (density(best) > density(more)).all()
    assert (density(best) > density(less)).all()


def test_phi_and_theta_are_each_other_s_inverse(density, theta):
    np.testing.assert_allclose(density.theta(density.phi(theta)), theta, atol=1e-12)
    np.testing.assert_array_equal(density.phi(theta)[:, 1:], theta[:, 1:])


def test_a_point_has_the_same_value_in_any_company(density, theta):
    phi = density.phi(theta)
    np.testing.assert_array_equal(density(phi[7:9]), density(phi)[7:9])


def test_outside_the_prior_there_is_nothing(density, theta):
    phi = density.phi(theta[:3])
    phi[0, 3], phi[1, 0] = 4.1, 0.6
    value = density(phi)
    assert (value[:2] == -np.inf).all()
    assert np.isfinite(value[2])


def test_a_mass_beyond_the_prior_has_no_density(simulator, prior):
    heavy = TRUTH.clone()
    heavy[0, 0] = 13.2
    density = PixelDensity(CompiledSpectra(simulator), prior, simulator(heavy)[0].double().numpy(), FRACTION)
    phi = np.concatenate([[0.0], heavy.numpy()[0, 1:]])[None]
    assert density(phi) == -np.inf
    phi[0, 0] = -0.3
    assert np.isfinite(density(phi))

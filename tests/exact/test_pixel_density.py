"""The density of one spectrum with any noise: that of the likelihood, in coordinates in which the mass stands alone."""

import numpy as np
import pytest
import torch

from digs.exact.likelihood import PosteriorDensity
from digs.exact.pixel_density import PixelDensity
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.noise import add_noise

FRACTION = 0.05
TRUTH = torch.tensor([[10.3, -0.7, 0.55, 1.8, 0.1]], dtype=torch.float64)


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


def log_volume(density: PixelDensity, phi: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Ln |d theta / d phi|, by differences."""
    more, less = phi.copy(), phi.copy()
    more[:, 0] += step
    less[:, 0] -= step
    return np.log((density.theta(more) - density.theta(less))[:, 0] / (2 * step))


def test_with_the_noise_of_the_model_it_is_the_posterior_density(simulator, prior, flux, theta):
    density = PixelDensity(CompiledSpectra(simulator), prior, flux[0].double().numpy(), FRACTION)
    phi = with_likely_mass(density, theta)
    expected = PosteriorDensity(simulator, prior, flux, FRACTION)(torch.as_tensor(density.theta(phi))).numpy()
    np.testing.assert_allclose(density(phi), expected + log_volume(density, phi), atol=0.01)


def test_with_given_sigmas_it_is_a_normal_density(simulator, prior, flux, theta):
    data = flux[0].double().numpy()
    sigma = 0.1 * data
    sigma[30:60] = np.inf
    density = PixelDensity(CompiledSpectra(simulator), prior, data, sigma)
    phi = with_likely_mass(density, theta)
    seen = np.isfinite(sigma)
    normal = torch.distributions.Normal(simulator(density.theta(phi)).double()[:, seen], torch.as_tensor(sigma[seen]))
    log_prior = prior.log_prob(torch.as_tensor(density.theta(phi)))
    expected = (normal.log_prob(torch.as_tensor(data[seen])).sum(1) + log_prior).numpy()
    np.testing.assert_allclose(density(phi), expected + log_volume(density, phi), atol=0.01)


def with_likely_mass(density: PixelDensity, theta: np.ndarray) -> np.ndarray:
    """Phi of these galaxies, but for masses all over their range."""
    phi = density.phi(theta)
    phi[:, 0] = np.linspace(0.01, 0.99, len(phi))
    return phi


def test_nearly_all_masses_are_as_likely(density, theta):
    """In phi, given the other parameters."""
    phi = density.phi(theta[:1]).repeat(50, 0)
    phi[:, 0] = np.linspace(0.01, 0.99, 50)
    value = density(phi)
    assert np.ptp(value) < 0.5
    assert np.exp(value - value.max()).std() < 0.15


def test_phi_and_theta_are_each_other_s_inverse(density, theta):
    phi = with_likely_mass(density, theta)
    np.testing.assert_allclose(density.phi(density.theta(phi)), phi, rtol=1e-6)
    np.testing.assert_array_equal(density.theta(phi)[:, 1:], theta[:, 1:])


def test_a_point_has_the_same_value_in_any_company(density, theta):
    phi = with_likely_mass(density, theta)
    np.testing.assert_array_equal(density(phi[7:9]), density(phi)[7:9])


def test_outside_the_prior_there_is_nothing(density, theta):
    phi = with_likely_mass(density, theta[:3])
    phi[0, 3], phi[1, 0] = 4.1, 1.0
    value = density(phi)
    assert (value[:2] == -np.inf).all()
    assert np.isfinite(value[2])


@pytest.mark.parametrize(("logmass", "end"), [(13.3, 13.0), (13.8, 13.0), (7.0, 8.0)])
@pytest.mark.parametrize("given", [True, False], ids=["given", "model"])
def test_masses_beyond_the_prior_are_cut_off(simulator, prior, logmass, end, given):
    """The density stays nearly even, and masses inside, unless the best is so far away that single precision ends."""
    beyond = TRUTH.clone()
    beyond[0, 0] = logmass
    flux = simulator(beyond)[0].double().numpy()
    density = PixelDensity(CompiledSpectra(simulator), prior, flux, 0.1 * flux if given else FRACTION)
    phi = TRUTH.numpy().repeat(50, 0)
    phi[:, 0] = np.linspace(0.01, 0.99, 50)
    theta = density.theta(phi)
    assert ((theta[:, 0] >= 8) & (theta[:, 0] <= 13)).all()
    assert np.abs(theta[:, 0] - end).max() < 0.05
    assert (np.diff(theta[:, 0]) > 0).all()
    assert np.ptp(density(phi)) < 1
    np.testing.assert_allclose(density.phi(theta)[:, 0], phi[:, 0], atol=1e-3)

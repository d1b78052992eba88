"""The likelihood: against scipy, against the statistics of noise, and as a posterior density, in theta and in phi."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.config.params import load_params
from digs.exact import likelihood
from digs.exact.likelihood import PosteriorDensity, RelativeDensity, log_likelihood
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION = 0.05


@pytest.fixture(scope="module")
def simulator(fake_populations) -> Simulator:
    return Simulator(path=fake_populations, dtype=torch.float64)


@pytest.fixture
def galaxy(simulator, wide_theta) -> tuple[torch.Tensor, torch.Tensor]:
    """theta, shape (1, 5), and its noiseless spectrum, (1, pixels)."""
    theta = wide_theta(1, 1)
    return theta, simulator(theta)


@pytest.mark.parametrize("sigma", ["model", "data"])
def test_it_is_scipys_gaussian(sigma):
    random = np.random.default_rng(0)
    flux, model = random.uniform(1, 2, 12) * 1e-17, random.uniform(1, 2, (5, 12)) * 1e-17
    error = FRACTION * (model if sigma == "model" else np.broadcast_to(flux, model.shape))
    expected = stats.norm.logpdf(flux, model, error).sum(1)
    mine = log_likelihood(torch.as_tensor(flux), torch.as_tensor(model), FRACTION, sigma)
    assert mine.dtype == torch.float64
    np.testing.assert_allclose(mine.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("sigma", ["model", "data"])
def test_it_is_a_density_of_data(sigma):
    """Over the flux of one pixel it integrates to 1 with sigma from the model, not quite with sigma from the data."""
    flux = torch.linspace(0.3, 3.0, 100_001, dtype=torch.float64)
    density = torch.exp(log_likelihood(flux[:, None], torch.ones(len(flux), 1, dtype=torch.float64), FRACTION, sigma))
    integral = torch.trapezoid(density, flux).item()
    assert integral == pytest.approx(1, abs=1e-6 if sigma == "model" else 0.02)
    assert (abs(integral - 1) < 1e-6) == (sigma == "model")


def test_single_precision_keeps_the_differences_that_matter():
    random = torch.Generator().manual_seed(3)
    model = 1e-17 * (1 + torch.rand(200, 138, generator=random, dtype=torch.float64))
    flux = model[0] * (1 + FRACTION * torch.randn(138, generator=random, dtype=torch.float64))
    exact = log_likelihood(flux, model, FRACTION)
    single = log_likelihood(flux.float(), model.float(), FRACTION)
    assert torch.isfinite(single).all()
    assert (single - exact).abs().max() < 0.05


def test_the_truth_is_where_the_mean_score_vanishes(simulator, galaxy):
    """Over many noisy spectra the gradient of ln L is zero at the truth, only with ln sigma(theta) in place."""
    _, flux = galaxy
    noisy = add_noise(flux.expand(4000, -1), torch.Generator().manual_seed(2), FRACTION)
    score = {}
    for sigma in ("model", "data"):
        shift = torch.zeros(4000, 1, dtype=torch.float64, requires_grad=True)
        model = flux * torch.exp(shift)
        log_likelihood(noisy, model, FRACTION, sigma).sum().backward()
        score[sigma] = shift.grad[:, 0]
    error = score["model"].std() / 4000**0.5
    assert score["model"].mean().abs() < 4 * error
    assert score["data"].mean().abs() > 4 * error
    # the information equality: the score's variance is the expected curvature, n (1 / fraction^2 + 2)
    assert score["model"].var().item() == pytest.approx(flux.numel() * (1 / FRACTION**2 + 2), rel=0.1)


def test_outside_the_prior_nothing_is_simulated(simulator, galaxy):
    theta, flux = galaxy
    calls = []

    class Counting:
        curve = simulator.curve

        def __call__(self, theta: torch.Tensor) -> torch.Tensor:
            calls.append(len(theta))
            return simulator(theta)

    density = PosteriorDensity(Counting(), Prior.over(load_params().prior), flux[0], FRACTION)
    mixed = theta.repeat(6, 1)
    mixed[:3, 3] = 40.0  # an age that the simulator would refuse
    mixed[0, 0] = torch.nan
    log_prob = density(mixed)
    assert calls == [3]
    assert (log_prob[:3] == -torch.inf).all()
    assert torch.isfinite(log_prob[3:]).all()
    assert (density(mixed[:3]) == -torch.inf).all()
    assert calls == [3]


def test_posterior_is_likelihood_times_prior(simulator, galaxy, wide_theta):
    _, flux = galaxy
    prior, theta = Prior.over(load_params().prior), wide_theta(50, 5)
    density = PosteriorDensity(simulator, prior, flux[0].numpy(), FRACTION, "data")
    expected = log_likelihood(flux[0], simulator(theta), FRACTION, "data") + prior.log_prob(theta)
    torch.testing.assert_close(density(theta), expected)


def test_mass_alone_has_a_gaussian_posterior(simulator, galaxy):
    """With errors from the data ln L is a parabola in linear mass, with a maximum and a width known in closed form."""
    theta, flux = galaxy
    noisy = add_noise(flux, torch.Generator().manual_seed(6), FRACTION)[0]
    density = PosteriorDensity(simulator, Prior.over(load_params().prior), noisy, FRACTION, "data")
    weight = (flux[0] / (FRACTION * noisy)) ** 2
    best = (weight * noisy / flux[0]).sum() / weight.sum()
    width = weight.sum() ** -0.5
    pull = torch.linspace(-3, 3, 13, dtype=torch.float64)
    walk = theta.repeat(13, 1)
    walk[:, 0] += torch.log10(best + pull * width)
    log_prob = density(walk)
    torch.testing.assert_close(log_prob - log_prob[6], -(pull**2) / 2, rtol=1e-6, atol=1e-6)


@pytest.fixture
def several(simulator, wide_theta) -> torch.Tensor:
    """Noisy spectra of three galaxies."""
    return add_noise(simulator(wide_theta(3, 11)), torch.Generator().manual_seed(12), FRACTION)


@pytest.mark.parametrize("sigma", ["model", "data"])
def test_densities_of_several_galaxies_are_those_of_each(simulator, several, wide_theta, sigma, monkeypatch):
    theta = wide_theta(60, 13)
    theta[::7, 3] = 40.0
    theta[20:30, 0] = 14.0
    each = [
        PosteriorDensity(simulator, Prior.over(load_params().prior), flux, FRACTION, sigma)(rows)
        for flux, rows in zip(several, theta.split(20), strict=True)
    ]
    density = PosteriorDensity(simulator, Prior.over(load_params().prior), several, FRACTION, sigma)
    torch.testing.assert_close(density(theta), torch.cat(each), rtol=1e-12, atol=0)
    monkeypatch.setattr(likelihood, "_AT_ONCE", 7)
    torch.testing.assert_close(density(theta), torch.cat(each), rtol=1e-12, atol=0)


@pytest.fixture(params=[1, 3], ids=["one galaxy", "three galaxies"])
def relative(request, simulator, several) -> RelativeDensity:
    """The density of one or more galaxies, in phi; 60 points are as many blocks of rows."""
    return RelativeDensity(
        PosteriorDensity(simulator, Prior.over(load_params().prior), several[: request.param], FRACTION)
    )


def test_phi_is_theta_seen_otherwise(relative, wide_theta, monkeypatch):
    """To and fro; only the mass differs."""
    theta = wide_theta(60, 14)
    phi = relative.phi(theta)
    torch.testing.assert_close(relative.theta(phi), theta, rtol=0, atol=1e-9)
    torch.testing.assert_close(relative.phi(relative.theta(phi)), phi, rtol=0, atol=1e-9)
    assert torch.equal(phi[:, 1:], theta[:, 1:])
    assert ((phi[:, 0] - theta[:, 0]).abs() > 1).all()
    monkeypatch.setattr(likelihood, "_AT_ONCE", 7)
    torch.testing.assert_close(relative.phi(theta), phi, rtol=0, atol=1e-9)


def test_density_in_phi_is_that_in_theta(relative, wide_theta, monkeypatch):
    theta = wide_theta(60, 15)
    phi = relative.phi(theta)
    torch.testing.assert_close(relative(phi), relative.density(theta), rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(likelihood, "_AT_ONCE", 7)
    torch.testing.assert_close(relative(phi), relative.density(theta), rtol=1e-9, atol=1e-9)


def test_volumes_in_phi_are_those_in_theta(relative, wide_theta):
    """The determinant of dtheta/dphi, by finite differences, is 1, though the mass depends on all of phi."""
    phi, step = relative.phi(wide_theta(60, 16)), 1e-5
    shifts = step * torch.eye(5, dtype=torch.float64)
    jacobian = torch.stack([relative.theta(phi + shift) - relative.theta(phi - shift) for shift in shifts], -1)
    jacobian /= 2 * step
    torch.testing.assert_close(torch.linalg.det(jacobian), torch.ones(60, dtype=torch.float64), rtol=0, atol=1e-8)
    for place in range(1, 5):
        assert jacobian[:, 0, place].abs().max() > 0.01


def test_mass_moves_as_phi_does(relative, wide_theta):
    phi = relative.phi(wide_theta(60, 17))
    moved = phi.clone()
    moved[:, 0] += 0.3
    expected = relative.theta(phi)
    expected[:, 0] += 0.3
    torch.testing.assert_close(relative.theta(moved), expected, rtol=0, atol=1e-9)


def test_no_relative_mass_is_the_level_of_the_data(relative, simulator, wide_theta):
    phi = relative.phi(wide_theta(60, 18))
    phi[:, 0] = 0.0
    level = torch.log10(simulator(relative.theta(phi))).mean(1)
    observed = torch.log10(relative.density.flux).mean(1)
    torch.testing.assert_close(level, observed.repeat_interleave(60 // len(observed)), rtol=0, atol=1e-9)


@pytest.mark.parametrize("end", ["low", "high"])
@pytest.mark.parametrize("place", range(5))
def test_outside_the_prior_the_density_in_phi_is_zero(relative, wide_theta, place, end):
    """Beyond either end of each parameter, mass as theta has it; and not on this side of it."""
    prior, sign = Prior.over(load_params().prior), -1 if end == "low" else 1
    theta = wide_theta(60, 19)
    for beyond in (-1e-3, 1e-3):
        theta[:, place] = getattr(prior, end)[place]
        phi = relative.phi(theta)
        phi[:, place] += sign * beyond
        assert (torch.isfinite(relative(phi)) == (beyond < 0)).all()


def test_far_outside_the_prior_nothing_is_simulated_in_phi(relative, wide_theta):
    phi = relative.phi(wide_theta(60, 20))
    phi[::2, 3], phi[1, 4], phi[3, 1] = 40.0, torch.nan, -7.0  # all of which the simulator would refuse
    log_prob = relative(phi)
    assert (log_prob[::2] == -torch.inf).all()
    assert (log_prob[[1, 3]] == -torch.inf).all()
    assert torch.isfinite(log_prob[5::2]).all()

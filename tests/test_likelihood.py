"""The likelihood: against scipy, against the statistics of noise, and as a posterior density over the prior."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.likelihood import PosteriorDensity, log_likelihood
from digs.noise import add_noise
from digs.priors import Prior
from digs.simulator import Simulator

FRACTION = 0.05


@pytest.fixture(scope="module")
def simulator(fake_grid) -> Simulator:
    return Simulator(fake_grid, torch.float64)


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
        grid = simulator.grid

        def __call__(self, theta: torch.Tensor) -> torch.Tensor:
            calls.append(len(theta))
            return simulator(theta)

    density = PosteriorDensity(Counting(), Prior(), flux[0], FRACTION)
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
    prior, theta = Prior(), wide_theta(50, 5)
    density = PosteriorDensity(simulator, prior, flux[0].numpy(), FRACTION, "data")
    expected = log_likelihood(flux[0], simulator(theta), FRACTION, "data") + prior.log_prob(theta)
    torch.testing.assert_close(density(theta), expected)


def test_mass_alone_has_a_gaussian_posterior(simulator, galaxy):
    """With errors from the data ln L is a parabola in linear mass, with a maximum and a width known in closed form."""
    theta, flux = galaxy
    noisy = add_noise(flux, torch.Generator().manual_seed(6), FRACTION)[0]
    density = PosteriorDensity(simulator, Prior(), noisy, FRACTION, "data")
    weight = (flux[0] / (FRACTION * noisy)) ** 2
    best = (weight * noisy / flux[0]).sum() / weight.sum()
    width = weight.sum() ** -0.5
    pull = torch.linspace(-3, 3, 13, dtype=torch.float64)
    walk = theta.repeat(13, 1)
    walk[:, 0] += torch.log10(best + pull * width)
    log_prob = density(walk)
    torch.testing.assert_close(log_prob - log_prob[6], -(pull**2) / 2, rtol=1e-6, atol=1e-6)

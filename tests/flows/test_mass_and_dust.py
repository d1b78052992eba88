"""Mass and dust in closed form: against the likelihood on a grid, at the prior's edges, and as a density."""

import math

import pytest
import torch
from scipy import stats

from digs.config.params import load_params
from digs.config.theta import DUST, MASS, REST
from digs.exact.likelihood import log_likelihood
from digs.flows.mass_and_dust import MassAndDust, TruncatedNormal
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION = 0.05


@pytest.fixture(scope="module")
def conditional(tracked) -> MassAndDust:
    tracked("populations.h5")
    return MassAndDust(Simulator(dtype=torch.float64), Prior.over(load_params().prior), FRACTION)


def galaxies(conditional: MassAndDust, theta: torch.Tensor, seed: int) -> torch.Tensor:
    return add_noise(conditional.simulator(theta), torch.Generator().manual_seed(seed), FRACTION)


def grid_density(conditional: MassAndDust, theta: torch.Tensor, flux: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """ln p of mass and dust on a grid around one galaxy's posterior, normalised there, with theta of the grid."""
    expansion = conditional.expand(theta[None, REST], flux[None])
    mass_std = expansion.mass_std / math.log(10)
    low, high = conditional.prior.low, conditional.prior.high
    first = torch.maximum(expansion.dust - 7 * expansion.dust_std, low[DUST])
    last = torch.minimum(expansion.dust + 7 * expansion.dust_std, high[DUST])
    dust = first + (last - first) * (torch.arange(200) + 0.5) / 200  # midpoints: exact to second order at a cut, too
    shift = expansion.mass_slope * (dust - expansion.dust) / math.log(10)
    mass = expansion.mass / math.log(10) + shift[:, None] + torch.linspace(-7, 7, 141) * mass_std
    points = theta.repeat(mass.numel(), 1)
    points[:, MASS], points[:, DUST] = mass.flatten(), dust.repeat_interleave(141)
    inside = conditional.prior.contains(points)
    log_density = log_likelihood(flux, conditional.simulator(points), FRACTION).masked_fill(~inside, -torch.inf)
    cell = (dust[1] - dust[0]) * 0.1 * mass_std
    return points, log_density - torch.logsumexp(log_density, 0) - cell.log()


@pytest.mark.parametrize("dust", [0.11, 0.5, 0.99])
def test_density_is_that_of_the_likelihood(conditional, wide_theta, dust):
    """To the skewness left out, 11% at three standard deviations, also where the prior cuts the posterior off."""
    theta = wide_theta(4, 1)
    theta[:, DUST], theta[:, MASS] = dust, 10.0
    for one, flux in zip(theta, galaxies(conditional, theta, 2), strict=True):
        points, expected = grid_density(conditional, one, flux)
        inside = torch.isfinite(expected)
        found = conditional.log_prob(points[inside], flux.expand(int(inside.sum()), -1))
        near = expected[inside] > expected.max() - 4.5
        assert (found - expected[inside])[near].abs().max() < 0.11
        weight = expected[inside].exp() / expected[inside].exp().sum()
        assert (weight * (found - expected[inside])).sum().abs() < 5e-3


def test_truths_are_draws_of_it(conditional, wide_theta):
    """Theta of the prior, given spectra made from it, has uniform cumulative probabilities."""
    theta = wide_theta(4000, 3)
    flux = galaxies(conditional, theta, 4)
    noise = torch.randn(4000, 2, generator=torch.Generator().manual_seed(5))
    mass, dust = conditional.from_noise(theta[:, REST], noise, flux)
    # given the rest, truth and draw are exchangeable
    for place, draw in ((MASS, mass), (DUST, dust)):
        assert stats.wilcoxon((draw - theta[:, place]).numpy()).pvalue > 1e-3
        assert stats.ks_2samp(draw.numpy(), theta[:, place].numpy()).pvalue > 1e-3
    expansion = conditional.expand(theta[:, REST], flux)
    middle = (theta[:, DUST] > 0.25) & (theta[:, DUST] < 0.85)
    pull = ((theta[:, DUST] - expansion.dust) / expansion.dust_std)[middle]
    assert stats.kstest(pull.numpy(), "norm").pvalue > 1e-3
    given_dust = expansion.mass + expansion.mass_slope * (theta[:, DUST] - expansion.dust)
    pull = ((theta[:, MASS] * math.log(10) - given_dust) / expansion.mass_std)[middle]
    assert stats.kstest(pull.numpy(), "norm").pvalue > 1e-3


def test_draws_stay_inside_the_prior_however_wrong_the_rest_is(conditional, wide_theta):
    theta = wide_theta(500, 6)
    flux = galaxies(conditional, theta, 7)
    noise = 6 * torch.randn(500, 2, generator=torch.Generator().manual_seed(8))
    other = wide_theta(500, 9)
    mass, dust = conditional.from_noise(other[:, REST], noise, flux)
    prior = conditional.prior
    for place, draw in ((MASS, mass), (DUST, dust)):
        assert ((draw >= prior.low[place]) & (draw <= prior.high[place])).all()
    other[:, MASS], other[:, DUST] = mass, dust
    assert torch.isfinite(conditional.log_prob(other, flux)).all()


def test_single_precision(conditional, wide_theta):
    single = MassAndDust(Simulator(), Prior.over(load_params().prior), FRACTION)
    theta = wide_theta(500, 10)
    flux = galaxies(conditional, theta, 11)
    torch.testing.assert_close(
        single.log_prob(theta, flux.float()), conditional.log_prob(theta, flux), rtol=0, atol=2e-2
    )


@pytest.mark.parametrize("mean", [-3000.0, -40.0, -25.0, -10.0, -5.0, 0.3, 0.9, 6.0, 12.0, 24.0, 50.0])
def test_truncated_normal_against_scipy(mean):
    low, high, std = 0.1, 1.0, 0.2
    mean = 0.5 + mean * std
    ours = TruncatedNormal(*torch.tensor([mean, std, low, high], dtype=torch.float64))
    theirs = stats.truncnorm((low - mean) / std, (high - mean) / std, mean, std)
    x = torch.linspace(low, high, 50, dtype=torch.float64)
    torch.testing.assert_close(ours.log_prob(x), torch.as_tensor(theirs.logpdf(x.numpy())), rtol=1e-6, atol=1e-6)
    noise = torch.linspace(-3, 3, 30, dtype=torch.float64)
    draws = ours.from_noise(noise)
    assert ((draws >= low) & (draws <= high)).all()
    expected = torch.as_tensor(theirs.ppf(stats.norm.cdf(noise.numpy())))
    distance = max(low - mean, mean - high, 0.0) / std
    tolerance = std / max(distance, 1.0) * (1e-6 if distance < 30 else 2 / distance**2 * 10)  # of the tail's own width
    assert (draws - expected).abs().max() < tolerance

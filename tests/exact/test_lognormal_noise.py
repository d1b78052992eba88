"""Other choices of pixels, resolution and noise: their likelihood, weights and simulators."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import QUANTILES, efficiency, reweighted_quantiles
from digs.config.params import load_params
from digs.config.stages.library_settings import GalaxySettings
from digs.config.theta import index
from digs.exact import lognormal_noise as choices
from digs.exact.likelihood import log_likelihood
from digs.physics.simulator import Simulator

FRACTION = 0.05
MASS = index("logmass")
THETA = load_params(GalaxySettings).galaxy.theta


@pytest.fixture
def simulator(fake_populations) -> Simulator:
    return Simulator(path=fake_populations, dtype=torch.float64)


def test_lognormal_noise_is_normal_in_the_decimal_logarithm():
    unit = torch.randn(100_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    logarithm = torch.log10(choices.with_lognormal_noise(torch.full_like(unit, 3.0), unit, FRACTION))
    assert logarithm.mean().item() == pytest.approx(math.log10(3.0), abs=3e-4)
    assert logarithm.std().item() == pytest.approx(math.log10(1 + FRACTION), rel=0.01)


def test_lognormal_likelihood_is_the_density_of_the_logarithms():
    random = torch.Generator().manual_seed(2)
    model = 1 + torch.rand(4, 9, generator=random, dtype=torch.float64)
    flux = choices.with_lognormal_noise(model, torch.randn(4, 9, generator=random, dtype=torch.float64), FRACTION)
    expected = stats.norm.logpdf(flux.log().numpy(), model.log().numpy(), math.log(1 + FRACTION)).sum(1)
    np.testing.assert_allclose(choices.lognormal_log_likelihood(flux, model, FRACTION), expected, rtol=1e-12)


def mass_draws(simulator: Simulator, flux: torch.Tensor, number: int) -> np.ndarray:
    """Draws, evenly spaced in probability, of the mass alone by the Gaussian likelihood that comes closest."""
    theta = torch.as_tensor(THETA).repeat(4001, 1)
    theta[:, MASS] += torch.linspace(-0.04, 0.04, len(theta), dtype=torch.float64)
    log_prob = log_likelihood(flux, simulator(theta), choices.lognormal_fraction(FRACTION))
    cumulative = torch.cumsum(torch.softmax(log_prob, 0), 0).numpy()
    draws = np.tile(THETA, (number, 1))
    draws[:, MASS] = np.interp((np.arange(number) + 0.5) / number, cumulative, theta[:, MASS].numpy())
    return draws


def test_weights_lead_to_the_posterior_that_is_known_in_closed_form(simulator):
    """With all else known, ln M is normal around the mean of ln(x / m) with sigma / sqrt(pixels)."""
    model = simulator(torch.as_tensor(THETA)[None])
    unit = torch.randn(model.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    flux = choices.with_lognormal_noise(model, unit, FRACTION)
    draws = mass_draws(simulator, flux[0], 20_000)
    log_weight = choices.log_weight_to_lognormal(simulator, torch.as_tensor(draws)[None], flux, FRACTION)
    quantiles = reweighted_quantiles(draws[None], log_weight)
    mean = THETA[MASS] + torch.log10(flux / model).mean().item()
    sigma = math.log10(1 + FRACTION) / math.sqrt(model.shape[1])
    expected = stats.norm(mean, sigma).ppf(QUANTILES)
    np.testing.assert_allclose(quantiles[0, :, MASS], expected, atol=0.01 * sigma)
    before = np.quantile(draws[:, MASS], QUANTILES)
    assert np.abs(before - expected).max() > 0.03 * sigma, "the weights have something to mend"
    assert 0.8 < efficiency(log_weight).item() < 1

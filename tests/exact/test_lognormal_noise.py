"""Other choices of pixels, resolution and noise: their likelihood, weights and simulators."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.library_settings import galaxy_theta
from digs.config.theta import index
from digs.exact import lognormal_noise as choices
from digs.exact.converged_chains import stuck_draws
from digs.exact.likelihood import log_likelihood
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.sps import ssp_spectra as ssp
from digs.sps.home import SPSData

FRACTION = 0.05
MASS = index("logmass")


@pytest.fixture
def simulator(fake_grid) -> Simulator:
    return Simulator(fake_grid, dtype=torch.float64)


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
    theta = torch.as_tensor(galaxy_theta()).repeat(4001, 1)
    theta[:, MASS] += torch.linspace(-0.04, 0.04, len(theta), dtype=torch.float64)
    log_prob = log_likelihood(flux, simulator(theta), choices.lognormal_fraction(FRACTION))
    cumulative = torch.cumsum(torch.softmax(log_prob, 0), 0).numpy()
    draws = np.tile(galaxy_theta(), (number, 1))
    draws[:, MASS] = np.interp((np.arange(number) + 0.5) / number, cumulative, theta[:, MASS].numpy())
    return draws


def test_weights_lead_to_the_posterior_that_is_known_in_closed_form(simulator):
    """With all else known, ln M is normal around the mean of ln(x / m) with sigma / sqrt(pixels)."""
    model = simulator(torch.as_tensor(galaxy_theta())[None])
    unit = torch.randn(model.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    flux = choices.with_lognormal_noise(model, unit, FRACTION)
    draws = mass_draws(simulator, flux[0], 20_000)
    quantiles, share = choices.reweighted_to_lognormal(simulator, draws[None], flux, FRACTION)
    mean = galaxy_theta()[MASS] + torch.log10(flux / model).mean().item()
    sigma = math.log10(1 + FRACTION) / math.sqrt(model.shape[1])
    expected = stats.norm(mean, sigma).ppf(QUANTILES)
    np.testing.assert_allclose(quantiles[0, :, MASS], expected, atol=0.01 * sigma)
    before = np.quantile(draws[:, MASS], QUANTILES)
    assert np.abs(before - expected).max() > 0.03 * sigma, "the weights have something to mend"
    assert 0.8 < share[0] < 1


def test_draws_of_stuck_walkers_get_no_weight(simulator):
    model = simulator(torch.as_tensor(galaxy_theta())[None])
    draws = mass_draws(simulator, model[0], 2000)
    sound, share = choices.reweighted_to_lognormal(simulator, draws[None], model, FRACTION)
    far = np.tile(galaxy_theta(), (40, 1))
    far[:, MASS] += np.linspace(0.1, 0.2, 40)
    found, found_share = choices.reweighted_to_lognormal(simulator, np.concatenate([draws, far])[None], model, FRACTION)
    np.testing.assert_array_equal(found, sound)
    assert found_share[0] == pytest.approx(share[0] * 2000 / 2040)


def test_stuck_draws_are_those_far_below_the_best_of_their_galaxy():
    log_prob = torch.tensor([[0.0, -3.0, -26.0], [-500.0, -524.0, -526.0]])
    assert stuck_draws(log_prob).tolist() == [[False, False, True], [False, False, True]]
    generator = torch.Generator().manual_seed(7)
    normal = -torch.randn(1, 200_000, 5, generator=generator).square().sum(-1) / 2
    assert not stuck_draws(normal).any()


def test_walkers_start_at_different_draws_inside_the_prior():
    prior, random = Prior.over(load_params().prior), np.random.default_rng(4)
    draws = prior.sample(2 * 50, torch.Generator().manual_seed(5)).reshape(2, 50, 5).numpy()
    draws[0, :, 0], draws[1, :, 3] = prior.low[0], prior.high[3] + 1e-6  # as rounding leaves them
    start = choices.starts(draws, 40, random)
    assert start.shape == (2, 40, 5)
    assert prior.contains(start).all()
    assert all(len(torch.unique(each, dim=0)) == 40 for each in start)
    assert torch.isfinite(prior.to_unbounded(start)).all()


def test_the_simulator_of_a_choice_is_made_once_from_its_own_grid(fake_arrays, tmp_path, monkeypatch):
    made = []

    def make(settings, parts):
        made.append(settings)
        return fake_arrays

    monkeypatch.setattr(ssp, "make_ssp_grid", make)
    monkeypatch.setattr(choices, "SCRATCH", tmp_path)
    data, settings = SPSData("synthetic", "0"), load_params().choice("released_pixels")
    first, second = (choices.variant_simulator(settings, data) for _ in range(2))
    assert made == [settings]
    theta = Prior.over(load_params().prior).sample(7, torch.Generator().manual_seed(6))
    assert torch.equal(first(theta), second(theta))
    choices.variant_simulator(load_params().choice("low_resolution"), data)
    assert len(made) == 2

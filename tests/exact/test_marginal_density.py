"""The density without mass and dust: what is integrated over is gone, and its evidence is that of all parameters."""

import numpy as np
import pytest
import torch

from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.template_bank import TemplateBank
from digs.exact.likelihood import PosteriorDensity
from digs.exact.marginal_density import MarginalDensity
from digs.exact.mixture_rounds import mixture_rounds
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.noise import add_noise
from digs.physics.prior import Prior

FRACTION = 0.05


@pytest.fixture(scope="module")
def flux(simulator):
    return add_noise(simulator([[10.3, -0.7, 0.55, 1.8, 0.1]]), torch.Generator().manual_seed(3), FRACTION)


@pytest.fixture
def density(simulator, prior, flux):
    conditional = MassAndDust(simulator, prior, FRACTION)
    return MarginalDensity(PosteriorDensity(simulator, prior, flux, FRACTION), conditional, np.random.default_rng(1))


@pytest.fixture(scope="module")
def bank(simulator, prior):
    return TemplateBank(simulator, prior, FRACTION, size=30_000, seed=1)


def test_it_hardly_depends_on_the_mass_and_dust_that_are_drawn(density):
    found = density(np.tile([[-0.7, 1.8, 0.1]], (200, 1)))
    assert found.std() < 0.05
    assert density.calls == 200


def test_ends_are_those_of_the_other_parameters(density, prior):
    low, high = density.ends
    assert low.tolist() == prior.low[[1, 3, 4]].tolist()
    assert high.tolist() == prior.high[[1, 3, 4]].tolist()


def test_mixtures_from_the_nearest_templates_have_the_evidence_of_a_grid(simulator, prior, flux, density, bank):
    theta, log_weight = bank.nearest(flux[0].numpy(), 1000)
    found = mixture_rounds(density, *density.ends, 2000, np.random.default_rng(2), (theta[:, [1, 3, 4]], log_weight))
    grid = Grid(simulator, prior, FRACTION).posterior(flux, 4000, seed=1)
    assert found.effective >= 2000
    assert found.log_evidence == pytest.approx(grid.log_evidence.item(), abs=0.1)


def test_the_nearest_templates_are_those_whose_spectra_fit(simulator, prior, flux, bank):
    """But for mass and dust, which are fitted."""
    theta, log_weight = bank.nearest(flux[0].numpy(), 200)
    assert theta.shape == (200, 5)
    assert prior.contains(torch.as_tensor(theta)).all()
    conditional = MassAndDust(simulator, prior, FRACTION)
    rest = torch.as_tensor(theta[:, conditional.rest])
    expansion = conditional.expand(rest.float(), flux.expand(200, -1))
    at = torch.as_tensor(theta.copy())
    at[:, 0], at[:, 2] = expansion.mass / np.log(10), expansion.dust
    free = Prior([-20, -2, 0, 0, -1.2], [20, 0.2, 20, 4.1, 1.2])  # the templates know no ends of mass and dust
    exact = PosteriorDensity(simulator, free, flux, FRACTION)(at.clamp(free.low, free.high)).numpy()
    best = log_weight > log_weight.max() - 8
    assert best.sum() > 3
    away = exact[best] - log_weight[best]
    assert np.ptp(away) < 3

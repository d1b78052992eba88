"""The directions that posteriors need: derivatives, orthonormality, and the information that a few of them hold."""

import math

import pytest
import torch
from pydantic import ValidationError

from digs.base.random_streams import generator
from digs.config.model import Architecture
from digs.config.params import load_params
from digs.config.theta import index
from digs.flows.features import PrincipalComponents
from digs.flows.information import derivatives, lost_information, score_directions
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION, KEPT = 0.05, 30


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(dtype=torch.float64)


@pytest.fixture(scope="module")
def theta() -> torch.Tensor:
    return Prior.over(load_params().prior).sample(1000, generator(1, "scores")).double()


@pytest.fixture(scope="module")
def directions(simulator, theta) -> torch.Tensor:
    return score_directions(simulator, Prior.over(load_params().prior), theta[:700], FRACTION)


def test_mass_scales_and_dust_reddens(simulator, theta):
    derivative = derivatives(simulator, Prior.over(load_params().prior), theta[:50])
    torch.testing.assert_close(
        derivative[..., index("logmass")], torch.full((50, simulator.pixels), math.log(10)).double(), rtol=1e-6, atol=0
    )
    expected = -simulator.curve.expand(50, -1)
    # but for what the line-spread function mixes
    torch.testing.assert_close(derivative[..., index("dust2")], expected, rtol=0, atol=5e-3)


def test_derivatives_are_those_of_autograd(simulator, theta):
    some = theta[:5].clone().requires_grad_()
    (by_autograd,) = torch.autograd.grad(simulator(some)[:, 40].log().sum(), some)
    torch.testing.assert_close(
        derivatives(simulator, Prior.over(load_params().prior), theta[:5])[:, 40], by_autograd, rtol=0.02, atol=1e-3
    )


def test_derivatives_at_the_ends_of_the_prior(simulator):
    prior = Prior.over(load_params().prior)
    ends = torch.stack([prior.low, prior.high]).double()
    assert torch.isfinite(derivatives(simulator, prior, ends)).all()


def test_directions_are_orthonormal_and_leave_the_level_alone(directions):
    pixels = len(directions)
    torch.testing.assert_close(directions.T @ directions, torch.eye(pixels - 1).double(), rtol=0, atol=1e-10)
    assert directions[:, :KEPT].sum(0).abs().max() < 1e-6


def test_few_directions_hold_almost_all_information(simulator, theta, directions):
    """About galaxies that they were not taken from; as many principal components of the spectra hold far less."""
    flux = add_noise(simulator(theta[:700]), generator(2, "scores"), FRACTION)
    principal = PrincipalComponents(simulator.pixels, KEPT)
    principal.fit(flux)
    by_scores, by_variance = (
        lost_information(simulator, Prior.over(load_params().prior), theta[700:], FRACTION, components).mean()
        for components in (directions[:, :KEPT], principal.components)
    )
    assert 0 <= by_scores < 1e-3
    assert by_variance > 20 * by_scores


def test_all_pixels_lose_nothing_and_the_level_alone_much(simulator, theta):
    pixels = torch.eye(simulator.pixels).double()
    lost = lost_information(simulator, Prior.over(load_params().prior), theta[:50], FRACTION, pixels[:, 1:])
    torch.testing.assert_close(lost, torch.zeros(50).double(), rtol=0, atol=1e-6)
    assert (lost_information(simulator, Prior.over(load_params().prior), theta[:50], FRACTION, pixels[:, :0]) > 2).all()


def test_components_in_a_subspace_span_it_and_are_uncorrelated(simulator, theta, directions):
    flux = add_noise(simulator(theta[:700]), generator(3, "scores"), FRACTION).double()
    data = PrincipalComponents(simulator.pixels, KEPT).double()
    data.fit(flux, directions[:, :KEPT])
    inside = directions[:, :KEPT]
    torch.testing.assert_close(inside @ (inside.T @ data.components), data.components, rtol=0, atol=1e-8)
    covariance = torch.cov(data(flux)[:, 1:].T)
    assert (covariance - torch.diag(covariance.diag())).abs().max() < 1e-5 * covariance.abs().max()


@pytest.mark.parametrize("missing", ["components", "marginal"])
def test_scores_need_components_and_the_closed_form(missing):
    settings = {"hidden_features": 8, "num_transforms": 2, "components": 5, "marginal": True, "scores": True}
    Architecture(**settings)
    del settings[missing]
    with pytest.raises(ValidationError, match="scores need components and marginal"):
        Architecture(**settings)

"""What the flow sees of a spectrum, and the coordinates that go with it."""

import pytest
import torch
from conftest import density_by_autograd

from digs.config.model import Architecture, Embedding
from digs.config.params import load_params
from digs.config.theta import index
from digs.flows.coordinates import RelativeMass
from digs.flows.features import DataVector, PrincipalComponents, residual_network
from digs.flows.flow import Flow
from digs.physics.prior import Prior
from digs.physics.spectra import level_and_shape

PIXELS = 30
MASS = index("logmass")


def spectra(number: int, seed: int, signals: int = 3, noise: float = 0.01) -> torch.Tensor:
    """Spectra of some strong and smooth components, log-normal, with white noise on top."""
    random = torch.Generator().manual_seed(seed)
    x = torch.linspace(0, 1, PIXELS, dtype=torch.float64)
    shapes = torch.stack([torch.cos((k + 1) * torch.pi * x) / (k + 1) ** 2 for k in range(signals)])
    log_flux = torch.randn(number, signals, generator=random, dtype=torch.float64) @ shapes
    log_flux += noise * torch.randn(number, PIXELS, generator=random, dtype=torch.float64)
    return 10 ** (log_flux - 17)


def test_principal_components_are_uncorrelated_and_half_whitened():
    flux = spectra(4000, 1)
    data = PrincipalComponents(PIXELS, 8).double()
    data.fit(flux)
    features = data(flux)
    assert features.shape == (4000, 9) == (4000, data.size)
    covariance = torch.cov(features.T)
    torch.testing.assert_close(features.mean(0), torch.zeros(9, dtype=torch.float64), rtol=0, atol=1e-9)
    components = covariance[1:, 1:]
    off_diagonal = components - torch.diag(components.diag())
    assert off_diagonal.abs().max() < 1e-6
    spread = components.diag().sqrt()
    assert (spread[:3] > 2).all()  # signal, strongest first
    assert (spread[:2] > spread[1:3]).all()
    torch.testing.assert_close(spread[3:], torch.ones(5, dtype=torch.float64), rtol=0.1, atol=0)  # noise
    raw = level_and_shape(flux)[1] @ torch.linalg.qr(data.components)[0]
    signal_to_noise = raw[:, 0].std() / 0.01
    assert spread[0].item() == pytest.approx(signal_to_noise.item() ** 0.5, rel=0.1)


@pytest.mark.parametrize("data", [DataVector(PIXELS), PrincipalComponents(PIXELS, 6)], ids=["pixels", "components"])
def test_brightness_moves_the_level_alone(data):
    data = data.double()
    flux = spectra(500, 2)
    data.fit(flux)
    change = data(100 * flux) - data(flux)
    assert (change[:, 0] > 0.1).all()
    torch.testing.assert_close(change[:, 1:], torch.zeros_like(change[:, 1:]), rtol=0, atol=1e-8)


def test_a_residual_network_starts_as_a_shallow_one():
    torch.manual_seed(1)
    network = residual_network(4, Embedding(width=8, blocks=3, features=2))
    x = torch.randn(5, 4)
    shallow = network[-1](torch.nn.functional.silu(network[0](x)))
    torch.testing.assert_close(network(x), shallow)


@pytest.fixture
def relative() -> RelativeMass:
    relative = RelativeMass(Prior.over(load_params().prior)).double()
    theta = Prior.over(load_params().prior).sample(100, torch.Generator().manual_seed(1))
    relative.fit(theta, theta[:, MASS : MASS + 1] - 26.0)
    return relative


def test_relative_mass_is_the_difference_in_dex(relative):
    """Where the prior's ends are far: a galaxy that is 0.01 dex more massive than its level says has y = 0.01."""
    theta = Prior.over(load_params().prior).sample(20, torch.Generator().manual_seed(2))
    theta[:, MASS] = torch.linspace(9.0, 12.0, 20)
    level = theta[:, MASS : MASS + 1] - 26.0
    theta[:, MASS] += 0.01
    y, _ = relative(Prior.over(load_params().prior).to_unbounded(theta), level)
    torch.testing.assert_close(y[:, MASS], torch.full((20,), 0.01, dtype=torch.float64), rtol=0.02, atol=0)
    others = [place for place in range(5) if place != MASS]
    torch.testing.assert_close(y[:, others], Prior.over(load_params().prior).to_unbounded(theta)[:, others])


@pytest.mark.parametrize("offset", [-8.0, 0.0, 8.0])
def test_relative_mass_is_invertible_however_wrong_the_level_is(relative, offset):
    theta = Prior.over(load_params().prior).sample(50, torch.Generator().manual_seed(3))
    z, level = Prior.over(load_params().prior).to_unbounded(theta), theta[:, MASS : MASS + 1] - 26.0 + offset
    y, log_jacobian = relative(z, level)
    torch.testing.assert_close(relative.inverse(y, level), z)
    row = torch.autograd.functional.jacobian(lambda z: relative(z[None], level[:1])[0][0], z[0])
    assert log_jacobian[0].item() == pytest.approx(torch.linalg.slogdet(row)[1].item())


@pytest.fixture
def flow() -> Flow:
    """An untrained flow of the other kind: splines, components, relative mass and an embedding."""
    torch.manual_seed(4)
    theta = Prior.over(load_params().prior).sample(400, torch.Generator().manual_seed(5))
    flux = spectra(400, 6) * 10 ** (theta[:, :1] - 10)
    architecture = Architecture(
        density_estimator="zuko_nsf",
        hidden_features=16,
        num_transforms=2,
        num_bins=4,
        components=6,
        relative_mass=True,
        embedding=Embedding(width=16, blocks=1, features=8),
    )
    return (
        Flow(architecture, Prior.over(load_params().prior), PIXELS, (theta, flux.float()))
        .double()
        .requires_grad_(False)
    )


def test_draws_of_a_spline_flow_have_its_density(flow):
    flux = spectra(3, 7)
    noise = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    theta = flow.sampler()(noise, flux)
    assert flow.prior.contains(theta).all()
    expected = density_by_autograd(flow, noise, flux)
    torch.testing.assert_close(flow.log_prob(theta, flux), expected, rtol=0, atol=1e-4)


def test_loss_of_a_spline_flow_is_its_density(flow):
    flux = spectra(30, 9)
    theta = Prior.over(load_params().prior).sample(30, torch.Generator().manual_seed(10))
    log_jacobian = flow.prior.log_jacobian(flow.prior.to_unbounded(theta))
    torch.testing.assert_close(flow.log_prob(theta[:, None], flux)[:, 0], log_jacobian - flow.loss(theta, flux))

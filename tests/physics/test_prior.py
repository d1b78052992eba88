"""The prior: its maps undo one another, its densities integrate to one, its draws are uniform."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.config.params import load_params
from digs.config.stages.library_settings import GalaxySettings
from digs.config.theta import NAMES, index, parameters
from digs.physics.prior import Prior

BOXES = {
    "params.yaml": tuple(zip(*(getattr(load_params().prior, name) for name in NAMES), strict=True)),
    "unequal sides": ([-1e3, 0.0, 2.0, 1e-4, -7.0], [1e3, 1e-3, 2.5, 1e4, -6.0]),
}


@pytest.fixture(params=BOXES)
def prior(request) -> Prior:
    return Prior(*BOXES[request.param])


@pytest.fixture
def theta(prior) -> torch.Tensor:
    return prior.sample(20_000, torch.Generator().manual_seed(1))


def test_unit_cube_round_trip(prior, theta):
    torch.testing.assert_close(prior.from_unit(prior.to_unit(theta)), theta, rtol=1e-12, atol=1e-12)


def test_unbounded_round_trip(prior, theta):
    torch.testing.assert_close(prior.from_unbounded(prior.to_unbounded(theta)), theta, rtol=1e-10, atol=1e-9)


def test_single_precision_keeps_its_digits(prior, theta):
    back = prior.from_unit(prior.to_unit(theta.float()))
    side = (prior.high - prior.low).float()
    offset = torch.maximum(prior.high.abs(), prior.low.abs()).float()
    assert ((back - theta.float()).abs() <= 4e-7 * (side + offset)).all()


def test_the_corners_and_all_unbounded_points_stay_inside(prior):
    corners = torch.cartesian_prod(*[torch.stack(side) for side in zip(prior.low, prior.high, strict=True)])
    assert prior.contains(corners).all()
    assert torch.isfinite(prior.to_unbounded(corners)).all()
    extreme = torch.linspace(-1e4, 1e4, 2001, dtype=torch.float64)[:, None].expand(-1, 5)
    assert prior.contains(prior.from_unbounded(extreme)).all()


def test_log_jacobian_is_that_of_autograd(prior):
    z = torch.linspace(-12, 12, 40, dtype=torch.float64)[:, None] + torch.arange(5, dtype=torch.float64)
    for point in z:
        dtheta_dz = torch.func.jacrev(prior.from_unbounded)(point)
        torch.testing.assert_close(prior.log_jacobian(point), -torch.linalg.slogdet(dtheta_dz)[1], rtol=1e-9, atol=0)


def test_density_integrates_to_one_and_is_zero_outside(prior, theta):
    volume = torch.log(prior.high - prior.low).sum()
    torch.testing.assert_close(prior.log_prob(theta), (-volume).expand(len(theta)))
    beyond = theta + 1.001 * (prior.high - prior.low) * torch.nn.functional.one_hot(torch.arange(len(theta)) % 5, 5)
    assert (prior.log_prob(beyond) == -torch.inf).all()
    assert not prior.contains(beyond).any()


def test_density_in_unbounded_coordinates_integrates_to_one():
    prior = Prior.over(load_params().prior)
    # one coordinate at a time: with the others at u = 1/2 the density in z is that of a logistic variable times 4^-4
    z = torch.linspace(-40, 40, 100_001, dtype=torch.float64)
    for place in range(5):
        point = torch.zeros(len(z), 5, dtype=torch.float64)
        point[:, place] = z
        density = torch.exp(prior.log_prob(prior.from_unbounded(point)) - prior.log_jacobian(point))
        assert torch.trapezoid(density, z).item() == pytest.approx(4.0**-4, rel=1e-6)


def test_draws_are_uniform_and_independent(prior, theta):
    assert prior.contains(theta).all()
    unit = prior.to_unit(theta).numpy()
    for column in unit.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    correlation = np.corrcoef(unit.T)[np.triu_indices(5, 1)]
    assert np.abs(correlation).max() < 4 / np.sqrt(len(unit))


def test_the_same_seed_gives_the_same_draws(prior):
    draws = [prior.sample(7, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_names_are_ordered_as_theta_and_unknown_ones_refused(refused):
    assert [index(name) for name in NAMES] == list(range(5))
    with refused("'dust'", "dust2"):
        index("dust")


def test_the_default_box_is_that_of_params_yaml():
    ranges, prior = load_params().prior, Prior.over(load_params().prior)
    for place, parameter in enumerate(parameters(load_params().prior)):
        assert (parameter.low, parameter.high) == getattr(ranges, parameter.name)
        assert (prior.low[place].item(), prior.high[place].item()) == getattr(ranges, parameter.name)
        assert parameter.unit in parameter.axis_label
    assert prior.contains(torch.as_tensor(load_params(GalaxySettings).galaxy.theta))

"""The flow in plain arrays against sbi's own, and as a density."""

import pytest
import torch
from sbi.neural_nets import posterior_nn

from digs.flows.fast.plain_maf import PlainMaf

SEED = 3


@pytest.fixture(scope="module")
def pairs():
    random = torch.Generator().manual_seed(SEED)
    theta = torch.randn(200, 5, generator=random)
    return theta, theta @ torch.randn(5, 12, generator=random) + torch.randn(200, 12, generator=random) + 3


@pytest.fixture(scope="module")
def flow(pairs):
    """Its last layers scaled up, as untrained flows do next to nothing."""
    flow = PlainMaf.untrained(*pairs, units=16, transforms=3, seed=SEED)
    flow.last_weight.mul_(8)
    return flow.double()


def test_it_is_the_flow_that_sbi_builds(pairs):
    torch.manual_seed(SEED)
    build = posterior_nn(
        "maf", hidden_features=25, num_transforms=10, z_score_theta="independent", z_score_x="independent"
    )
    estimator = build(*pairs)
    ours = PlainMaf.untrained(*pairs, units=25, transforms=10, seed=SEED)
    with torch.no_grad():
        theirs = estimator.log_prob(pairs[0][None], pairs[1])[0]
    assert torch.allclose(ours.log_prob(*pairs), theirs, atol=1e-4)


def test_untrained_leaves_the_global_random_numbers_alone(pairs):
    state = torch.random.get_rng_state()
    PlainMaf.untrained(*pairs, units=8, transforms=2, seed=SEED)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_inverse_and_forward_are_inverse(flow, pairs):
    theta, context = (each.double() for each in pairs)
    noise, _ = flow.forward(theta, context)
    assert torch.allclose(flow.inverse(noise, context), theta, atol=1e-9)
    many = noise[:, None].expand(-1, 3, -1)
    assert torch.allclose(flow.inverse(many, context), theta[:, None].expand(-1, 3, -1), atol=1e-9)


def test_density_is_that_of_the_change_of_variables(flow, pairs):
    theta, context = pairs[0][0].double(), pairs[1][0].double()
    jacobian = torch.autograd.functional.jacobian(lambda point: flow.forward(point, context)[0], theta)
    noise, log_q = flow.forward(theta, context)
    normal = torch.distributions.Normal(0.0, 1.0).log_prob(noise).sum()
    assert log_q.item() == pytest.approx((normal + jacobian.det().abs().log()).item(), abs=1e-9)


def test_density_of_two_coordinates_integrates_to_one(pairs):
    theta, context = pairs[0][:, :2], pairs[1]
    flow = PlainMaf.untrained(theta, context, units=8, transforms=3, seed=SEED).double()
    axis = torch.linspace(-40, 40, 801).double()
    points = torch.cartesian_prod(axis, axis)
    log_q = flow.log_prob(points, context[:1].double().expand(len(points), -1))
    assert (log_q.exp().sum() * (axis[1] - axis[0]) ** 2).item() == pytest.approx(1, abs=1e-4)


def test_arrays_make_the_same_flow(flow, pairs):
    again = PlainMaf.of_arrays(flow.arrays())
    assert torch.equal(again.log_prob(*(each.double() for each in pairs)), flow.log_prob(*(e.double() for e in pairs)))

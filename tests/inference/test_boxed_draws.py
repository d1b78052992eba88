"""Draws inside the prior from a flow that leaks out of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.flows.fast.plain_maf import PlainMaf
from digs.inference.boxed_draws import boxed_draws
from digs.physics.prior import Prior

BOX = Prior([0.0] * 5, [3.0] * 5)


@pytest.fixture(scope="module")
def flow():
    """All but normal in five coordinates, with mean 0 and a standard deviation of some."""
    theta, context = torch.randn(2, 500, 5, generator=torch.Generator().manual_seed(1))
    return PlainMaf.untrained(theta, context, units=8, transforms=2, seed=1)


def test_draws_lie_inside_and_the_share_is_that_of_the_density(flow):
    context = torch.zeros(3, 5)
    theta, share = boxed_draws(flow, BOX, [0, 1, 2, 3, 4], context, 400, 1, "test")
    assert BOX.contains(torch.as_tensor(theta)).all()
    many = flow.inverse(torch.randn(1, 200_000, 5, generator=torch.Generator().manual_seed(2)), context[:1])
    expected = BOX.contains(many.double()).double().mean().item()
    assert 0 < expected < 1
    assert np.abs(share / expected - 1).max() < 0.25


def test_columns_put_parameters_in_their_places(flow):
    here, _ = boxed_draws(flow, BOX, [0, 1, 2, 3, 4], torch.zeros(1, 5), 50, 1, "test")
    other, _ = boxed_draws(flow, BOX, [4, 3, 2, 1, 0], torch.zeros(1, 5), 50, 1, "test")
    assert np.array_equal(here, other[..., ::-1])


def test_a_galaxy_has_the_same_draws_with_other_neighbours(flow):
    context = torch.randn(4, 5, generator=torch.Generator().manual_seed(3))
    together, _ = boxed_draws(flow, BOX, [0, 1, 2, 3, 4], context, 50, 1, "test")
    alone, _ = boxed_draws(flow, BOX, [0, 1, 2, 3, 4], context[:1], 50, 1, "test")
    assert np.allclose(together[0], alone[0], atol=1e-5)


def test_a_galaxy_with_nothing_inside_is_named(flow):
    far = replace(flow, shift=flow.shift + 1000)
    with pytest.raises(DigsError, match="spectrum 0 lie outside the prior"):
        boxed_draws(far, BOX, [0, 1, 2, 3, 4], torch.zeros(1, 5), 10, 1, "test")

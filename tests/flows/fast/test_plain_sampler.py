"""Compiled draws against the plain inverse."""

import torch

from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.fast.plain_sampler import plain_sampler


def test_compiled_draws_are_those_of_the_inverse():
    random = torch.Generator().manual_seed(1)
    theta, context = torch.randn(100, 5, generator=random), torch.randn(100, 8, generator=random)
    flow = PlainMaf.untrained(2 * theta + 1, context, units=12, transforms=4, seed=1)
    flow.last_weight.mul_(6)
    noise = torch.randn(100, 7, 5, generator=random)
    torch.testing.assert_close(plain_sampler(flow)(noise, context), flow.inverse(noise, context), rtol=0, atol=1e-3)
    assert torch.equal(plain_sampler(flow)(noise[3:5], context[3:5]), plain_sampler(flow)(noise, context)[3:5])

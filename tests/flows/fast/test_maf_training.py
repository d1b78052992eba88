"""Steps of compiled training against those of torch."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from digs.flows.fast.maf_training import WEIGHTS, MafTraining, tanh_in_place
from digs.flows.fast.plain_maf import PlainMaf

SEED, CLIP, RATES = 5, 0.5, [1e-2, 8e-3, 5e-3, 2e-3]  # clipped at every step


@pytest.fixture(scope="module")
def pairs():
    random = torch.Generator().manual_seed(SEED)
    theta = 2 + torch.randn(80, 3, generator=random)
    return theta, torch.cat([theta, theta**2], 1) + torch.randn(80, 6, generator=random)


@pytest.fixture(scope="module")
def flow(pairs):
    return PlainMaf.untrained(*pairs, units=9, transforms=3, seed=SEED)


def torch_steps(flow, pairs, batch):
    """The flow after Adam's steps, one for each rate, and the losses on the way."""
    tensors = {name: getattr(flow, name).clone().requires_grad_() for name in WEIGHTS}
    kept = {name: (getattr(flow, name) != 0) for name in ("first_weight", "hidden_weight", "last_weight")}
    optimiser, losses = torch.optim.Adam(tensors.values()), []
    for rate, theta, context in zip(RATES, pairs[0].split(batch), pairs[1].split(batch), strict=True):
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss = -replace(flow, **tensors).forward(theta, context)[1].mean()
        loss.backward()
        for name, mask in kept.items():
            tensors[name].grad *= mask
        torch.nn.utils.clip_grad_norm_(tensors.values(), CLIP)
        optimiser.step()
        losses.append(loss.item())
    return replace(flow, **{name: each.detach() for name, each in tensors.items()}), losses


def test_hyperbolic_tangent_is_right():
    x = np.linspace(-20, 20, 100_001, dtype=np.float32)[None]
    found = x.copy()
    tanh_in_place(found)
    assert np.abs(found - np.tanh(x.astype(float))).max() < 5e-7


def test_losses_are_those_of_the_flow(flow, pairs):
    training = MafTraining(flow, CLIP)
    losses = training.losses(*training.standardised(*pairs), at_once=33)
    assert np.allclose(losses, -flow.log_prob(*pairs), atol=1e-4)


def test_steps_are_those_of_adam(flow, pairs):
    training = MafTraining(flow, CLIP)
    mean = training.steps(*training.standardised(*pairs), torch.arange(80), 20, RATES)
    wanted, losses = torch_steps(flow, pairs, 20)
    assert mean == pytest.approx(np.mean(losses), abs=1e-5)
    for name in WEIGHTS:
        assert torch.allclose(getattr(training.flow(), name), getattr(wanted, name), atol=2e-5), name


def test_steps_can_be_taken_in_two_parts(flow, pairs):
    whole, parts = MafTraining(flow, CLIP), MafTraining(flow, CLIP)
    data, rows = whole.standardised(*pairs), torch.arange(80)
    whole.steps(*data, rows, 20, RATES)
    for half in (slice(0, 2), slice(2, 4)):
        parts.steps(*data, rows[half.start * 20 : half.stop * 20], 20, RATES[half])
    assert np.allclose(whole.weights, parts.weights, atol=1e-6)


def test_training_finds_a_posterior_in_closed_form():
    """theta and x = theta + noise, both standard normal: the posterior is normal with mean x / 2 and variance 1/2."""
    theta, noise = torch.randn(2, 20_000, 2, generator=torch.Generator().manual_seed(SEED))
    flow = PlainMaf.untrained(theta, theta + noise, units=8, transforms=2, seed=SEED)
    training = MafTraining(flow, 5.0)
    data, rows = training.standardised(theta, theta + noise), torch.randperm(20_000)
    for rate in (5e-3, 1e-3):
        training.steps(*data, rows, 50, [rate] * 400)
    exact = torch.distributions.Normal((theta + noise) / 2, 0.5**0.5).log_prob(theta).sum(1)
    assert training.losses(*data).mean() == pytest.approx(-exact.mean().item(), abs=0.02)

"""Draws from masked autoregressive flows, against the estimators' own samplers and densities."""

import copy

import numpy as np
import pytest
import torch

from digs.config.model import Architecture
from digs.flows.estimator import build_estimator, log_prob
from digs.flows.fast.maf_compiled import BLOCK, _sigmoid, _softplus
from digs.flows.fast.masked_inverse import MaskedNetwork
from digs.flows.fast.sampler import _plain_sampler, sampler

CONTEXT = 7
ARCHITECTURES = {
    "maf": {},
    "maf of three layers": {"hidden_layers": 3},
    "zuko_nsf": {"density_estimator": "zuko_nsf", "num_bins": 6},
    "zuko_maf": {"density_estimator": "zuko_maf"},
    "nsf": {"density_estimator": "nsf", "num_bins": 5},  # coupling layers, which its own sampler inverts
}
DOUBLE = {"dtype": torch.float64}

pytestmark = pytest.mark.filterwarnings("ignore:torch.triangular_solve")  # nflows' coupling layers call it


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), **DOUBLE)


def spread_estimator(**architecture):
    """An untrained flow of four parameters with weights spread out, float64; sbi's MAF where nothing else is said."""
    torch.manual_seed(1)
    architecture = Architecture(hidden_features=11, num_transforms=3, **architecture)
    estimator = build_estimator(architecture, 3 + 2 * torch.randn(50, 4), torch.randn(50, CONTEXT)).double()
    with torch.no_grad():
        for weight in estimator.parameters():
            weight += 0.3 * torch.randn_like(weight)
    return estimator.requires_grad_(False)


@pytest.fixture(params=ARCHITECTURES)
def estimator(request):
    return spread_estimator(**ARCHITECTURES[request.param])


def test_the_same_noise_gives_the_estimators_own_draws(estimator):
    noise, context = normal(3, 20, 4, seed=2), normal(3, CONTEXT, seed=3)
    draws = sampler(estimator)(noise, context)
    torch.testing.assert_close(draws, _plain_sampler(estimator)(noise, context), rtol=1e-8, atol=1e-8)


def test_draws_have_the_log_probability_that_the_estimator_gives_them(estimator):
    """That of their noise, less the log of how the sampler stretches it."""
    noise, context = normal(3, 4, 4, seed=4), normal(3, CONTEXT, seed=5)
    draw = sampler(estimator)
    expected = torch.distributions.Normal(0, 1).log_prob(noise).sum(-1)
    for galaxy in range(3):
        for place in range(4):
            one = lambda n, galaxy=galaxy: draw(n[None, None], context[galaxy : galaxy + 1])[0, 0]
            jacobian = torch.autograd.functional.jacobian(one, noise[galaxy, place])
            expected[galaxy, place] -= torch.linalg.slogdet(jacobian)[1]
    found = log_prob(estimator, draw(noise, context).transpose(0, 1), context).T
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_a_galaxys_draws_do_not_depend_on_its_company(estimator):
    noise, context = normal(5, 6, 4, seed=6), normal(5, CONTEXT, seed=7)
    draw = sampler(estimator)
    alone = torch.cat([draw(noise[row : row + 1], context[row : row + 1]) for row in range(5)])
    torch.testing.assert_close(draw(noise, context), alone)
    one_by_one = torch.cat([draw(noise[:, place : place + 1], context) for place in range(6)], 1)
    torch.testing.assert_close(draw(noise, context), one_by_one)


def test_it_keeps_the_weights_that_the_estimator_had(estimator):
    noise, context = normal(2, 3, 4, seed=8), normal(2, CONTEXT, seed=9)
    copied = copy.deepcopy(estimator)
    torch.testing.assert_close(sampler(copied)(noise, context), sampler(estimator)(noise, context), rtol=0, atol=0)
    with torch.no_grad():
        for weight in copied.parameters():
            weight += 0.1
    assert not torch.allclose(sampler(copied)(noise, context), sampler(estimator)(noise, context))


def test_it_follows_the_estimator_to_another_precision(estimator):
    draws = sampler(estimator.float())(normal(2, 3, 4, seed=10).float(), normal(2, CONTEXT, seed=11).float())
    assert draws.dtype == torch.float32


def test_draws_are_finite_for_contexts_far_from_any_that_a_spline_was_made_for():
    """In single precision some of the quadratics that invert a spline have no root there, by rounding."""
    estimator = spread_estimator(**ARCHITECTURES["zuko_nsf"]).float()
    noise, context = 3 * normal(50, 4000, 4, seed=1).float(), 1000 * normal(50, CONTEXT, seed=2).float()
    assert sampler(estimator)(noise, context).isfinite().all()


COMPILED = ["maf", "zuko_nsf"]


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("draws", [1, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_draws_are_as_good_as_those_of_32_bit_floats_can_be(name, layers, draws):
    estimator = spread_estimator(**ARCHITECTURES[name], hidden_layers=layers)
    noise, context = normal(3, draws, 4, seed=12), normal(3, CONTEXT, seed=13)
    exact = _plain_sampler(estimator)(noise, context)
    single = copy.deepcopy(estimator).float()
    arguments = noise.float(), context.float()
    error, own_error = (abs(draw(*arguments) - exact).max() for draw in (sampler(single), _plain_sampler(single)))
    assert error < max(5 * own_error, 1e-5)  # largest errors both, which processors round to 1 to 3 times each other


def test_compiled_draws_are_those_of_their_noise():
    estimator = spread_estimator()
    noise, context = normal(2, 50, 4, seed=14), normal(2, CONTEXT, seed=15)
    draws = sampler(copy.deepcopy(estimator).float())(noise.float(), context.float()).double()
    back, _ = estimator.net._transform(draws.flatten(0, 1), context.repeat_interleave(50, 0))
    torch.testing.assert_close(back.reshape(noise.shape), noise, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_draws_are_to_the_bit_the_same_in_any_company(name):
    """Of other galaxies' noise, with as many contexts."""
    noise, context = normal(32, 130, 4, seed=16).float(), normal(32, CONTEXT, seed=17).float()
    draw = sampler(spread_estimator(**ARCHITECTURES[name]).float())
    assert draw.same_in_any_company
    together = draw(noise, context)
    assert torch.equal(draw(noise[:3], context), together[:3])
    assert torch.equal(draw(noise.flip(0), context.flip(0)).flip(0), together)


@pytest.mark.parametrize("name", COMPILED)
def test_no_number_stays_none_and_disturbs_no_other_galaxy(name):
    noise, context = normal(3, 130, 4, seed=18).float(), normal(3, CONTEXT, seed=19).float()
    draw = sampler(spread_estimator(**ARCHITECTURES[name]).float())
    sound = draw(noise, context)
    context[1] = torch.nan
    spoiled = draw(noise, context)
    assert spoiled[1].isnan().all() or name == "maf"
    assert torch.equal(spoiled[[0, 2]], sound[[0, 2]])


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_draws_do_not_depend_on_the_number_of_threads(name):
    noise, context = normal(5, 200, 4, seed=16).float(), normal(5, CONTEXT, seed=17).float()
    draw, before = sampler(spread_estimator(**ARCHITECTURES[name]).float()), torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(draw(noise, context))
    torch.set_num_threads(before)
    assert torch.equal(*found)


def test_compiled_functions_where_they_are_extreme():
    """Logistic functions and softplus of numbers whose exponentials no float has."""
    x = np.zeros(BLOCK, np.float32)
    x[:6] = -1e4, -90, -1e-3, 0, 90, 1e4
    work = np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.float32), np.zeros(BLOCK, np.int32)
    for compiled, function in ((_sigmoid, torch.sigmoid), (_softplus, torch.nn.functional.softplus)):
        found = x.copy()
        compiled(found, *work[0 if compiled is _softplus else 1 :])
        np.testing.assert_allclose(found, function(torch.as_tensor(x).double()), rtol=1e-6, atol=1e-37)


def test_no_unit_is_evaluated_twice():
    """Of one network: units that see the context alone once a galaxy, the others once a draw, useless ones never."""
    evaluated = []

    def relu(x: torch.Tensor) -> torch.Tensor:
        evaluated.append(x.numel())
        return x.relu()

    order, hidden, galaxies, draws = [2, 0, 1], 4, 5, 100
    waits = torch.arange(hidden)  # how many coordinates a unit sees; the last one sees all, and no output may see it
    place = torch.empty(3, dtype=torch.long).scatter_(0, torch.tensor(order), torch.arange(3))
    first = (place < waits[:, None]).double() * normal(hidden, 3, seed=12)
    middle = (waits <= waits[:, None]).double() * normal(hidden, hidden, seed=13)
    last = (waits <= place[:, None]).double() * normal(3, hidden, seed=14)
    biases = [normal(hidden, seed=15), normal(3, seed=16)]
    network = MaskedNetwork(order, [first, middle, last], biases, relu)
    seen, noise = normal(hidden, galaxies, seed=17), normal(3, galaxies, draws, seed=18)
    found = network.invert(seen, noise, lambda parameters, y: y - parameters[0])
    assert sum(evaluated) == 2 * (galaxies + 2 * galaxies * draws)

    def forward(z: torch.Tensor) -> torch.Tensor:
        hidden = (torch.einsum("uc,cgd->ugd", first, z) + seen[..., None]).relu()
        hidden = (torch.einsum("uc,cgd->ugd", middle, hidden) + biases[0][:, None, None]).relu()
        return z + torch.einsum("uc,cgd->ugd", last, hidden) + biases[1][:, None, None]

    torch.testing.assert_close(forward(found), noise)

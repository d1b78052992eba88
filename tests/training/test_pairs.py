"""Training pairs: what belongs together, how often it comes, and that the noise is new."""

import pytest
import torch

from digs.config.params import load_params
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.pairs import (
    HELD_OUT,
    ExactPairs,
    LibraryPairs,
    exact_recipe,
    in_rounds,
    library_recipe,
    lookup_recipe,
    nearest_member,
)

SETTINGS = load_params().network("paper").model_copy(update={"pairs": 3000})
PIXELS = 7
NOISE = 0.05


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def library(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """theta and spectra that tell which member they belong to."""
    theta = Prior.over(load_params().prior).sample(number, random(1))
    return theta, (1 + torch.arange(number))[:, None] * torch.ones(PIXELS)


def gathered(pairs, number: int, batch_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    theta, flux = zip(*pairs.epoch(number, batch_size), strict=True)
    return torch.cat(theta), torch.cat(flux)


@pytest.fixture(scope="module")
def simulator(fake_populations) -> Simulator:
    return Simulator(path=fake_populations)


def noise_in_units(flux: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    return (flux / model - 1) / NOISE


@pytest.mark.parametrize(("size", "number"), [(10, 10), (10, 34), (10, 7)])
def test_rounds_are_even_and_in_random_order(size, number):
    order = in_rounds(size, number, random())
    counts = torch.bincount(order, minlength=size)
    assert len(order) == number
    assert counts.max() - counts.min() <= 1
    assert order.tolist() != sorted(order.tolist())


def test_library_spectra_keep_their_theta():
    theta, flux = library(50)
    drawn, noisy = gathered(LibraryPairs(theta, flux, NOISE, random()), 200, 30)
    member = (noisy.mean(1) - 1).round().long().clamp(0, 49)
    for row, near in zip(drawn, member.tolist(), strict=True):
        true = (theta == row).all(1).nonzero().item()
        assert abs(true - near) <= 0.1 * (true + 1)


def test_nearest_member_is_the_nearest():
    members, _ = library(200)
    theta = Prior.over(load_params().prior).sample(300, random(2))
    assert torch.equal(nearest_member(theta, members), torch.cdist(theta, members).argmin(1))
    assert torch.equal(nearest_member(members, members), torch.arange(200))


def test_a_lookup_moves_labels_as_far_as_the_nearest_member_is():
    """With 10 000 members every parameter is off by 0.12 (standard deviation), in its own unit."""
    prior = Prior.over(load_params().prior)
    members = prior.sample(10_000, random(1))
    theta = prior.sample(5000, random(2))
    moved = theta - members[nearest_member(theta, members)]
    assert ((moved.std(0) > 0.10) & (moved.std(0) < 0.14)).all()


def test_exact_pairs_are_the_simulators(simulator):
    pairs = ExactPairs(simulator, Prior.over(load_params().prior), NOISE, random())
    theta, flux = gathered(pairs, 5000, 700)
    unit = noise_in_units(flux, simulator(theta))
    assert theta.unique(dim=0).shape == theta.shape
    assert abs(unit.mean()) < 0.01
    assert unit.std().item() == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("number", "batch_size"), [(1000, 300), (200_001, 50_000), (130_000, 60_000)])
def test_exact_batches_have_the_size_that_was_asked_for(simulator, number, batch_size):
    sizes = [
        len(theta)
        for theta, _ in ExactPairs(simulator, Prior.over(load_params().prior), NOISE, random()).epoch(
            number, batch_size
        )
    ]
    assert sum(sizes) == number
    assert set(sizes[:-1]) <= {batch_size}


def test_so_many_distinct_theta_and_no_more(simulator):
    pairs = ExactPairs(
        simulator,
        Prior.over(load_params().prior),
        NOISE,
        random(),
        Prior.over(load_params().prior).sample(60, random()),
    )
    first_theta, first = gathered(pairs, 150, 40)
    again_theta, again = gathered(pairs, 150, 40)
    for theta in (first_theta, again_theta):
        _, counts = torch.unique(theta, dim=0, return_counts=True)
        assert sorted(set(counts.tolist())) == [2, 3]
    assert torch.equal(first_theta.unique(dim=0), again_theta.unique(dim=0))
    assert not torch.isin(again, first).any()


def test_library_recipe_holds_spectra_out():
    theta, flux = library(100)
    recipe = library_recipe((theta, flux), SETTINGS, NOISE)
    drawn, _ = gathered(recipe.pairs, 300, 100)
    held, noisy = recipe.held_out
    assert recipe.distinct_held_out == len(held.unique(dim=0)) == 10
    assert len(held) == len(noisy) == HELD_OUT
    assert not (drawn[:, None] == held.unique(dim=0)).all(-1).any()
    # rounds of the same spectra, one after the other
    assert torch.equal(held[:10], held[10:20])


def test_lookup_recipe_pairs_theta_with_the_nearest_spectrum():
    members, _ = library(100)
    # the last pixels hold the member's own theta, all but free of noise
    flux = torch.cat([torch.ones(100, 2), Prior.over(load_params().prior).to_unit(members).float() + 1], 1)
    recipe = lookup_recipe((members, flux), Prior.over(load_params().prior), SETTINGS, 1e-6)
    for theta, noisy in (recipe.held_out, gathered(recipe.pairs, 3000, 500), recipe.example):
        expected = flux[nearest_member(theta, members)]
        torch.testing.assert_close(noisy, expected, rtol=2e-5, atol=0)
    theta, _ = gathered(recipe.pairs, 3000, 500)
    assert theta.unique(dim=0).shape == theta.shape


def test_exact_recipe_holds_other_pairs_out(simulator):
    recipe = exact_recipe(simulator, Prior.over(load_params().prior), SETTINGS, NOISE)
    theta, flux = recipe.held_out
    assert recipe.distinct_held_out == len(theta) == HELD_OUT
    assert noise_in_units(flux, simulator(theta)).std().item() == pytest.approx(1, abs=0.01)
    drawn, _ = gathered(recipe.pairs, 3000, 1000)
    assert not torch.isin(drawn, theta).any()


def test_exact_recipe_stays_in_another_prior(simulator):
    prior = Prior([8.0, -2.0, 0.1, 0.01, -1.0], [13.0, 0.2, 1.0, 4.0, 0.0])
    theta, _ = gathered(exact_recipe(simulator, prior, SETTINGS, NOISE).pairs, 2000, 500)
    assert prior.contains(theta).all()
    assert theta[:, 4].max() > -0.01

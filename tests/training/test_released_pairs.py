"""Pairs as the released code makes them: whose spectrum a label gets, and what the noise is."""

import math

import pytest
import torch

from digs.physics.simulator import Simulator
from digs.training.pairs import nearest_member
from digs.training.released_pairs import ReleasedPairs

FRACTION = 0.05
MEMBERS, PAIRS = 20, 400


@pytest.fixture(scope="module")
def source(fake_populations, prior) -> ReleasedPairs:
    members = prior.sample(MEMBERS, torch.Generator().manual_seed(1))
    return ReleasedPairs(Simulator(path=fake_populations), prior, members, FRACTION)


def noise(log_flux: torch.Tensor, model: torch.Tensor) -> torch.Tensor:
    return (log_flux - model) / math.log10(1 + FRACTION)


def test_looked_up_labels_have_the_spectrum_of_the_nearest_member(source):
    theta, data = source.looked_up(PAIRS, seed=3, purpose="test")
    model = source.log_flux(source.members)[nearest_member(theta, source.members)]
    found = noise(data, model)
    assert found.mean().item() == pytest.approx(0, abs=0.05)
    assert found.std().item() == pytest.approx(1, abs=0.05)
    assert noise(data, source.log_flux(theta)).std() > 3  # of their own spectra they are far


def test_exact_labels_have_their_own(source):
    theta, data = source.exact(PAIRS, seed=3, purpose="test")
    assert noise(data, source.log_flux(theta)).std().item() == pytest.approx(1, abs=0.05)


def test_members_keep_their_spectra(source):
    before = source.log_flux(source.members)
    source.looked_up(PAIRS, seed=3, purpose="test")
    assert torch.equal(source.log_flux(source.members), before)


def test_seed_and_purpose_are_all_there_is(source):
    first, again, other = (source.exact(5, seed=3, purpose=purpose) for purpose in ("one", "one", "two"))
    assert all(torch.equal(one, two) for one, two in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])

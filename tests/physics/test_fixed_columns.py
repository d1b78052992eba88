"""Simulators some of whose columns are fixed, and priors of any columns."""

import pytest
import torch

from digs.physics.fixed_columns import FixedColumns, with_all_columns
from digs.physics.named_prior import NamedPrior
from digs.physics.simulator import Simulator


@pytest.fixture
def simulator(tracked):
    return Simulator(path=tracked("populations.h5"), gas="free")


def test_spectra_are_those_of_the_whole_theta(simulator):
    fixed = FixedColumns(simulator, {"tage": 1.5, "gas_logz": -0.3})
    assert fixed.names == ("logmass", "logzsol", "dust2", "logtau", "gas_logu")
    theta = torch.tensor([[10.0, -0.5, 0.3, 0.1, -2.5], [11.0, -1.5, 0.8, -0.4, -3.5]])
    whole = torch.tensor([[10.0, -0.5, 0.3, 1.5, 0.1, -0.3, -2.5], [11.0, -1.5, 0.8, 1.5, -0.4, -0.3, -3.5]])
    torch.testing.assert_close(fixed(theta), simulator(whole), rtol=0, atol=0)
    assert torch.equal(fixed.domain[:, 3], simulator.domain[:, 4])
    inner, make_whole = with_all_columns(fixed)
    assert inner is simulator
    torch.testing.assert_close(make_whole(theta).float(), whole)


def test_a_simulator_that_lacks_nothing_is_itself(simulator):
    inner, make_whole = with_all_columns(simulator)
    assert inner is simulator
    assert make_whole("anything") == "anything"


def test_wrong_columns_end_in_one_sentence(simulator, refused):
    with refused("'metals'", "gas_logu"):
        FixedColumns(simulator, {"metals": 0.0})
    with refused("(2, 3)", "logmass"):
        FixedColumns(simulator, {"tage": 1.0})(torch.zeros(2, 3))


def test_a_named_prior_has_the_columns_that_it_names():
    prior = NamedPrior({"logmass": (8.0, 13.0), "other": (-1.0, 3.0)})
    theta = prior.sample(4000, torch.Generator().manual_seed(1))
    assert prior.names == ("logmass", "other")
    assert prior.contains(theta).all()
    torch.testing.assert_close(theta.mean(0), torch.tensor([10.5, 1.0], dtype=torch.float64), atol=0.1, rtol=0)
    assert prior.log_prob(theta).exp().mean().item() == pytest.approx(1 / 20)

"""Delayed tau with a burst: a sum of both, by their shares of the mass."""

import numpy as np
import pytest
import torch
from conftest import AGE

from digs.physics.histories.continuity import bin_weights
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.recent_burst import SPAN, RecentBurst
from digs.physics.simulator import Simulator

TAGE, LOGTAU = torch.tensor([0.012, 0.5, 3.0]).double(), torch.tensor([-0.9, 0.0, 0.8]).double()


def populations_of(history, *columns):
    """Mass fractions of the SSPs."""
    amounts, which = history.amounts(*columns)
    amounts = amounts / (amounts @ history.mass[which])[:, None]
    return amounts @ history.components[which]


@pytest.mark.parametrize("rows", [[0], [2], [0, 1, 2]], ids=["young alone", "old alone", "together"])
def test_masses_are_those_of_both_parts(rows):
    log_burst = torch.tensor([-0.5, -1.5, -3.0]).double()[rows]
    found = populations_of(RecentBurst(AGE, torch.float64), TAGE[rows], LOGTAU[rows], log_burst)
    smooth = populations_of(DelayedTau(AGE, torch.float64), TAGE[rows], LOGTAU[rows])
    burst = torch.as_tensor(bin_weights(AGE, np.array([0.0, SPAN])))
    share = (10.0**log_burst)[:, None]
    torch.testing.assert_close(found, (1 - share) * smooth + share * burst, atol=1e-8, rtol=1e-6)


def test_no_burst_leaves_delayed_tau(fake_populations):
    with_burst = Simulator(history=RecentBurst, path=fake_populations, dtype=torch.float64)
    without = Simulator(path=fake_populations, dtype=torch.float64)
    theta = torch.tensor([[10.0, -0.4, 0.6, 1.3, 0.2], [10.0, -1.4, 0.1, 0.02, 0.2]]).double()
    none = torch.full((2, 1), -30.0, dtype=torch.float64)
    torch.testing.assert_close(with_burst(torch.cat([theta, none], 1)), without(theta))


def test_galaxies_younger_than_the_burst_are_refused(fake_populations, refused):
    with refused("tage = 0.005"):
        Simulator(history=RecentBurst, path=fake_populations)([[10.0, -0.4, 0.6, 0.005, 0.2, -2.0]])


def test_gradients_are_those_of_finite_differences():
    history = RecentBurst(AGE, torch.float64)
    log_burst = torch.tensor([-1.0, -2.0, -3.0]).double()
    columns = tuple(column.clone().requires_grad_() for column in (TAGE, LOGTAU, log_burst))
    assert torch.autograd.gradcheck(lambda *of: history.amounts(*of)[0], columns, atol=1e-4)

"""Problems of 1 to 6 parameters: each is the next one with a parameter fixed."""

import pytest
import torch

from digs.physics.nested_problems import FREED, problem

RANGES = {
    "logmass": (8.0, 13.0),
    "logzsol": (-2.0, 0.2),
    "dust2": (0.1, 1.0),
    "tage": (0.01, 4.0),
    "logtau": (-1.0, 1.0),
    "gas_logu": (-4.0, -1.0),
    "gas_logz": (-1.3, 0.3),
    "log_burst": (-4.0, -1.0),
}
VALUES = {"tage": 1.63, "logtau": -0.9586, "gas_logz": 0.0}
FIXED = VALUES | {"gas_logu": -2.0, "log_burst": -30.0}


@pytest.mark.parametrize("free", range(1, 7))
def test_columns_are_those_that_are_freed(free):
    ours = problem(free, RANGES, VALUES)
    assert {*ours.simulator.names} == {"logmass", "dust2", *FREED[:free]}
    assert ours.prior.names == ours.simulator.names
    theta = ours.prior.sample(200, torch.Generator().manual_seed(free))
    assert torch.isfinite(ours.simulator(theta)).all()


@pytest.mark.parametrize("free", range(1, 6))
def test_each_problem_is_in_the_next_one(free):
    """Free gas that happens to be solar is so to 1e-3; a burst of nothing is none."""
    few, more = problem(free, RANGES, VALUES), problem(free + 1, RANGES, VALUES)
    theta = few.prior.sample(50, torch.Generator().manual_seed(1))
    columns = [
        theta[:, few.simulator.names.index(name)]
        if name in few.simulator.names
        else torch.full((50,), FIXED[name], dtype=torch.float64)
        for name in more.simulator.names
    ]
    ratio = more.simulator(torch.stack(columns, 1)) / few.simulator(theta)
    torch.testing.assert_close(ratio, torch.ones_like(ratio), atol=1e-3, rtol=0)

"""The diagnostic on pairs of the simulator, right and looked up."""

import pytest
import torch

from digs.base.errors import DigsError
from digs.config.params import load_params
from digs.config.theta import index
from digs.diagnostics.label_jitter import label_jitter
from digs.exact.brute_force.grid import Grid
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.jittered_networks import Labels, simulated

PAIRS, MEMBERS = 150, 10_000


@pytest.fixture(scope="module")
def grid():
    return Grid(Simulator(), Prior.over(load_params().prior), 0.05)


@pytest.mark.parametrize("size", [None, MEMBERS])
def test_right_labels_are_told_from_looked_up_ones(grid, size):
    labels = Labels.draw(grid.prior, PAIRS, size, seed=2)
    random = torch.Generator().manual_seed(3)
    flux = add_noise(simulated(grid.simulator, labels.own[labels.rows]), random, 0.05)
    found = label_jitter(labels.label, flux, grid, draws=300)
    spread = (labels.label - labels.own[labels.rows]).std(0).numpy()
    for place in (index("logmass"), index("dust2")):
        if size is None:
            assert abs(found.z[place]) < 3.5
        else:
            assert found.z[place] > 3.5
            assert found.jitter[place] == pytest.approx(spread[place], abs=4 * found.jitter_error[place])
            assert found.widening[place] > 1.5


def test_labels_of_another_number_are_refused(grid):
    with pytest.raises(DigsError, match="one row for each"):
        label_jitter(torch.zeros(3, 5), torch.ones(2, 138), grid)

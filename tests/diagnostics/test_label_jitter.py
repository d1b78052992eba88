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


REFUSED = {
    "another number of rows": (torch.zeros(30, 5), torch.ones(29, 138), 300, "one row of each"),
    "one spectrum": (torch.zeros(138, 1), torch.ones(138), 300, "one row of each"),
    "not finite": (torch.full((30, 5), torch.nan), torch.ones(30, 138), 300, "not finite"),
    "few pairs": (torch.zeros(3, 5), torch.ones(3, 138), 300, "too few"),
    "few draws": (torch.zeros(30, 5), torch.ones(30, 138), 1, "too few"),
    "other columns": (torch.zeros(30, 1), 1e-15 * torch.ones(30, 138), 300, "1 columns, posteriors 5 parameters"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_pairs_that_say_nothing_are_refused(grid, mistake):
    theta, flux, draws, said = REFUSED[mistake]
    with pytest.raises(DigsError, match=said):
        label_jitter(theta, flux, grid, draws)

"""Stars of one age: between populations, and as the simulator sees them."""

import numpy as np
import pytest
import torch
from conftest import AGE

from digs.physics.histories.single_burst import SingleBurst
from digs.physics.simulator import Simulator


def test_amounts_are_linear_in_log_age_and_sum_to_one():
    history = SingleBurst(AGE, torch.float64)
    tage = torch.as_tensor(np.sqrt(AGE[40] * AGE[41:43]))
    amounts, which = history.amounts(tage)
    assert which == slice(0, len(AGE))
    torch.testing.assert_close(amounts.sum(1), torch.ones(2, dtype=torch.float64))
    torch.testing.assert_close(amounts[0, 40:42], torch.full((2,), 0.5, dtype=torch.float64))
    torch.testing.assert_close(amounts[1, 40:43], torch.tensor([0.0, 1.0, 0.0], dtype=torch.float64), atol=1e-9, rtol=0)


@pytest.mark.parametrize("place", [0, 50, -1])
def test_at_a_populations_age_there_is_that_population_alone(place):
    amounts, _ = SingleBurst(AGE, torch.float64).amounts(torch.tensor([AGE[place]], dtype=torch.float64))
    assert amounts[0, place] == pytest.approx(1.0)


def test_spectra_are_linear_between_ages(fake_populations):
    simulator = Simulator(history=SingleBurst, path=fake_populations, dtype=torch.float64)
    assert simulator.names == ("logmass", "logzsol", "dust2", "tage")
    ages = [AGE[60], float(np.sqrt(AGE[60] * AGE[61])), AGE[61]]
    young, between, old = simulator([[10.0, -0.4, 0.6, age] for age in ages])
    torch.testing.assert_close(between, (young + old) / 2)


def test_ages_beyond_the_populations_are_refused(fake_populations, refused):
    simulator = Simulator(history=SingleBurst, path=fake_populations)
    with refused("tage = 30"):
        simulator([[10.0, -0.4, 0.6, 30.0]])


def test_gradients_are_those_of_finite_differences():
    history = SingleBurst(AGE, torch.float64)
    tage = torch.tensor([0.013, 1.1], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: history.amounts(t)[0], (tage,))

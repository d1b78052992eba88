"""The error budget of the exact simulator, and the numerical integration that it is measured against."""

import numpy as np
import pytest
import torch
from conftest import AGE
from test_delayed_tau import numerical_weights

from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.physics.error_budget import IntegratedDelayedTau, error_budget, integrated_weights
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator


@pytest.mark.parametrize(("tage", "tau"), [(0.01, 0.1), (0.3, 10.0), (4.0, 0.1), (4.0, 1.0), (13.0, 0.5)])
def test_integrated_weights_follow_their_definition(tage, tau):
    np.testing.assert_allclose(integrated_weights(AGE, tage, tau), numerical_weights(tage, tau), rtol=1e-6, atol=1e-10)


def test_single_precision_and_the_closed_form_are_far_below_the_noise():
    theta = Prior.over(load_params().prior).sample(300, generator(1, "accuracy")).double()
    budget = error_budget(Simulator(), Simulator(dtype=torch.float64), theta)
    assert budget["integration"]["worst"] < 2e-7
    assert budget["rounding"]["worst"] < 1e-5
    assert 0 < budget["integration"]["median"] < budget["rounding"]["median"] < 2e-6


def test_a_wrong_weight_shows():
    """The budget is no comparison of the simulator with itself: doubling the young stars changes spectra a lot."""
    theta = Prior.over(load_params().prior).sample(50, generator(2, "accuracy")).double()

    class Wrong(IntegratedDelayedTau):
        def amounts(self, *columns: torch.Tensor) -> tuple[torch.Tensor, slice]:
            amounts, which = super().amounts(*columns)
            amounts[:, :20] *= 2
            return amounts, which

    right, wrong = (Simulator(history=each, dtype=torch.float64)(theta) for each in (IntegratedDelayedTau, Wrong))
    assert (wrong / right - 1).abs().max() > 0.1

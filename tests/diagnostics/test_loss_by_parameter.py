"""Differences of losses across the prior."""

import pytest
import torch

from digs.config.theta import NAMES, index
from digs.diagnostics.loss_by_parameter import FIFTHS, loss_by_fifths


@pytest.fixture
def theta() -> torch.Tensor:
    return torch.rand(5000, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_a_loss_that_grows_with_the_dust_does_so_in_its_fifths_alone(theta):
    found = loss_by_fifths(theta[:, index("dust2")], theta)
    assert set(found) == set(NAMES)
    for name, fifths in found.items():
        values = [fifth["value"] for fifth in fifths]
        expected = [0.1, 0.3, 0.5, 0.7, 0.9] if name == "dust2" else [0.5] * FIFTHS
        assert values == pytest.approx(expected, abs=0.05)


def test_the_fifths_make_up_the_whole(theta):
    above = torch.randn(5000, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    for fifths in loss_by_fifths(above, theta).values():
        assert sum(fifth["value"] for fifth in fifths) / FIFTHS == pytest.approx(above.mean().item(), abs=1e-9)

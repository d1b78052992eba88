"""Seconds of epochs, by our loop and by sbi's own."""

import pytest
import torch

from digs.config.params import load_params
from digs.training.pairs import Sample
from digs.training.training_costs import FixedPairs, epoch_seconds, sbi_epoch_seconds
from digs.training.workers import in_workers

PIXELS = 6


@pytest.fixture
def pairs(wide_theta) -> Sample:
    flux = torch.exp(0.5 * torch.randn(300, PIXELS, generator=torch.Generator().manual_seed(1)))
    return wide_theta(300, 2), flux


def test_fixed_pairs_come_once_an_epoch_in_another_order(pairs):
    theta, flux = pairs
    source = FixedPairs(theta, flux, torch.Generator().manual_seed(3))
    first, second = (list(source.epoch(300, 70)) for _ in range(2))
    assert [len(batch) for batch, _ in first] == [70, 70, 70, 70, 20]
    orders = [torch.cat([batch for batch, _ in epoch])[:, 0] for epoch in (first, second)]
    assert not torch.equal(*orders)
    assert all(torch.equal(order.sort().values, theta[:, 0].sort().values) for order in orders)
    place = {mass: row for row, mass in enumerate(theta[:, 0].tolist())}
    for batch, spectra in first:
        assert torch.equal(spectra, flux[[place[mass] for mass in batch[:, 0].tolist()]])


def test_epochs_that_count_are_timed_and_leave_nothing_behind(tiny_flow, pairs, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    settings = load_params().network("paper").model_copy(update={"pairs": 300, "batch_size": 100})
    flow = tiny_flow(PIXELS).requires_grad_(True)
    source = FixedPairs(*pairs, torch.Generator().manual_seed(3))
    seconds = epoch_seconds(flow, source, pairs, settings, 2)
    assert len(seconds) == 2
    assert min(seconds) > 0
    before = [weight.clone() for weight in flow.parameters()]
    seconds = sbi_epoch_seconds(flow, tuple(part[30:] for part in pairs), tuple(part[:30] for part in pairs), 100, 1)
    assert len(seconds) == 1
    assert all(map(torch.equal, before, flow.parameters()))  # a copy was trained
    assert not list(tmp_path.glob("tmp*"))


def test_one_worker_returns_what_it_found_and_leaves_the_threads_as_they_were():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert in_workers(1, lambda each: [torch.get_num_threads(), each], "x") == [1, "x"]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)

"""The loop around small batches: when it ends, and that it can be interrupted."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.flows.fast.plain_maf import PlainMaf
from digs.training.small_batches import SmallBatches, train_on_small_batches

SETTINGS = SmallBatches(50, 2e-3, False, epochs=4, patience=2, clip_norm=5.0, seed=1)


@pytest.fixture(scope="module")
def pairs():
    theta, noise = torch.randn(2, 2000, 2, generator=torch.Generator().manual_seed(1))
    return (theta[:1600], (theta + noise)[:1600]), (theta[1600:], (theta + noise)[1600:])


@pytest.fixture(scope="module")
def flow(pairs):
    return PlainMaf.untrained(*pairs[0], units=8, transforms=2, seed=1)


def trained(flow, pairs, settings, folder):
    return train_on_small_batches(flow, lambda _: pairs[0], pairs[1], settings, folder / "unfinished.npz")


def test_training_lowers_the_loss_and_leaves_nothing_behind(flow, pairs, tmp_path):
    best, training_loss, held_out_loss = trained(flow, pairs, SETTINGS, tmp_path)
    assert len(training_loss) == len(held_out_loss) == 4
    assert held_out_loss[-1] < -flow.log_prob(*pairs[1]).mean()
    assert -best.log_prob(*pairs[1]).mean().item() == pytest.approx(held_out_loss.min(), abs=1e-4)
    assert not list(tmp_path.iterdir())


def test_an_interrupted_training_goes_on_as_if_nothing_had_been(flow, pairs, tmp_path, monkeypatch):
    whole = trained(flow, pairs, SETTINGS, tmp_path)

    def interrupted(epoch):
        if epoch == 2:
            raise KeyboardInterrupt
        return pairs[0]

    with pytest.raises(KeyboardInterrupt):
        train_on_small_batches(flow, interrupted, pairs[1], SETTINGS, tmp_path / "unfinished.npz")
    again = trained(flow, pairs, SETTINGS, tmp_path)
    for first, second in zip(whole[1:], again[1:], strict=True):
        assert np.array_equal(first, second)
    assert torch.equal(whole[0].last_weight, again[0].last_weight)


def test_patience_ends_a_training_that_gets_nowhere():
    losses = np.array([3.0, 2.0, 2.5, 2.1])
    assert SETTINGS.ended(losses)
    assert replace(SETTINGS, epochs=100).ended(losses)
    assert not replace(SETTINGS, epochs=100, patience=3).ended(losses)
    assert not SETTINGS.ended(np.empty(0))


def test_learning_rate_falls_to_nothing_where_it_is_to():
    decays = replace(SETTINGS, decays=True)
    rates = np.concatenate([decays.rates(epoch, 10) for epoch in range(4)])
    assert rates[0] == 2e-3
    assert (np.diff(rates) < 0).all()
    assert rates[-1] < 1e-5
    assert (SETTINGS.rates(3, 10) == 2e-3).all()


def test_damaged_checkpoint_is_named(flow, pairs, tmp_path):
    (tmp_path / "unfinished.npz").write_bytes(b"PK nothing")
    with pytest.raises(DigsError, match=r"unfinished\.npz is damaged"):
        trained(flow, pairs, SETTINGS, tmp_path)

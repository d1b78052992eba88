"""The training loop: how the learning rate decays, when training ends, and that an interruption changes nothing."""

from collections.abc import Iterator
from itertools import pairwise
from math import cos, pi

import pytest
import torch

from digs.config.model import Architecture
from digs.config.params import load_params
from digs.flows.flow import Flow
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.training.loop import History, Trained, held_out_loss, stop_reason, train
from digs.training.pairs import LibraryPairs

SETTINGS = (
    load_params()
    .network("paper")
    .model_copy(update={"learning_rate": 8e-3, "cycle": 3, "least_improvement": 0.01, "epochs": 60})
)
NO_GAIN = "a whole cycle had lowered the held-out loss by less than 0.01"


@pytest.mark.parametrize(
    ("losses", "reason"),
    [
        ([], None),
        ([3.0, 3.0, 3.0], None),  # nothing to compare the first cycle with
        ([3.0, 2.0, 1.0, 1.0, 1.0], None),  # amid a cycle
        ([3.0, 2.0, 1.0, 1.5, 1.2, 0.98], None),
        ([3.0, 2.0, 1.0, 1.5, 1.2, 0.995], NO_GAIN),
        ([3.0, 2.0, 1.0, 0.9, 1.2, 1.1], None),  # the best of a cycle counts
        ([1.0, 2.0, 3.0, 1.2, 1.1, 1.0, 0.9, 0.9, 0.9], None),
        ([3.0, 2.0, 1.0, float("nan"), float("nan"), float("nan")], NO_GAIN),
        ([float("nan")] * 6, NO_GAIN),
        ([float("nan")] * 3 + [3.0, 2.0, 1.0], None),
        ([1.0 - 0.1 * epoch for epoch in range(60)], "all epochs were spent"),
    ],
)
def test_training_ends_after_a_cycle_without_gain_or_at_the_last_epoch(losses, reason):
    assert stop_reason(losses, SETTINGS) == reason


def test_the_learning_rate_starts_anew_in_every_cycle(uninterrupted):
    half_a_cosine = [TINY.learning_rate * (1 + cos(pi * epoch / 3)) / 2 for epoch in range(3)]
    assert uninterrupted[1].history.learning_rate == pytest.approx([*half_a_cosine, half_a_cosine[0]])


def test_the_learning_rate_decays_within_an_epoch(tmp_path, monkeypatch):
    rates = []
    step = torch.optim.Adam.step
    monkeypatch.setattr(torch.optim.Adam, "step", lambda self: (rates.append(self.param_groups[0]["lr"]), step(self)))
    flow, pairs, held_out = ingredients()
    train(flow, pairs, held_out, TINY, tmp_path / "checkpoint.safetensors")
    batches = 4  # of an epoch
    one_cycle = rates[: TINY.cycle * batches]
    assert len(rates) == TINY.epochs * batches
    assert all(later < earlier for earlier, later in pairwise(one_cycle))
    assert one_cycle[-1] < 0.05 * one_cycle[0]


def test_a_first_loss_that_is_not_a_number_is_not_the_best():
    assert History(held_out_loss=[float("nan"), 3.0, 2.0]).best_epoch == 2


TINY = SETTINGS.model_copy(update={"pairs": 150, "batch_size": 40, "epochs": 4})


def ingredients() -> tuple[Flow, LibraryPairs, tuple[torch.Tensor, torch.Tensor]]:
    """A small flow and a small library, always the same."""
    random = torch.Generator().manual_seed(1)
    prior = Prior.over(load_params().prior)
    theta = prior.sample(120, random)
    flux = torch.exp(prior.to_unit(theta).float() @ torch.randn(5, 7, generator=random))
    noisy = add_noise(flux, random, 0.05)
    torch.manual_seed(2)
    flow = Flow(Architecture(hidden_features=6, num_transforms=2), prior, 7, (theta, noisy))
    pairs = LibraryPairs(theta[20:], flux[20:], 0.05, torch.Generator().manual_seed(3))
    return flow, pairs, (theta[:20], noisy[:20])


class PlugPulledError(Exception):
    """The machine went down."""


class PairsUntil(LibraryPairs):
    """Pairs that end the run in one epoch, after some batches."""

    def __init__(self, pairs: LibraryPairs, epoch: int, batches: int):
        super().__init__(pairs.theta, pairs.flux, pairs.fraction, pairs.generator)
        self.epochs_left, self.batches = epoch - 1, batches

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for number, batch in enumerate(super().epoch(pairs, batch_size)):
            if not self.epochs_left and number == self.batches:
                raise PlugPulledError
            yield batch
        self.epochs_left -= 1


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> tuple[Flow, Trained]:
    flow, pairs, held_out = ingredients()
    return flow, train(flow, pairs, held_out, TINY, tmp_path_factory.mktemp("train") / "checkpoint.safetensors")


@pytest.mark.parametrize(("epoch", "batches"), [(1, 2), (2, 0), (2, 3), (4, 1)])
def test_an_interrupted_training_ends_as_an_uninterrupted_one(tmp_path, uninterrupted, epoch, batches):
    checkpoint = tmp_path / "checkpoint.safetensors"
    flow, pairs, held_out = ingredients()
    with pytest.raises(PlugPulledError):
        train(flow, PairsUntil(pairs, epoch, batches), held_out, TINY, checkpoint)
    assert checkpoint.exists() == (epoch > 1)

    flow, pairs, held_out = ingredients()
    trained = train(flow, pairs, held_out, TINY, checkpoint)
    expected_flow, expected = uninterrupted
    for name, value in expected_flow.state_dict().items():
        assert torch.equal(flow.state_dict()[name], value), name
    assert trained.history.training_loss == expected.history.training_loss
    assert trained.history.held_out_loss == expected.history.held_out_loss
    assert trained.history.learning_rate == expected.history.learning_rate
    assert trained.stopped_because == expected.stopped_because
    assert not checkpoint.exists()


def test_the_best_epoch_is_what_remains(uninterrupted):
    flow, trained = uninterrupted
    _, _, held_out = ingredients()
    assert held_out_loss(flow, *held_out).mean().item() == pytest.approx(min(trained.history.held_out_loss), rel=1e-6)
    assert trained.history.epochs == TINY.epochs
    assert len(trained.history.seconds) == len(trained.history.cpu_seconds) == TINY.epochs


class MisleadingAfter(LibraryPairs):
    """Pairs that from some epoch on say that all galaxies are the same."""

    def __init__(self, pairs: LibraryPairs, epochs: int):
        super().__init__(pairs.theta, pairs.flux, pairs.fraction, pairs.generator)
        self.epochs_left = epochs

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for theta, flux in super().epoch(pairs, batch_size):
            yield (
                theta
                if self.epochs_left > 0
                else Prior.over(load_params().prior).from_unit(torch.full_like(theta, 0.999)),
                flux,
            )
        self.epochs_left -= 1


def test_what_is_learned_after_the_best_epoch_is_forgotten(tmp_path):
    flow, pairs, held_out = ingredients()
    settings = TINY.model_copy(update={"learning_rate": 2e-2, "epochs": 10, "cycle": 20})
    pairs = MisleadingAfter(pairs, epochs=5)
    trained = train(flow, pairs, held_out, settings, tmp_path / "checkpoint.safetensors")
    losses = trained.history.held_out_loss
    assert held_out_loss(flow, *held_out).mean().item() == pytest.approx(min(losses), rel=1e-5)
    assert losses[-1] > min(losses) + 0.1


def test_training_improves_the_loss(uninterrupted):
    assert uninterrupted[1].history.training_loss[-1] < uninterrupted[1].history.training_loss[0]


def test_held_out_loss_does_not_depend_on_its_batches(uninterrupted):
    flow, _ = uninterrupted
    _, _, held_out = ingredients()
    torch.testing.assert_close(held_out_loss(flow, *held_out, batch_size=7), held_out_loss(flow, *held_out))


def test_a_damaged_checkpoint_is_refused(tmp_path, refused):
    checkpoint = tmp_path / "checkpoint.safetensors"
    checkpoint.write_bytes(b"half")
    flow, pairs, held_out = ingredients()
    with refused("checkpoint.safetensors"):
        train(flow, pairs, held_out, TINY, checkpoint)


def test_every_library_spectrum_comes_equally_often_with_new_noise():
    _, pairs, _ = ingredients()
    batches = list(pairs.epoch(250, 40))
    assert [len(theta) for theta, _ in batches] == [40] * 6 + [10]
    theta, flux = (torch.cat(part) for part in zip(*batches, strict=True))
    counts = torch.unique(theta, dim=0, return_counts=True)[1]
    assert counts.tolist().count(3) == 50
    assert counts.tolist().count(2) == 50
    again = torch.cat([flux for _, flux in pairs.epoch(250, 40)])
    assert not torch.isin(again, flux).any()
    rows = (theta[:, None] == pairs.theta).all(-1).double().argmax(1)
    unit = (flux / pairs.flux[rows] - 1) / 0.05
    assert unit.std().item() == pytest.approx(1, abs=0.1)

"""The training loop: how the learning rate decays, when training ends, and that an interruption changes nothing."""

from collections.abc import Iterator

import pytest
import torch

from digs.flow import Architecture, Flow
from digs.noise import add_noise
from digs.pairs import LibraryPairs
from digs.params import load_params
from digs.priors import Prior
from digs.train import History, Trained, held_out_loss, plateau_schedule, stop_reason, train

SETTINGS = (
    load_params()
    .network("paper")
    .model_copy(
        update={
            "learning_rate": 8e-3,
            "patience": 2,
            "least_improvement": 0.01,
            "least_learning_rate": 1.5e-3,
            "epochs": 60,
        }
    )
)
SPENT = "no lower learning rate improved the held-out loss"


def rate_after(losses: list[float]) -> float:
    """The learning rate after epochs with these held-out losses."""
    optimiser = torch.optim.Adam([torch.zeros(1, requires_grad=True)], SETTINGS.learning_rate)
    return plateau_schedule(optimiser, SETTINGS, losses).get_last_lr()[0]


def rates(losses: list[float]) -> list[float]:
    """The learning rate of each epoch with these held-out losses, and of the one after them."""
    return [rate_after(losses[:epoch]) for epoch in range(len(losses) + 1)]


def test_the_learning_rate_stays_while_the_loss_improves():
    assert set(rates([10.0 - 0.02 * epoch for epoch in range(30)])) == {8e-3}


@pytest.mark.parametrize("later", [2.0, 1.995, float("nan")], ids=["equal", "hardly better", "not a number"])
def test_the_learning_rate_is_halved_where_the_loss_stands_still(later):
    assert rates([3.0, 2.0] + [later] * 6) == [8e-3] * 5 + [4e-3] * 3 + [2e-3]


def test_small_improvements_add_up():
    assert set(rates([2.0 - 0.004 * epoch for epoch in range(30)])) == {8e-3}


@pytest.mark.parametrize(
    ("epochs", "rate", "reason"),
    [(59, 2e-3, None), (60, 2e-3, "all epochs were spent"), (9, 1e-3, SPENT), (60, 1e-3, SPENT)],
)
def test_training_ends_when_nothing_helps_or_at_the_last_epoch(epochs, rate, reason):
    assert stop_reason(epochs, rate, SETTINGS) == reason


def test_a_training_that_cannot_improve_ends(tmp_path):
    flow, pairs, held_out = ingredients()
    settings = TINY.model_copy(update={"epochs": 60, "patience": 2})
    trained = train(flow, pairs, held_out, settings, tmp_path / "checkpoint.safetensors")
    # the first epoch improves on nothing at all; then three epochs each at 8e-3, 4e-3 and 2e-3
    assert trained.history.learning_rate == [8e-3] * 4 + [4e-3] * 3 + [2e-3] * 3
    assert trained.stopped_because == SPENT


def test_a_first_loss_that_is_not_a_number_is_not_the_best():
    assert History(held_out_loss=[float("nan"), 3.0, 2.0]).best_epoch == 2


# the learning rate is lowered after every epoch but the first, so that a resumed training must know how often it was
TINY = SETTINGS.model_copy(
    update={"pairs": 150, "batch_size": 40, "epochs": 4, "patience": 0, "least_improvement": 1e3}
)


def ingredients() -> tuple[Flow, LibraryPairs, tuple[torch.Tensor, torch.Tensor]]:
    """A small flow and a small library, always the same."""
    random = torch.Generator().manual_seed(1)
    prior = Prior()
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
    assert trained.history.learning_rate == [8e-3, 8e-3, 4e-3, 2e-3]
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
            yield theta if self.epochs_left > 0 else Prior().from_unit(torch.full_like(theta, 0.999)), flux
        self.epochs_left -= 1


def test_what_is_learned_after_the_best_epoch_is_forgotten(tmp_path):
    flow, pairs, held_out = ingredients()
    settings = TINY.model_copy(update={"learning_rate": 2e-2, "epochs": 10, "patience": 10})
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

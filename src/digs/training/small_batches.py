"""Training of a plain flow on small batches (digs.flows.fast.maf_training): the loop around the steps.

After every epoch all state is saved, so that an interrupted training goes on where it was, with the same result. The
weights of the best epoch remain.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.base.random_streams import generator
from digs.files.atomic import replacing
from digs.flows.fast.maf_training import MafTraining
from digs.flows.fast.plain_maf import PlainMaf
from digs.training.pairs import Sample


@dataclass(frozen=True)
class SmallBatches:
    """How a flow is trained.

    batch_size: pairs a step.
    learning_rate: of Adam.
    decays: whether it falls to nothing along half a cosine over all epochs.
    epochs: at most.
    patience: training ends after so many epochs without a lower held-out loss.
    clip_norm: of the gradient.
    seed: of the order in which pairs are shown.
    """

    batch_size: int
    learning_rate: float
    decays: bool
    epochs: int
    patience: int
    clip_norm: float
    seed: int

    def rates(self, epoch: int, steps: int) -> np.ndarray:
        """Return the learning rate of each step of an epoch."""
        if not self.decays:
            return np.full(steps, self.learning_rate)
        done = (epoch + np.arange(steps) / steps) / self.epochs
        return self.learning_rate * (1 + np.cos(math.pi * done)) / 2

    def ended(self, held_out_loss: np.ndarray) -> bool:
        """Return whether a training with these losses is over."""
        epochs = len(held_out_loss)
        return epochs >= self.epochs or (epochs > 0 and epochs - 1 - int(held_out_loss.argmin()) >= self.patience)


def train_on_small_batches(
    flow: PlainMaf,
    epoch_pairs: Callable[[int], Sample],
    held_out: Sample,
    settings: SmallBatches,
    checkpoint: Path,
    description: str = "Training",
) -> tuple[PlainMaf, np.ndarray, np.ndarray]:
    """Train a flow, which itself stays as it is.

    Args:
        flow: to start from.
        epoch_pairs: the pairs of an epoch, counted from 0: theta, (N, d), and contexts, (N, C). They may be the same in
            all; what is drawn anew must depend on the epoch's number alone.
        held_out: pairs that are never trained on.
        settings: batches, learning rates and when to stop.
        checkpoint: an .npz file of an unfinished training of the same kind, taken up if it exists, removed at the end.
    Returns:
        the flow of the lowest held-out loss; and the mean losses of the training, on the way, and of the held-out
        pairs, epoch by epoch.
    Raises:
        DigsError: the checkpoint is damaged.
    """
    training = MafTraining(flow, settings.clip_norm)
    unseen, best = training.standardised(*held_out), training.weights.copy()
    losses = np.empty((2, 0))
    if checkpoint.exists():
        losses, best = _resume(checkpoint, training)
    shown = {"total": settings.epochs, "initial": losses.shape[1], "desc": description, "unit": "epoch"}
    pairs: Sample | None = None
    with progress(**shown) as bar:
        while not settings.ended(losses[1]):
            epoch = losses.shape[1]
            again = epoch_pairs(epoch)
            if again is not pairs:
                pairs, data = again, training.standardised(*again)
            order = torch.randperm(len(data[0]), generator=generator(settings.seed, f"order of epoch {epoch}"))
            order = order[: len(order) // settings.batch_size * settings.batch_size]
            rates = settings.rates(epoch, len(order) // settings.batch_size)
            on_the_way = training.steps(*data, order, settings.batch_size, rates)
            held = float(training.losses(*unseen).mean(dtype=float))
            if not held >= losses[1].min(initial=math.inf):
                best = training.weights.copy()
            losses = np.append(losses, [[on_the_way], [held]], 1)
            _save(checkpoint, training, losses, best)
            bar.set_postfix(held_out=f"{losses[1].min():.4f}", best=losses[1].argmin() + 1)
            bar.update()
    checkpoint.unlink(missing_ok=True)
    return training.flow(best), *losses


def _save(checkpoint: Path, training: MafTraining, losses: np.ndarray, best: np.ndarray) -> None:
    with replacing(checkpoint) as temporary, temporary.open("wb") as file:
        np.savez(
            file, weights=training.weights, moments=training.moments, taken=training.taken, losses=losses, best=best
        )


def _resume(checkpoint: Path, training: MafTraining) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(checkpoint) as found:
            training.weights[:], training.moments[:] = found["weights"], found["moments"]
            training.taken = int(found["taken"])
            return found["losses"], found["best"]
    except (OSError, ValueError, EOFError, KeyError):
        raise DigsError(f"{paths.shown(checkpoint)} is damaged; remove it, and training starts anew.") from None

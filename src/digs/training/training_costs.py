"""What training costs: seconds of the epochs of our loop and of sbi's own, on the same flow.

The first epoch of a training warms up and is not counted.
"""

import copy
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from sbi.inference import NPE
from sbi.utils.tracking import TensorBoardTracker
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from digs.config.model import Network
from digs.flows.flow import Flow, build_flow
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.loop import train
from digs.training.pairs import Pairs, Sample, exact_recipe, in_rounds

SBI_DEFAULT_BATCH = 200  # of NPE.train in the pinned version


class FixedPairs:
    """The same pairs in every epoch, in another order, as sbi's loop has them."""

    def __init__(self, theta: Tensor, flux: Tensor, generator: torch.Generator):
        self.theta, self.flux, self.generator = theta, flux, generator

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield batches of the pairs, as Pairs.epoch does."""
        for rows in in_rounds(len(self.theta), pairs, self.generator).split(batch_size):
            yield self.theta.index_select(0, rows), self.flux.index_select(0, rows)


def epoch_seconds(flow: Flow, pairs: Pairs, held_out: Sample, settings: Network, epochs: int) -> list[float]:
    """Return the seconds of so many epochs of our loop, in this worker and those that work with it."""
    changes = {"epochs": 1 + epochs, "cycle": 1 + epochs}
    with tempfile.TemporaryDirectory() as folder:
        trained = train(flow, pairs, held_out, settings.model_copy(update=changes), Path(folder) / "checkpoint")
    return trained.history.seconds[1:]


def exact_epoch_seconds(settings: Network, prior: Prior, fraction: float, pairs: int, epochs: int) -> list[float]:
    """Return the seconds of epochs of a network's own training on exact pairs, but of so many pairs each.

    Args:
        settings: of the network.
        fraction: of the noise.
    """
    recipe = exact_recipe(Simulator(), prior, settings, fraction)
    held_out = round(len(recipe.held_out[0]) * pairs / settings.pairs)  # as many in proportion
    flow = build_flow(settings.architecture, prior, recipe.example[1].shape[1], fraction, recipe.example)
    some = settings.model_copy(update={"pairs": pairs})
    theta, flux = recipe.held_out
    return epoch_seconds(flow, recipe.pairs, (theta[:held_out], flux[:held_out]), some, epochs)


def sbi_epoch_seconds(flow: Flow, used: Sample, held_out: Sample, batch_size: int, epochs: int) -> list[float]:
    """Return the seconds of so many epochs of sbi's loop.

    Args:
        flow: whose estimator is trained, a copy of it.
        used, held_out: pairs; sbi chooses anew, and as many, which to hold out.
    """
    estimator = copy.deepcopy(flow.estimator)
    theta, flux = (torch.cat(both) for both in zip(used, held_out, strict=True))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        tracker = TensorBoardTracker(SummaryWriter(folder))  # by default it writes into the tree
        trainer = NPE(density_estimator=lambda *_: estimator, show_progress_bars=False, tracker=tracker)
        trainer.append_simulations(flow.prior.to_unbounded(theta).float(), flow.data_vector(flux))
        warnings.simplefilter("ignore", UserWarning)  # that it has not converged
        # sbi counts from 0
        share = len(held_out[0]) / len(theta)
        trainer.train(training_batch_size=batch_size, validation_fraction=share, max_num_epochs=epochs)
    seconds = trainer.summary["epoch_durations_sec"]
    if len(seconds) != 1 + epochs:
        raise RuntimeError(f"sbi trained for {len(seconds)} epochs, not {1 + epochs}")
    return seconds[1:]

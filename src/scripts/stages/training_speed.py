"""Stage `training_speed`: pairs per second of the lean training loop and of sbi's own, taking turns."""

import copy
import json
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from sbi.inference import NPE
from sbi.utils.tracking import TensorBoardTracker
from torch import Tensor
from torch.utils.tensorboard import SummaryWriter

from digs.base import paths
from digs.base.benchmark import gather_in_turns, machine, spread
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.timing_settings import TimingSettings
from digs.files.atomic import write_json
from digs.flows.flow import Flow
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.loop import train
from digs.training.pairs import ExactPairs, Sample, in_rounds
from digs.training.workers import in_workers, worker, workers

SBI_DEFAULT_BATCH = 200  # of NPE.train in the pinned version
HELD_OUT = 0.1  # of the pairs, as sbi holds them out
EPOCHS = 3  # of each training; the first warms up and is not counted


class FixedPairs:
    """The same pairs in every epoch, in another order, as sbi's loop has them."""

    def __init__(self, theta: Tensor, flux: Tensor, generator: torch.Generator):
        self.theta, self.flux, self.generator = theta, flux, generator

    def epoch(self, pairs: int, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in in_rounds(len(self.theta), pairs, self.generator).split(batch_size):
            yield self.theta.index_select(0, rows), self.flux.index_select(0, rows)


def ingredients(params: Params) -> tuple[Flow, Sample, Sample]:
    """The untrained flow, training spectra without noise, and held-out pairs, always the same."""
    timing, prior, fraction = params.timing, Prior.over(params.prior), params.noise.fraction
    source = ExactPairs(Simulator(), prior, fraction, generator(timing.seed, "training"))
    theta, flux = next(source.epoch(timing.training_pairs, timing.training_pairs))
    held, used = torch.arange(len(theta)).tensor_split([round(HELD_OUT * len(theta))])
    torch.manual_seed(timing.seed)
    flow = Flow(params.network("paper").architecture, prior, flux.shape[1], (theta, flux))
    return flow, (theta[used], flux[used]), (theta[held], flux[held])


def train_lean(batch_size: int, folder: Path) -> None:
    """What each worker does; the first one writes the seconds of the epochs."""
    params = load_params(TimingSettings)
    flow, (theta, flux), held_out = ingredients(params)
    mine = slice(worker(), None, workers())
    pairs = FixedPairs(theta[mine], flux[mine], generator(params.timing.seed, "lean"))
    changes = {"pairs": len(theta), "batch_size": batch_size, "epochs": EPOCHS, "cycle": EPOCHS}
    settings = params.network("paper").model_copy(update=changes)
    trained = train(flow, pairs, held_out, settings, folder / "checkpoint")
    if worker() == 0:
        (folder / "seconds").write_text(json.dumps(trained.history.seconds))


def lean(batch_size: int, processes: int) -> float:
    """Seconds of an epoch of the lean loop."""
    with tempfile.TemporaryDirectory() as folder:
        in_workers(processes, train_lean, batch_size, Path(folder))
        return float(np.mean(json.loads((Path(folder) / "seconds").read_text())[1:]))


def by_sbi(batch_size: int, flow: Flow, used: Sample, held_out: Sample) -> float:
    """Seconds of an epoch of sbi's loop."""
    torch.set_num_threads(load_params().threads)  # a single worker, in this process, sets its own
    estimator = copy.deepcopy(flow.estimator)
    theta, flux = (torch.cat(both) for both in zip(used, held_out, strict=True))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        tracker = TensorBoardTracker(SummaryWriter(folder))  # by default it writes into the tree
        trainer = NPE(density_estimator=lambda *_: estimator, show_progress_bars=False, tracker=tracker)
        trainer.append_simulations(flow.prior.to_unbounded(theta).float(), flow.data_vector(flux))
        warnings.simplefilter("ignore", UserWarning)  # that it has not converged
        # sbi counts from 0
        trainer.train(training_batch_size=batch_size, validation_fraction=HELD_OUT, max_num_epochs=EPOCHS - 1)
    seconds = trainer.summary["epoch_durations_sec"]
    if len(seconds) != EPOCHS:
        raise RuntimeError(f"sbi trained for {len(seconds)} epochs, not {EPOCHS}")
    return float(np.mean(seconds[1:]))


def main() -> None:
    """Time the training of the `paper` network's estimator in both loops."""
    params = load_params(TimingSettings)
    timing, network = params.timing, params.network("paper")
    torch.set_num_threads(params.threads)
    flow, used, held_out = ingredients(params)
    batch = timing.training_batch
    candidates = {
        "lean": lambda: lean(batch, params.threads),
        "lean_large": lambda: lean(timing.training_batch_large, params.threads),
        "lean_as_trained": lambda: lean(network.batch_size, params.threads),
        "sbi": lambda: by_sbi(batch, flow, used, held_out),
        "sbi_default": lambda: by_sbi(SBI_DEFAULT_BATCH, flow, used, held_out),
    }
    seconds = gather_in_turns(candidates, timing.repeats)
    rate = {name: len(used[0]) / each for name, each in seconds.items()}
    write_json(
        paths.DATA / "training_speed.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "pairs": len(used[0]),
            "batch_size": batch,
            "batch_size_large": timing.training_batch_large,
            "batch_size_as_trained": network.batch_size,
            "batch_size_default": SBI_DEFAULT_BATCH,
            **{f"{name}_pairs_per_second": spread(values) for name, values in rate.items()},
            "ratio": spread(rate["lean"] / rate["sbi"]),
            "ratio_default": spread(rate["lean"] / rate["sbi_default"]),
            "ratio_default_large": spread(rate["lean_large"] / rate["sbi_default"]),
        },
    )


if __name__ == "__main__":
    run_stage(main)

"""Stage `training_speed`: pairs per second of the lean training loop and of sbi's own, taking turns."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.benchmark import gather_in_turns, machine, spread
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.timing_settings import TimingSettings
from digs.flows.flow import Flow
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import ExactPairs, Sample
from digs.training.training_costs import SBI_DEFAULT_BATCH, FixedPairs, epoch_seconds, sbi_epoch_seconds
from digs.training.workers import in_workers, worker, workers

HELD_OUT = 0.1  # of the pairs
EPOCHS = 2  # of each training that count


def ingredients(params: Params) -> tuple[Flow, Sample, Sample]:
    """Return the untrained flow, training spectra without noise, and held-out pairs, always the same."""
    timing, prior, fraction = params.timing, Prior.over(params.prior), params.noise.fraction
    source = ExactPairs(Simulator(), prior, fraction, generator(timing.seed, "training"))
    theta, flux = next(source.epoch(timing.training_pairs, timing.training_pairs))
    held, used = torch.arange(len(theta)).tensor_split([round(HELD_OUT * len(theta))])
    torch.manual_seed(timing.seed)
    flow = Flow(params.network("paper").architecture, prior, flux.shape[1], (theta, flux))
    return flow, (theta[used], flux[used]), (theta[held], flux[held])


def train_lean(batch_size: int) -> list[float]:
    """Return what epochs take; each worker trains on its own part of the pairs."""
    params = load_params(TimingSettings)
    flow, (theta, flux), held_out = ingredients(params)
    mine = slice(worker(), None, workers())
    pairs = FixedPairs(theta[mine], flux[mine], generator(params.timing.seed, "lean"))
    settings = params.network("paper").model_copy(update={"pairs": len(theta), "batch_size": batch_size})
    return epoch_seconds(flow, pairs, held_out, settings, EPOCHS)


def main() -> None:
    """Time the training of the `paper` network's estimator in both loops."""
    params = load_params(TimingSettings)
    timing, network = params.timing, params.network("paper")
    torch.set_num_threads(params.threads)
    flow, used, held_out = ingredients(params)

    def lean(batch_size: int) -> float:
        return float(np.mean(in_workers(params.threads, train_lean, batch_size)))

    def by_sbi(batch_size: int) -> float:
        return float(np.mean(sbi_epoch_seconds(flow, used, held_out, batch_size, EPOCHS)))

    batch, large = timing.training_batch, timing.training_batch_large
    candidates = {
        "lean": lambda: lean(batch),
        "lean_large": lambda: lean(large),
        "lean_as_trained": lambda: lean(network.batch_size),
        "sbi": lambda: by_sbi(batch),
        "sbi_default": lambda: by_sbi(SBI_DEFAULT_BATCH),
    }
    seconds = gather_in_turns(candidates, timing.repeats)
    rate = {name: len(used[0]) / each for name, each in seconds.items()}
    write_result(
        paths.DATA / "training_speed.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "pairs": len(used[0]),
            "batch_size": batch,
            "batch_size_large": large,
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

"""Stage `training_speed`: pairs per second of the lean training loop and of sbi's own, taking turns."""

import copy
import tempfile
import warnings
from pathlib import Path

import torch
from sbi.inference import NPE

from digs import paths
from digs.artifacts import write_json
from digs.benchmark import machine, spread, take_turns
from digs.cli import run
from digs.flow import Flow
from digs.pairs import ExactPairs, LibraryPairs
from digs.params import load_params
from digs.priors import Prior
from digs.rng import generator
from digs.simulator import default_simulator
from digs.train import train

SBI_DEFAULT_BATCH = 200  # of NPE.train in the pinned version
HELD_OUT = 0.1  # of the pairs, as sbi holds them out
EPOCHS = 2  # timed together: sbi cannot be held to one


def main() -> None:
    """Time the training of the `paper` network's estimator in both loops."""
    params = load_params()
    timing, network, fraction = params.timing, params.network("paper"), params.noise.fraction
    torch.set_num_threads(params.threads)
    prior = Prior()
    source = ExactPairs(default_simulator(), prior, fraction, generator(timing.seed, "training"))
    theta, flux = next(source.epoch(timing.training_pairs, timing.training_pairs))
    held, used = torch.arange(len(theta)).tensor_split([round(HELD_OUT * len(theta))])
    torch.manual_seed(timing.seed)
    untrained = Flow(network.architecture, prior, flux.shape[1], (theta, flux))

    def lean(batch_size: int) -> None:
        pairs = LibraryPairs(theta[used], flux[used], fraction, generator(timing.seed, "lean"))
        settings = network.model_copy(update={"pairs": len(used), "batch_size": batch_size, "epochs": EPOCHS})
        with tempfile.TemporaryDirectory() as folder:
            train(copy.deepcopy(untrained), pairs, (theta[held], flux[held]), settings, Path(folder) / "checkpoint")

    def by_sbi(batch_size: int) -> None:
        estimator = copy.deepcopy(untrained.estimator)
        trainer = NPE(density_estimator=lambda *_: estimator, show_progress_bars=False)
        trainer.append_simulations(prior.to_unbounded(theta).float(), untrained.data_vector(flux))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that it has not converged
            # sbi counts from 0
            trainer.train(training_batch_size=batch_size, validation_fraction=HELD_OUT, max_num_epochs=EPOCHS - 1)
        if (epochs := trainer.summary["epochs_trained"][-1]) != EPOCHS:
            raise RuntimeError(f"sbi trained for {epochs} epochs, not {EPOCHS}")

    batch = timing.training_batch
    seconds = take_turns(
        {
            "lean": lambda: lean(batch),
            "lean_as_trained": lambda: lean(network.batch_size),
            "sbi": lambda: by_sbi(batch),
            "sbi_default": lambda: by_sbi(SBI_DEFAULT_BATCH),
        },
        timing.repeats,
    )
    write_json(
        paths.DATA / "training_speed.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "pairs": len(used),
            "batch_size": batch,
            "batch_size_as_trained": network.batch_size,
            "batch_size_default": SBI_DEFAULT_BATCH,
            **{f"{name}_pairs_per_second": spread(EPOCHS * len(used) / s) for name, s in seconds.items()},
            "ratio": spread(seconds["sbi"] / seconds["lean"]),
            "ratio_default": spread(seconds["sbi_default"] / seconds["lean"]),
        },
    )


if __name__ == "__main__":
    run(main)

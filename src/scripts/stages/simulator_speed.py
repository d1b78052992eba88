"""Stage `simulator_speed`: spectra per second of both simulators, taking turns."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import time

import torch

from digs.base import paths
from digs.base.benchmark import machine, spread, take_turns
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.timing_settings import TimingSettings
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.sps.prospector import Prospector
from digs.training.workers import average, in_workers

CALLS = 10  # of each worker in a turn


def some_theta(params: Params) -> torch.Tensor:
    """Return theta of a batch of galaxies."""
    return Prior.over(params.prior).sample(params.timing.batch, generator(params.timing.seed, "exact"))


@torch.no_grad()
def simulate_together() -> float:
    """Return the seconds that CALLS calls take in all workers."""
    simulator, theta = Simulator(), some_theta(load_params(TimingSettings))
    simulator(theta)
    average(torch.zeros(1))  # all wait for one another
    start = time.perf_counter()
    for _ in range(CALLS):
        simulator(theta)
    average(torch.zeros(1))
    return time.perf_counter() - start


def main() -> None:
    """Time Prospector and the exact simulator in one run (needs SPS_HOME)."""
    params = load_params(TimingSettings)
    timing, cores = params.timing, params.threads
    prospector, prior = Prospector(params.spectrum, params.gas), Prior.over(params.prior)
    torch.set_num_threads(1)
    number = -(-timing.reference_spectra // timing.repeats)
    few = prior.sample(number, generator(timing.seed, "Prospector")).numpy()
    many = some_theta(params)
    simulators = {dtype: Simulator(dtype=dtype) for dtype in (torch.float32, torch.float64)}

    @torch.no_grad()
    def exact(dtype: torch.dtype) -> None:
        simulators[dtype](many)

    seconds = take_turns(
        {
            # the uncounted first call also makes FSPS build the metallicities that it needs
            "prospector": lambda: [prospector(theta) for theta in few],
            "exact_float32": lambda: exact(torch.float32),
            "exact_float64": lambda: exact(torch.float64),
        },
        timing.repeats,
        {"together": lambda: in_workers(cores, simulate_together)},
    )
    each = {name: (len(few) if name == "prospector" else len(many)) for name in seconds} | {
        "together": cores * CALLS * len(many)
    }
    rate = {name: each[name] / values for name, values in seconds.items()}
    write_result(
        paths.DATA / "simulator_speed.json",
        {
            "machine": machine() | {"threads": cores},
            "repeats": timing.repeats,
            "batch": timing.batch,
            "prospector_seconds": spread(1 / rate["prospector"]),
            "exact_per_second": spread(rate["together"]),
            "exact_per_second_one_core": spread(rate["exact_float32"]),
            "exact_per_second_one_core_float64": spread(rate["exact_float64"]),
            "ratio": spread(rate["exact_float32"] / rate["prospector"]),
        },
    )


if __name__ == "__main__":
    run_stage(main)

"""Stage `simulator_speed`: spectra per second of both simulators, taking turns."""

import tempfile
import time
from pathlib import Path

import torch

from digs.base import paths
from digs.base.benchmark import machine, spread, take_turns
from digs.base.random_streams import generator
from digs.config.params import Params, load_params
from digs.config.stages.timing_settings import TimingSettings
from digs.files.atomic import write_json
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.sps.prospector import Prospector
from digs.training.workers import average, in_workers, worker

CALLS = 10  # of each worker in a turn


def some_theta(params: Params) -> torch.Tensor:
    return Prior.over(params.prior).sample(params.timing.batch, generator(params.timing.seed, "exact"))


@torch.no_grad()
def simulate_together(folder: Path) -> None:
    """What each worker does; the first one writes the seconds that all took."""
    simulator, theta = Simulator(), some_theta(load_params(TimingSettings))
    simulator(theta)
    average(torch.zeros(1))  # all wait for one another
    start = time.perf_counter()
    for _ in range(CALLS):
        simulator(theta)
    average(torch.zeros(1))
    if worker() == 0:
        (folder / "seconds").write_text(str(time.perf_counter() - start))


def together(processes: int) -> float:
    """Seconds of CALLS calls in each of so many processes of one thread."""
    with tempfile.TemporaryDirectory() as folder:
        in_workers(processes, simulate_together, Path(folder))
        return float((Path(folder) / "seconds").read_text())


def main() -> None:
    """Time Prospector and the exact simulator in one run (needs SPS_HOME)."""
    params = load_params(TimingSettings)
    timing, cores = params.timing, params.threads
    reference = Prospector(params.spectrum)
    torch.set_num_threads(1)
    few = (
        Prior.over(params.prior)
        .sample(-(-timing.reference_spectra // timing.repeats), generator(timing.seed, "Prospector"))
        .numpy()
    )
    many = some_theta(params)
    simulators = {dtype: Simulator(dtype=dtype) for dtype in (torch.float32, torch.float64)}

    @torch.no_grad()
    def exact(dtype: torch.dtype) -> None:
        simulators[dtype](many)

    seconds = take_turns(
        {
            # the uncounted first call also makes FSPS build the metallicities that it needs
            "prospector": lambda: [reference(theta) for theta in few],
            "exact_float32": lambda: exact(torch.float32),
            "exact_float64": lambda: exact(torch.float64),
        },
        timing.repeats,
        {"together": lambda: together(cores)},
    )
    each = {name: (len(few) if name == "prospector" else len(many)) for name in seconds} | {
        "together": cores * CALLS * len(many)
    }
    rate = {name: each[name] / values for name, values in seconds.items()}
    write_json(
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

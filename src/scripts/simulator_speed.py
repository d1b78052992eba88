"""Stage `simulator_speed`: spectra per second of both simulators, taking turns."""

import torch

from digs import paths
from digs.artifacts import write_json
from digs.benchmark import machine, spread, take_turns
from digs.cli import run
from digs.params import load_params
from digs.priors import Prior
from digs.prospector import Prospector
from digs.rng import generator
from digs.simulator import Simulator


def main() -> None:
    """Time Prospector and the exact simulator in one run (needs SPS_HOME)."""
    params = load_params()
    timing = params.timing
    reference = Prospector(params.spectrum)
    torch.set_num_threads(params.threads)
    prior = Prior()
    few = prior.sample(-(-timing.reference_spectra // timing.repeats), generator(timing.seed, "Prospector")).numpy()
    many = prior.sample(timing.batch, generator(timing.seed, "exact"))
    simulators = {dtype: Simulator(dtype=dtype) for dtype in (torch.float32, torch.float64)}

    def exact(dtype: torch.dtype) -> None:
        with torch.no_grad():
            simulators[dtype](many)

    seconds = take_turns(
        {
            # the uncounted first call also makes FSPS build the metallicities that it needs
            "prospector": lambda: [reference(theta) for theta in few],
            "exact_float32": lambda: exact(torch.float32),
            "exact_float64": lambda: exact(torch.float64),
        },
        timing.repeats,
    )
    rate = {name: (len(few) if name == "prospector" else len(many)) / s for name, s in seconds.items()}
    write_json(
        paths.DATA / "simulator_speed.json",
        {
            "machine": machine(),
            "repeats": timing.repeats,
            "batch": timing.batch,
            "prospector_seconds": spread(1 / rate["prospector"]),
            "exact_per_second": spread(rate["exact_float32"]),
            "exact_per_second_float64": spread(rate["exact_float64"]),
            "ratio": spread(rate["exact_float32"] / rate["prospector"]),
        },
    )


if __name__ == "__main__":
    run(main)

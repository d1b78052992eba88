"""DIGS: neural posterior estimation of galaxy properties from spectra, and what it takes to believe it."""

from typing import Any

from digs.flow import Posterior
from digs.noise import add_noise
from digs.priors import parameters
from digs.simulator import Simulator

__all__ = ["PARAMETERS", "Posterior", "Simulator", "add_noise"]


def __getattr__(name: str) -> Any:
    # on demand, so that a mistake in params.yaml is reported by the script that needs it
    if name == "PARAMETERS":
        return parameters()
    raise AttributeError(f"module 'digs' has no attribute '{name}'")

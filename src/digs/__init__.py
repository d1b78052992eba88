"""DIGS: neural posterior estimation of galaxy properties from spectra, and what it takes to believe it."""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# torch asks Linux for huge pages: fresh memory for a batch of spectra then costs a fifth as much
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

if TYPE_CHECKING:
    from digs.fallback import infer
    from digs.flow import Posterior
    from digs.noise import add_noise
    from digs.priors import Parameter
    from digs.simulator import Simulator

    PARAMETERS: tuple[Parameter, ...]

__all__ = ["PARAMETERS", "Posterior", "Simulator", "add_noise", "infer"]

_HOMES = {
    "Posterior": "digs.flow",
    "Simulator": "digs.simulator",
    "add_noise": "digs.noise",
    "infer": "digs.fallback",
}


def __getattr__(name: str) -> Any:
    # on demand: a figure need not wait seconds for sbi, and a mistake in params.yaml is reported where it matters
    if name == "PARAMETERS":
        return import_module("digs.priors").parameters()
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'digs' has no attribute '{name}'")

"""The network that Khullar et al. (2022) have released, rebuilt from the arrays in its file.

theta and context are as their code has them: theta in the order ORDER, the context log10 F_lambda up to a constant. Its
density leaks out of their prior, the box of the same ranges as here; sbi draws again whatever lies outside.
"""

import os
from pathlib import Path

import torch
from torch import Tensor

from digs.base.errors import DigsError
from digs.config.theta import NAMES
from digs.files.foreign_pickle import Shell, load_shells, state_of
from digs.flows.fast.plain_maf import PlainMaf

ORDER = ("logmass", "tage", "logtau", "logzsol", "dust2")
TO_THEIRS = [NAMES.index(name) for name in ORDER]
TO_OURS = [ORDER.index(name) for name in NAMES]
NETWORK = "ts2_10k_5pct_h25_n10_nsim2000000_data138.pkl"
_FOLDERS = ("data", "digs_sbi/data", ".")


def released_file() -> Path:
    """Return the file of their network, below the folder that K22_HOME names.

    Raises:
        DigsError: the variable is unset, or there is no such file.
    """
    remedy = "clone https://github.com/deepskies/digs_sbi (commit 1d5930b), and set K22_HOME to the clone or its parent"
    home = os.environ.get("K22_HOME")
    if not home:
        raise DigsError(f"K22_HOME is not set, and this stage reads the released network: {remedy}.")
    for folder in _FOLDERS:
        if (path := Path(home) / folder / NETWORK).is_file():
            return path
    raise DigsError(f"K22_HOME={home} has no data/{NETWORK}: {remedy}.")


def released_maf(path: Path) -> PlainMaf:
    """Return the flow in the file of their network.

    Raises:
        DigsError: the file is refused or damaged (digs.files.foreign_pickle), or holds another network.
    """
    try:
        return _flow_of(load_shells(path).state["potential_fn"].state["posterior_estimator"])
    except (LookupError, AttributeError, TypeError, ValueError, RuntimeError):
        raise DigsError(f"{path} does not hold a masked autoregressive flow of sbi 0.x; give {NETWORK}.") from None


def _flow_of(flow: Shell) -> PlainMaf:
    standardise, *others = state_of(flow, "_transform", "_transforms").state["_modules"].values()
    networks = [state_of(each, "autoregressive_net") for each in others[::2]]
    context = state_of(flow, "_embedding_net", "0")

    def stacked(*path: str) -> tuple[Tensor, Tensor]:
        layers = [state_of(network, *path) for network in networks]
        weights = [_masked(layer) for layer in layers]
        return torch.stack(weights), torch.stack([state_of(layer, "bias").detach() for layer in layers])

    blocks = state_of(networks[0], "blocks").state["_modules"]
    hidden = [stacked("blocks", number, "linear") for number in blocks]
    return PlainMaf(
        state_of(standardise, "_shift"),
        state_of(standardise, "_scale"),
        state_of(context, "_mean"),
        state_of(context, "_std"),
        *stacked("context_layer"),
        *stacked("initial_layer"),
        *(torch.stack(each, 1) for each in zip(*hidden, strict=True)),
        *stacked("final_layer"),
        torch.stack([state_of(each, "_permutation") for each in others[1::2]]),
    )


def _masked(layer: Shell) -> Tensor:
    weight = state_of(layer, "weight").detach()
    return weight * layer.state["_buffers"].get("mask", 1)

"""Arrays out of pickles that others have made, without running what these name.

A pickle is a program: it may call any function that it names, and set its attributes. Here a name is either one of a
short list of harmless ones, which it can only call, or an empty shell stands for it that keeps its state, or the file
is refused. The shells are what the pickle of a network of torch, nflows and sbi needs; nothing of these classes is
loaded.
"""

import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from digs.base.errors import DigsError


class Shell:
    """What stands for an object: its state alone."""

    state: Any = None

    def __init__(self, *arguments: Any):
        self.arguments = arguments

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _RefusedError(Exception):
    """The pickle names what is neither harmless nor a shell, or would change a function."""


class _Callable:
    """A function that can be called, and not be changed."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]):
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: Any) -> None:
        raise _RefusedError(f"new attributes of {self._function.__name__}")


def _storage(content: bytes) -> Any:
    return torch.load(io.BytesIO(content), weights_only=True)


def _tensor(storage: Any, offset: int, size: Sequence[int], stride: Sequence[int], *_: Any) -> torch.Tensor:
    """A view of a storage, inside which it must lie."""
    last = offset + sum((each - 1) * step for each, step in zip(size, stride, strict=True))
    if min(offset, *size, *stride, 0) < 0 or max(last + 1, math.prod(size)) > storage._size():
        raise ValueError("a tensor does not fit its storage")
    return torch._utils._rebuild_tensor_v2(storage, offset, tuple(size), tuple(stride), False, OrderedDict())


def _parameter(data: torch.Tensor, *_: Any) -> torch.Tensor:
    return data


HARMLESS = {
    "collections.OrderedDict": OrderedDict,
    "torch._utils._rebuild_tensor_v2": _Callable(_tensor),
    "torch._utils._rebuild_parameter": _Callable(_parameter),
    "torch.storage._load_from_bytes": _Callable(_storage),
}
_SHOWN = 80  # letters of a name
SHELLS = {
    "builtins.getattr",
    "builtins.set",
    "nflows.distributions.normal.StandardNormal",
    "nflows.flows.base.Flow",
    "nflows.transforms.autoregressive.MaskedAffineAutoregressiveTransform",
    "nflows.transforms.base.CompositeTransform",
    "nflows.transforms.made.MADE",
    "nflows.transforms.made.MaskedFeedforwardBlock",
    "nflows.transforms.made.MaskedLinear",
    "nflows.transforms.permutations.RandomPermutation",
    "nflows.transforms.standard.AffineTransform",
    "sbi.inference.posteriors.direct_posterior.DirectPosterior",
    "sbi.inference.potentials.posterior_based_potential.PosteriorBasedPotential",
    "sbi.utils.sbiutils.Standardize",
    "sbi.utils.torchutils.BoxUniform",
    "torch.Size",
    "torch._C._VariableFunctionsClass",
    "torch.distributions.transforms.AffineTransform",
    "torch.distributions.transforms.ComposeTransform",
    "torch.distributions.transforms.IndependentTransform",
    "torch.distributions.transforms.SigmoidTransform",
    "torch.distributions.transforms._InverseTransform",
    "torch.distributions.uniform.Uniform",
    "torch.nn.modules.container.ModuleList",
    "torch.nn.modules.container.Sequential",
    "torch.nn.modules.dropout.Dropout",
    "torch.nn.modules.linear.Identity",
    "torch.nn.modules.linear.Linear",
}


class _Shells(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        known = f"{module}.{name}"
        if "." not in name and known in HARMLESS:
            return HARMLESS[known]
        if "." not in name and known in SHELLS:
            return type(name, (Shell,), {})
        raise _RefusedError("".join(letter if letter.isprintable() else "?" for letter in known[:_SHOWN]))


def load_shells(path: Path) -> Any:
    """Return what a pickle holds: containers, numbers, tensors, and shells for all other objects.

    Raises:
        DigsError: the file is missing or damaged, or names a function or class that no such network needs.
    """
    try:
        with path.open("rb") as file:
            return _Shells(file).load()
    except _RefusedError as error:
        raise DigsError(
            f"{path} names {error}, which a network does not need and which might run anything: it is not loaded; "
            "get the file anew from those who made it."
        ) from None
    except OSError as error:
        raise DigsError(f"{path} cannot be read ({error.strerror}); give a file that can.") from None
    except Exception:  # whatever bytes may do: a damaged pickle raises nearly anything
        raise DigsError(f"{path} is damaged or no pickle of a network; get it anew.") from None


def state_of(shell: Any, *path: str) -> Any:
    """Return a part of a module's shell: of its submodules in turn, and at last a buffer or weight.

    Raises:
        KeyError: there is none of that name.
    """
    for name in path:
        parts = {**shell.state["_parameters"], **shell.state["_buffers"], **shell.state["_modules"]}
        shell = parts[name]
    return shell

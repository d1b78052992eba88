"""Results of batches of galaxies made into one."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")


def join_rows(parts: Sequence[T]) -> T:
    """Return one array, tensor, or dictionary or dataclass of such, with the rows of all parts in their order."""
    first = parts[0]
    if isinstance(first, torch.Tensor):
        return torch.cat(parts)
    if isinstance(first, np.ndarray):
        return np.concatenate(parts)
    if isinstance(first, Mapping):
        return {key: join_rows([part[key] for part in parts]) for key in first}
    return type(first)(**{each.name: join_rows([getattr(part, each.name) for part in parts]) for each in fields(first)})

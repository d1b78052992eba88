"""Progress bars that are quiet where nobody watches."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T] | None = None, **options) -> "tqdm[T]":
    """tqdm, shown on terminals only."""
    return tqdm(items, disable=None, dynamic_ncols=True, **options)

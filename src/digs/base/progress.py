"""Progress bars that are quiet where nobody watches, and notes that are not."""

import logging
from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T] | None = None, quiet: bool = False, **options) -> "tqdm[T]":
    """Return a bar of tqdm, shown on terminals only, and not even there if it is to be quiet."""
    return tqdm(items, disable=True if quiet else None, dynamic_ncols=True, **options)


def announce(text: str) -> None:
    """Tell the caller what takes long: one line on stderr, unless the logger "digs" is told otherwise."""
    logging.getLogger("digs").warning(text)

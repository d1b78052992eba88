"""Random numbers: one seed from params.yaml, one independent stream per purpose, and one per galaxy.

What is drawn for a galaxy depends on the seed and on the galaxy alone: on a hash of its data as they are computed with,
or on an id that is given for it. So neither the size nor the order of batches, nor the number of workers, nor other
galaxies change it. Galaxies with the same data have the same draws; ids tell them apart. (The noise of training pairs
belongs to no galaxy, and comes from one stream for each purpose and worker.)
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from digs.base.errors import DigsError


def generator(seed: int, purpose: str, device: str = "cpu") -> torch.Generator:
    """Return a torch generator for one purpose of one seed; different purposes give independent streams."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def read_ids(given: Any, number: int) -> list[int | str]:
    """Return the ids of so many galaxies.

    Raises:
        DigsError: they are no whole numbers or strings, or of another number.
    """
    if np.ndim(given) != 1:
        raise DigsError("The ids are no list; give one whole number or string for each galaxy.")
    ids = list(given.tolist() if hasattr(given, "tolist") else given)
    if len(ids) != number:
        raise DigsError(f"The number of ids is {len(ids)}, that of spectra {number}; give one for each.")
    for each in ids:
        if isinstance(each, bool) or not isinstance(each, int | str | np.integer):
            raise DigsError(f"An id is of type '{type(each).__name__}'; give whole numbers or strings.")
    return ids


def galaxy_keys(data: np.ndarray, ids: Sequence[int | str] | None = None) -> list[bytes]:
    """Return what the streams of galaxies are told apart by.

    Args:
        data: of the galaxies, as they are computed with, shape (N, ...).
        ids: of the galaxies, N whole numbers or strings; by default their data stand for them.
    Raises:
        DigsError: ids are neither, or of another number.

    Example:
        >>> import numpy as np
        >>> from digs.base.random_streams import galaxy_keys
        >>> first, again, other = galaxy_keys(np.array([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]]))
        >>> first == again, first == other
        (True, False)
    """
    if ids is None:
        return [
            b"data " + hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in np.ascontiguousarray(data)
        ]
    return [f"id {each}".encode() for each in read_ids(ids, len(data))]


def stream(seed: int, purpose: str, key: bytes = b"") -> np.random.Generator:
    """Return the random numbers of a galaxy, by its key, for one purpose of one seed.

    They are those of a counter-based generator, Philox (Salmon et al. 2011), keyed by a hash of all three.

    Example:
        >>> from digs.base.random_streams import stream
        >>> stream(1, "draws", b"galaxy").random() == stream(1, "draws", b"galaxy").random()
        True
    """
    digest = hashlib.blake2b(f"{seed}/{purpose}/".encode() + key, digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest, "little")))


def normal_numbers(seed: int, purpose: str, keys: Sequence[bytes], *shape: int) -> np.ndarray:
    """Return standard normal numbers of each galaxy's stream, shape (N, *shape), of single precision.

    More of them, along the first axis of shape, begin with the same ones.
    """
    numbers = np.empty((len(keys), *shape), dtype=np.float32)
    for key, row in zip(keys, numbers, strict=True):
        stream(seed, purpose, key).standard_normal(dtype=np.float32, out=row)
    return numbers


def mersenne_twister(seed: int) -> np.random.RandomState:
    """Return the only kind of numpy's random numbers that emcee takes, of a seed of any size.

    Seeds below 2^32 give the numbers that they give in numpy.
    """
    words = [seed >> shift & 0xFFFFFFFF for shift in range(0, max(seed.bit_length(), 1), 32)]
    return np.random.RandomState(seed if len(words) == 1 else words)

"""Random numbers: one seed from params.yaml, one independent stream per purpose."""

import hashlib

import numpy as np
import torch


def generator(seed: int, purpose: str, device: str = "cpu") -> torch.Generator:
    """Return a torch generator for one purpose of one seed; different purposes give independent streams."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def mersenne_twister(seed: int) -> np.random.RandomState:
    """Return the only kind of numpy's random numbers that emcee takes, of a seed of any size.

    Seeds below 2^32 give the numbers that they give in numpy.
    """
    words = [seed >> shift & 0xFFFFFFFF for shift in range(0, max(seed.bit_length(), 1), 32)]
    return np.random.RandomState(seed if len(words) == 1 else words)

"""Random numbers: one seed from params.yaml, one independent stream per purpose."""

import hashlib

import torch


def generator(seed: int, purpose: str, device: str = "cpu") -> torch.Generator:
    """A torch generator for one purpose of one seed; different purposes give independent streams."""
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:8], "big") >> 1)

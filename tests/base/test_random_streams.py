"""Random numbers: one stream a purpose, and emcee's kind for seeds of any size."""

import numpy as np
import pytest
import torch

from digs.base.random_streams import generator, mersenne_twister


def test_purposes_have_streams_of_their_own():
    first, again, other = (torch.rand(3, generator=generator(1, name)) for name in ("noise", "noise", "theta"))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_small_seeds_are_numpys(seed):
    np.testing.assert_array_equal(mersenne_twister(seed).rand(4), np.random.RandomState(seed).rand(4))


def test_large_seeds_differ_from_each_other_and_from_small_ones():
    seeds = [1, 2**32, 2**32 + 1, 2**63 - 1, 2**63 + 10**6]
    numbers = {mersenne_twister(seed).rand() for seed in seeds}
    assert len(numbers) == len(seeds)

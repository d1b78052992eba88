"""Random numbers: one stream a purpose, and emcee's kind for seeds of any size."""

import numpy as np
import pytest
import torch

from digs.base.random_streams import galaxy_keys, generator, mersenne_twister, normal_numbers, stream


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


def test_streams_differ_by_seed_purpose_and_galaxy_and_by_nothing_else():
    numbers = [stream(*key).random() for key in ((1, "a", b"x"), (2, "a", b"x"), (1, "b", b"x"), (1, "a", b"y"))]
    assert len(set(numbers)) == len(numbers)
    assert stream(1, "a", b"x").random() == numbers[0]


def test_keys_are_those_of_the_data_or_of_the_ids():
    data = np.arange(12.0).reshape(4, 3)
    keys = galaxy_keys(data)
    assert len(set(keys)) == 4
    assert galaxy_keys(data[::-1]) == keys[::-1]
    assert galaxy_keys(np.asfortranarray(data)) == keys
    named = galaxy_keys(data, [1, 2, 3, "4"])
    assert len(set(named)) == 4
    assert named == galaxy_keys(2 * data, np.arange(1, 5))


def test_normal_numbers_are_each_galaxys_own_and_more_begin_with_the_same():
    keys = galaxy_keys(np.arange(3))
    found = normal_numbers(1, "draws", keys, 101, 5)
    np.testing.assert_array_equal(normal_numbers(1, "draws", keys[2:], 101, 5), found[2:])
    np.testing.assert_array_equal(normal_numbers(1, "draws", keys, 3, 5), found[:, :3])
    many = normal_numbers(1, "draws", galaxy_keys(np.arange(200)), 1000, 5)
    assert abs(many.mean()) < 4 / many.size**0.5
    assert abs(many.std() - 1) < 4 / (2 * many.size) ** 0.5
    assert abs(np.corrcoef(many.reshape(200, -1)) - np.eye(200)).max() < 6 / 5000**0.5

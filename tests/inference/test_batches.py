"""The loop over batches: every galaxy once, in order, with the seed of its batch."""

import numpy as np
import pytest
import torch

from digs.inference.batches import batch_seed, draws_in_batches, in_batches


@pytest.mark.parametrize(("number", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (7, 100)])
def test_every_galaxy_is_in_one_batch(number, size):
    batches = list(in_batches(number, size, "Batches"))
    rows = [row for batch in batches for row in range(batch.start, batch.stop)]
    assert rows == list(range(number))
    assert all(batch.stop - batch.start <= size for batch in batches)


def test_batches_have_the_draws_of_their_seeds():
    class Fake:
        def sample(self, flux, draws, seed):
            generator = torch.Generator().manual_seed(seed)
            return torch.rand(len(flux), draws, 5, generator=generator)

    flux = np.ones((7, 4))
    for rows, draws in draws_in_batches(Fake(), flux, 6, 10, 3, "Batches"):
        assert torch.equal(draws, Fake().sample(flux[rows], 6, 10 + rows.start))
        assert batch_seed(10, rows) == 10 + rows.start

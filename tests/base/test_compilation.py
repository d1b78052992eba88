"""What is compiled, and by how many threads it is done."""

import threading

import numba
import numpy as np
import pytest
import torch

from digs.base.compilation import compiled, in_parts


@pytest.fixture
def torch_threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def _double(x):
    found = np.empty_like(x)
    for k in numba.prange(len(x)):
        found[k] = 2 * x[k]
    return found


def test_a_function_for_several_threads_is_not_taken_for_the_one_for_one():
    """numba's cache has a place for each name, in which a compilation with other options would be found."""
    alone, together = compiled(_double), compiled(_double, parallel=True)
    places = {function._cache._impl.filename_base for function in (alone, together)}
    assert len(places) == 2
    np.testing.assert_array_equal(alone(np.arange(5.0)), together(np.arange(5.0)))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("number", "size"), [(0, 3), (2, 3), (3, 3), (10, 3)])
def test_every_row_is_in_one_part(torch_threads, threads, number, size):
    torch_threads(threads)
    seen = np.zeros(number, dtype=int)

    def work(rows: slice) -> None:
        assert rows.stop - rows.start <= size
        seen[rows] += 1

    in_parts(work, number, size)
    assert (seen == 1).all()


def test_one_thread_is_the_callers_own(torch_threads):
    torch_threads(1)
    seen = set()
    in_parts(lambda rows: seen.add(threading.current_thread()), 10, 3)
    assert seen == {threading.current_thread()}


def test_errors_of_threads_are_the_callers(torch_threads):
    torch_threads(2)
    with pytest.raises(ZeroDivisionError):
        in_parts(lambda rows: 1 / 0, 10, 3)

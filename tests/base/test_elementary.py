"""Elementary functions of compiled code: what they are, and the same to the bit in loops as alone."""

import numpy as np
import pytest
from numba.core.errors import TypingError

from digs.base.compilation import compiled_strictly
from digs.base.elementary import exp2, fma, log2, power_of_ten


@compiled_strictly
def _of_each(function, x, found):
    for k in range(len(x)):
        found[k] = function(x[k])


def of_each(function, x: np.ndarray) -> np.ndarray:
    found = np.empty_like(x)
    _of_each(function, x, found)
    return found


@compiled_strictly
def _fused(a, b, c):
    return fma(a, b, c)


def test_powers_of_two():
    x = np.linspace(-126, 127, 40001, dtype=np.float32)
    np.testing.assert_allclose(of_each(exp2, x), 2 ** x.astype(float), rtol=3e-7)
    assert exp2(np.float32(0)) == 1
    assert exp2(np.float32(-127)) == exp2(np.float32(-np.inf)) == 0


def test_logarithms():
    x = np.geomspace(1.2e-38, 3e38, 40001, dtype=np.float32)
    np.testing.assert_allclose(of_each(log2, x), np.log2(x.astype(float)), rtol=1.5e-7, atol=1.5e-7)
    near = (1 + np.linspace(-1e-3, 1e-3, 2001)).astype(np.float32)
    np.testing.assert_allclose(of_each(log2, near), np.log2(near.astype(float)), rtol=3e-7)
    assert np.isnan(of_each(log2, np.array([0, -1, np.nan, 1e-40], dtype=np.float32))).all()


def test_powers_of_ten():
    x = np.linspace(-300, 300, 6001)
    np.testing.assert_allclose(of_each(power_of_ten, x), 10**x, rtol=2e-13)
    np.testing.assert_allclose(of_each(power_of_ten, x / 20), 10 ** (x / 20), rtol=2e-14)


@pytest.mark.parametrize(("function", "kind"), [(exp2, np.float32), (log2, np.float32), (power_of_ten, np.float64)])
def test_a_number_has_the_same_value_to_the_bit_wherever_it_stands(function, kind):
    x = np.random.default_rng(1).uniform(0.1, 30, 103).astype(kind)
    together = of_each(function, x)
    for start in range(1, 40):
        np.testing.assert_array_equal(of_each(function, x[start:]), together[start:])
    np.testing.assert_array_equal(together, [function(each) for each in x])


def test_a_fused_product_is_rounded_once():
    a = np.float64(1 + 2**-30)
    assert _fused(a, a, -1 - 2**-29) == 2**-60
    assert a * a - 1 - 2**-29 != 2**-60
    with pytest.raises(TypingError):
        _fused(np.float32(1), a, a)

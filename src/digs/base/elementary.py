"""Elementary functions for compiled code, the same to the bit wherever they are called.

A library has several for the same purpose, which differ in their last bits: one takes single numbers, another vectors,
and which is called depends on where in an array a number stands. These are written out instead, in operations that
IEEE 754 defines to the bit (digs.base.compilation.compiled_strictly), and become vector instructions in loops.
"""

import math
from typing import Any

import numpy as np
from numba.extending import intrinsic

from digs.base.compilation import compiled_strictly

_F4 = np.float32


_BIAS, _MANTISSA = np.int32(127), np.int32(23)  # of the binary representation


_ZERO, _HALF, _ONE = _F4(0), _F4(0.5), _F4(1)


_LEAST, _MOST = _F4(-126), _F4(127)  # exponents of 2 of normal 32-bit floats; others take a hundred times as long


# 2^x = sum of (x ln 2)^k / k!, to 1e-7 for |x| <= 1/2
_P0, _P1, _P2, _P3, _P4, _P5, _P6 = (_F4(math.log(2) ** k / math.factorial(k)) for k in range(7))
_LONG = tuple(math.log(2) ** k / math.factorial(k) for k in range(14))[::-1]  # to 1e-16


_ROOT_HALF = np.int32(np.float32(math.sqrt(0.5)).view(np.int32))


_SMALLEST = np.finfo(_F4).tiny


# log2(m) = 2 / ln 2 artanh(q), q = (m - 1) / (m + 1), to 2e-9 for 1/2 <= m^2 <= 2
_L0, _L1, _L2, _L3, _L4 = (_F4(2 / math.log(2) / (2 * k + 1)) for k in range(5))


_LOG2_10 = math.log2(10)


@intrinsic
def fma(_: Any, a: Any, b: Any, c: Any):  # as numba wants it: the types, and what makes the instruction
    """Return a b + c, rounded once."""
    if a == b == c:  # or else numba says that there is no such function
        return a(a, b, c), lambda context, builder, signature, arguments: builder.fma(*arguments)


@compiled_strictly
def exp2(x):
    """2^x of a 32-bit float, to 2e-7; 0 below 2^-126."""
    within = min(max(x, _LEAST), _MOST)
    whole = np.floor(within + _HALF)
    f = within - whole
    rest = fma(f, fma(f, fma(f, fma(f, fma(f, fma(f, _P6, _P5), _P4), _P3), _P2), _P1), _P0)
    power = np.int32((np.int32(whole) + _BIAS) << _MANTISSA).view(np.float32)
    return rest * power if x >= _LEAST else _ZERO


@compiled_strictly
def log2(x):
    """The logarithm of a 32-bit float, to 1e-7 of itself or of 1; nan below the normal ones."""
    bits = np.float32(x).view(np.int32)
    exponent = (bits - _ROOT_HALF) >> _MANTISSA
    m = np.int32(bits - (exponent << _MANTISSA)).view(np.float32)
    q = (m - _ONE) / (m + _ONE)
    r = q * q
    series = fma(r, fma(r, fma(r, fma(r, _L4, _L3), _L2), _L1), _L0)
    return fma(q, series, _F4(exponent)) if x >= _SMALLEST else _F4(np.nan)


@compiled_strictly
def power_of_ten(x):
    """10^x of a 64-bit float, to 1e-14; x from -300 to 300."""
    x = min(max(x, -300.0), 300.0) * _LOG2_10
    whole = np.floor(x + 0.5)
    f = x - whole
    rest = 0.0
    for coefficient in _LONG:
        rest = fma(rest, f, coefficient)
    return rest * np.int64((np.int64(whole) + 1023) << 52).view(np.float64)

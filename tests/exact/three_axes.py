"""How candidates were placed and interpolated when all grids had three axes: what they must equal with three."""

import math

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.base.elementary import fma
from digs.exact.brute_force.candidates import _in_tent

_F4, _LN10 = np.float32, math.log(10)


@compiled_strictly
def place(axes, number, age_of, ratio_of, low, high, which, share, uniform, start, at, corner, weight):
    z_axis, x_axis, y_axis = axes
    metallicities = len(z_axis)
    own, passed = 0, share[0]
    node, below, f = np.empty(3, dtype=np.int64), 0, np.empty(3)
    for j in range(len(uniform)):
        goal = (j + start) / len(uniform)
        while passed < goal and own < len(which) - 1:
            own += 1
            passed += share[own]
        plane = which[own] // metallicities
        node[0], node[1], node[2] = which[own] % metallicities, age_of[plane], ratio_of[plane]
        for k in range(3):
            axis = z_axis if k == 0 else (x_axis if k == 1 else y_axis)
            last, here = len(axis) - 1, axis[node[k]]
            before, after = axis[max(node[k] - 1, 0)], axis[min(node[k] + 1, last)]
            below, f[k] = _in_tent(np.float64(uniform[j, k]), before, here, after)
            node[k] = min(node[k] - 1 if below else node[k], last - 1)
            at[j, k] = axis[node[k]] + f[k] * (axis[node[k] + 1] - axis[node[k]])
        logtau = (at[j, 1] - at[j, 2]) / _LN10
        z, x, y = node
        corner[j, 0] = -1
        if logtau < low or logtau > high:
            continue
        corner[j, 0], corner[j, 1] = number[x, y] * metallicities + z, number[x, y + 1] * metallicities + z
        corner[j, 2], corner[j, 3] = number[x + 1, y] * metallicities + z, number[x + 1, y + 1] * metallicities + z
        for k in range(4):
            both = (f[1] if k > 1 else 1 - f[1]) * (f[2] if k % 2 else 1 - f[2])
            weight[j, 2 * k], weight[j, 2 * k + 1] = _F4(both * (1 - f[0])), _F4(both * f[0])


@compiled_strictly
def interpolate(table, density, corner, weight, features, rho):
    for j in range(len(corner)):
        a, b, c, d = corner[j]
        rho[j] = _F4(0)
        if a < 0:
            continue
        a0, a1, b0, b1, c0, c1, d0, d1 = weight[j]
        rho[j] = a0 * density[a] + a1 * density[a + 1] + b0 * density[b] + b1 * density[b + 1]
        rho[j] += c0 * density[c] + c1 * density[c + 1] + d0 * density[d] + d1 * density[d + 1]
        for k in range(features.shape[1]):
            low = fma(a0, table[a, k], fma(a1, table[a + 1, k], fma(b0, table[b, k], b1 * table[b + 1, k])))
            high = fma(c0, table[c, k], fma(c1, table[c + 1, k], fma(d0, table[d, k], d1 * table[d + 1, k])))
            features[j, k] = low + high

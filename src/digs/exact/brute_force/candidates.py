r"""Candidates: many cheap draws, of which the few are chosen whose spectra are then made.

The density rho of a posterior between the nodes of a grid is interpolated linearly in each coordinate (which draws from
tents around nodes have), and the features of spectra likewise. A candidate is a point theta: its coordinates from rho
and, from the normal distributions that a reading gives for its features, a dust and a mass. With its density q(theta)
and the likelihood Lt(theta) of the reading, its interpolated features are worth v = Lt / q.

Of M candidates N are chosen, none twice, candidate j with the probability pi_j = min(1, c v_j), where c makes these
add up to N (Horvitz & Thompson 1952). For any function h,

    E \sum_{chosen j} h(theta_j) / (M q(theta_j) pi_j) = \int h(theta) d theta

whatever Lt is, so with h = likelihood times prior the evidence is estimated without bias. The better Lt, the more alike
are the weights h / (q pi).

Both steps are systematic: one random number, and then equal steps along the running sum of expected numbers.
"""

import math

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.base.elementary import fma
from digs.exact.brute_force.axes import X, Y
from digs.exact.brute_force.readings import one_of

_F4 = np.float32


_LN10, _HALF_LN_2_PI = math.log(10), math.log(2 * math.pi) / 2


_SEARCH = 60  # steps, at most, for c


@compiled_strictly
def _in_tent(u, before, here, after):
    """A draw from the tent around a node by a uniform number: whether below it, and how far up its cell that is."""
    left = here - before
    x = u * (after - before)
    if x < left:
        return True, np.sqrt(1 - x / left)
    return False, 1 - np.sqrt(max(0.0, 1 - (x - left) / (after - here)))


@compiled_strictly
def _near(mean, std, log_std, low, high, normal):
    """A draw around a mean, or from the prior's end on where the mean lies beyond; and its ln density."""
    below, above = (low - mean) / std, (mean - high) / std
    steep = max(below, above)
    if steep < 1:
        return mean + std * normal, -0.5 * normal * normal - _HALF_LN_2_PI - log_std
    away = -math.log(0.5 * math.erfc(-normal / math.sqrt(2.0)))  # the density falls at least as e^{-steep x}
    x = low + std * away / steep if below > above else high - std * away / steep
    return x, math.log(steep) - log_std - away


@compiled_strictly
def _place(nodes, which, share, uniform, start, at, corner, weight):
    """Fill in places of candidates on the axes, (M, D), the nodes at corners of their cells, and weights.

    Of corners, (M, C), there are those with the lower metallicity, and the first is -1 where the prior's tau ends;
    weights, (M, 2 C), are of each corner, at either metallicity.

    Args:
        which, share: as of node_densities.
        uniform: numbers, (M, D), and start, another one.
    """
    dimensions, low, high = at.shape[1], nodes.low, nodes.high
    own, passed = 0, share[0]
    node, below, f = np.empty(dimensions, dtype=np.int64), 0, np.empty(dimensions)
    for j in range(len(uniform)):
        goal = (j + start) / len(uniform)
        while passed < goal and own < len(which) - 1:
            own += 1
            passed += share[own]
        for k in range(dimensions):
            axis, last, middle = nodes.axes[k], nodes.length[k] - 1, np.int64(nodes.place[which[own], k])
            before, after = axis[max(middle - 1, 0)], axis[min(middle + 1, last)]
            below, f[k] = _in_tent(np.float64(uniform[j, k]), before, axis[middle], after)
            node[k] = min(middle - 1 if below else middle, last - 1)
            at[j, k] = axis[node[k]] + f[k] * (axis[node[k] + 1] - axis[node[k]])
        corner[j, 0] = -1
        if dimensions > Y:
            logtau = (at[j, X] - at[j, Y]) / _LN10
            if logtau < low[4] or logtau > high[4]:
                continue
        for place in range(corner.shape[1]):
            both, row, x, y = 1.0, node[0], 0, 0
            for k in range(1, dimensions):
                upper = (place >> (dimensions - 1 - k)) & 1
                both *= f[k] if upper else 1 - f[k]
                if k == X:
                    x = node[k] + upper
                elif k == Y:
                    y = node[k] + upper
                else:
                    row += (node[k] + upper) * nodes.stride[k]
            if place >> (dimensions - 1):  # with one axis there is one corner, and a second one for nothing
                both = 0.0
            corner[j, place] = np.int64(nodes.number[x, y]) * nodes.block + row
            weight[j, 2 * place], weight[j, 2 * place + 1] = _F4(both * (1 - f[0])), _F4(both * f[0])


@compiled_strictly
def _interpolate(table, density, corner, weight, features, rho):
    """Fill in features, (M, W), and densities, (M,), of candidates; 0 where there is no cell."""
    for j in range(len(corner)):
        rho[j] = _F4(0)
        if corner[j, 0] < 0:
            continue
        own = features[j]
        for two in range(0, corner.shape[1], 2):
            a, b = corner[j, two], corner[j, two + 1]
            a0, a1, b0, b1 = weight[j, 2 * two], weight[j, 2 * two + 1], weight[j, 2 * two + 2], weight[j, 2 * two + 3]
            rho[j] += a0 * density[a] + a1 * density[a + 1] + b0 * density[b] + b1 * density[b + 1]
            if two == 0:
                for k in range(len(own)):
                    own[k] = fma(a0, table[a, k], fma(a1, table[a + 1, k], fma(b0, table[b, k], b1 * table[b + 1, k])))
            else:
                for k in range(len(own)):
                    part = fma(a0, table[a, k], fma(a1, table[a + 1, k], fma(b0, table[b, k], b1 * table[b + 1, k])))
                    own[k] = own[k] + part


@compiled_strictly
def chi_squared(features, components, center, factor, chi):
    """Fill in chi^2 of candidates, (M,), by so many of their features."""
    pull = np.zeros_like(center)
    for j in range(len(chi)):
        if len(factor) == 0:
            for k in range(components):  # what fills up fours stays 0
                pull[k] = features[j, k] - center[k]
        else:
            pull[:] = _F4(0)
            for i in range(len(factor)):
                away = features[j, i] - center[i]
                for k in range(factor.shape[1]):
                    pull[k] = fma(away, factor[i, k], pull[k])
        a, b, c, d = _F4(0), _F4(0), _F4(0), _F4(0)
        for k in range(0, len(pull), 4):  # four additions for the processor to do at a time
            a, b = fma(pull[k], pull[k], a), fma(pull[k + 1], pull[k + 1], b)
            c, d = fma(pull[k + 2], pull[k + 2], c), fma(pull[k + 3], pull[k + 3], d)
        chi[j] = (a + b) + (c + d)


@compiled_strictly
def _weigh(nodes, reading, power, total, normal, at, features, rho, chi, theta, log_v, log_q):
    """Fill in theta, (M, D + 2), with ln tage for tage, ln v and ln q, (M,), of candidates; v is 0 outside the prior.

    Args:
        power: of Lt, below 1 where it cannot be relied upon: that makes it wider.
        total: what rho integrates to.
        normal: numbers, (M, 2).
    """
    low, high, slope, widths = nodes.low, nodes.high, reading.slope, reading.widths
    components, mass_offset, dust_offset = nodes.basis.shape[1], reading.offset[0], reading.offset[1] + nodes.middle
    mass_slope, wider = widths[2] / _LN10, math.sqrt(1 / power)
    mass_std, dust_std = wider * widths[0] / _LN10, wider * widths[1]
    log_mass_std, log_dust_std = math.log(mass_std), math.log(dust_std)
    dimensions = at.shape[1]
    constant = (math.log(_LN10) if dimensions > Y else 0.0) - math.log(total)
    for j in range(len(rho)):
        log_v[j], log_q[j] = -np.inf, 0.0
        if not rho[j] > 0:
            continue
        mass_mean = mass_offset - features[j, components]
        dust_mean = dust_offset + features[j, components + 1]
        for k in range(slope.shape[1]):
            mass_mean -= slope[0, k] * features[j, k]
            dust_mean -= slope[1, k] * features[j, k]
        dust, log_dust = _near(dust_mean, dust_std, log_dust_std, low[2], high[2], np.float64(normal[j, 0]))
        mass_mean = mass_mean / _LN10 + mass_slope * (dust - dust_mean)
        mass, log_mass = _near(mass_mean, mass_std, log_mass_std, low[0], high[0], np.float64(normal[j, 1]))
        if dust < low[2] or dust > high[2] or mass < low[0] or mass > high[0]:
            continue
        theta[j, 0], theta[j, 1], theta[j, 2] = mass, at[j, 0], dust
        x = at[j, X] if dimensions > X else 0.0
        for k in range(1, dimensions):
            theta[j, k + 2] = (x - at[j, Y]) / _LN10 if k == Y else at[j, k]
        # d theta = tage / ln 10 d x d y, at given metallicity, mass, dust and others
        log_q[j] = math.log(rho[j]) + constant - x + log_dust + log_mass
        pulls = power * chi[j] + ((dust - dust_mean) / dust_std) ** 2 + ((mass - mass_mean) / mass_std) ** 2
        log_v[j] = -0.5 * pulls - log_q[j]


@compiled_strictly
def choose(log_v, number, start, chosen, log_p):
    """Choose so many candidates, fewer where fewer have v > 0; fill in which they are and ln pi.

    Args:
        start: one uniform number.
    Returns:
        how many were chosen, and the effective share of all by v.
    """
    best = -np.inf
    for j in range(len(log_v)):
        best = max(best, log_v[j])
    if best == -np.inf:
        return 0, 0.0
    v = np.empty_like(log_v)
    total, squares, some = 0.0, 0.0, 0
    for j in range(len(v)):
        v[j] = math.exp(log_v[j] - best)
        total, squares = total + v[j], squares + v[j] * v[j]
        some += 1 if v[j] > 0 else 0
    number = min(number, some)
    c, certain = number / total, 0
    for _ in range(_SEARCH):
        rest, sure = 0.0, 0
        for j in range(len(v)):
            if c * v[j] >= 1:
                sure += 1
            else:
                rest += v[j]
        if sure == certain or rest == 0.0:
            break
        certain = sure
        c = (number - sure) / rest
    found, passed = 0, 0.0
    for j in range(len(v)):
        p = min(1.0, c * v[j]) if v[j] > 0 else 0.0  # c may be infinite
        passed += p
        if passed > found + start and found < number:
            chosen[found], log_p[found] = j, math.log(p)
            found += 1
    return found, total * total / squares / len(v)


def _draw_all(nodes, readings, power, which, share, number, density, total, numbers, theta, log_density, effective):
    """Fill in draws of galaxies as of proposals.Proposal, and the effective shares of the candidates, (G,).

    Args:
        which, share, number, density, total: as of node_densities.
        numbers: as of proposals.Numbers.
    """
    uniform, normal, starts, first = numbers
    table, few, most = nodes.features, theta.shape[1], np.diff(first).max()
    dimensions = uniform.shape[1]
    corners = max(2, 1 << (dimensions - 1))
    at, corner = np.empty((most, dimensions)), np.empty((most, corners), dtype=np.int64)
    weight = np.empty((most, 2 * corners), dtype=np.float32)
    features, rho = np.empty((most, table.shape[1]), dtype=np.float32), np.empty(most, dtype=np.float32)
    candidates, chi, log_v, log_q = np.empty((most, theta.shape[2])), np.empty(most), np.empty(most), np.empty(most)
    chosen, log_p = np.empty(few, dtype=np.int64), np.empty(few)
    for galaxy in range(len(theta)):
        if number[galaxy] == 0:  # the model is so far from the data that no node has a density
            theta[galaxy], log_density[galaxy], effective[galaxy] = 0.5 * (nodes.low + nodes.high), np.inf, 0.0
            continue
        own, many, reading = (
            slice(first[galaxy], first[galaxy + 1]),
            first[galaxy + 1] - first[galaxy],
            one_of(readings, galaxy),
        )
        _place(
            nodes, which[galaxy, : number[galaxy]], share[galaxy], uniform[own], starts[galaxy, 0], at, corner, weight
        )
        _interpolate(table, density[galaxy], corner[:many], weight, features, rho)
        chi_squared(features, nodes.basis.shape[1], reading.center, reading.factor, chi[:many])
        _weigh(
            nodes,
            reading,
            power[galaxy],
            total[galaxy],
            normal[own],
            at,
            features,
            rho[:many],
            chi,
            candidates,
            log_v,
            log_q,
        )
        found, effective[galaxy] = choose(log_v[:many], few, starts[galaxy, 1], chosen, log_p)
        for place in range(few):
            if place < found:
                theta[galaxy, place] = candidates[chosen[place]]
                if dimensions > X:
                    theta[galaxy, place, 3] = math.exp(theta[galaxy, place, 3])
                log_density[galaxy, place] = log_q[chosen[place]] + log_p[place] + math.log(many / few)
            else:
                theta[galaxy, place] = 0.5 * (nodes.low + nodes.high)
                log_density[galaxy, place] = np.inf


draw_all = compiled_strictly(_draw_all, nogil=True)

r"""Candidates: many cheap draws, of which the few are chosen whose spectra are then made.

The density rho of a posterior between the nodes of a grid is interpolated linearly in each coordinate (which draws from
tents around nodes have), and the features of spectra likewise. A candidate is a point theta: three coordinates from rho
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
from digs.exact.brute_force.node_densities import mass_and_dust
from digs.exact.brute_force.readings import one_of

_F4 = np.float32


_LN10, _HALF_LN_2_PI = math.log(10), math.log(2 * math.pi) / 2


_SEARCH = 60  # steps, at most, for c


@compiled_strictly
def _in_tent(u, at, axis):
    """A draw from the tent around a node by a uniform number: the lower node of its cell, and the upper one's share."""
    left = axis[at] - axis[at - 1] if at > 0 else 0.0
    right = axis[at + 1] - axis[at] if at < len(axis) - 1 else 0.0
    x = u * (left + right)
    if x < left:
        return at - 1, np.sqrt(1 - x / left)
    return at, 1 - np.sqrt(max(0.0, 1 - (x - left) / right))


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
def _pulls(features, center, factor, pull):
    """Fill in what squares to chi^2, of interpolated features; there are zeros after its last."""
    if len(factor) == 0:
        for k in range(len(center)):
            pull[k] = features[k] - center[k]
        return
    pull[:] = _F4(0)
    for i in range(len(factor)):
        away, row = features[i] - center[i], factor[i]
        for k in range(len(row)):
            pull[k] = fma(away, row[k], pull[k])


@compiled_strictly
def _square(pull):
    """The sum of squares, in an order that leaves the processor four additions to do at a time."""
    a, b, c, d = _F4(0), _F4(0), _F4(0), _F4(0)
    for k in range(0, len(pull), 4):
        a, b = fma(pull[k], pull[k], a), fma(pull[k + 1], pull[k + 1], b)
        c, d = fma(pull[k + 2], pull[k + 2], c), fma(pull[k + 3], pull[k + 3], d)
    return np.float64((a + b) + (c + d))


@compiled_strictly
def _interpolate(table, a, b, c, d, a0, a1, b0, b1, c0, c1, d0, d1, features):
    """Fill in the sum of four rows of a table and of the rows after them, each times its weight."""
    for k in range(len(features)):
        low = fma(a0, table[a, k], fma(a1, table[a + 1, k], fma(b0, table[b, k], b1 * table[b + 1, k])))
        high = fma(c0, table[c, k], fma(c1, table[c + 1, k], fma(d0, table[d, k], d1 * table[d + 1, k])))
        features[k] = low + high


@compiled_strictly
def _draw(nodes, reading, power, which, share, density, total, uniform, normal, start, theta, log_v, log_q):
    """Fill in theta, (M, 5), with ln tage for tage, ln v and ln q, (M,), of candidates; v is 0 outside the prior.

    Args:
        power: of Lt, below 1 where it cannot be relied upon: that makes it wider.
        which, share, density, total: as of node_densities.
        uniform: (M, 3), normal, (M, 2), and start, one uniform number.
    """
    z_axis, x_axis, y_axis, number = nodes.logzsol, nodes.log_age, nodes.log_ratio, nodes.number
    table, age_of, ratio_of, low, high = nodes.features, nodes.age_of, nodes.ratio_of, nodes.low, nodes.high
    center, factor, offset, slope, widths = reading
    components = nodes.basis.shape[1]
    features, pull = np.zeros(table.shape[1], dtype=np.float32), np.zeros_like(center)
    center = center.copy()
    center[components:] = 0
    mass_slope, wider = widths[2] / _LN10, math.sqrt(1 / power)
    mass_std, dust_std = wider * widths[0] / _LN10, wider * widths[1]
    log_mass_std, log_dust_std = math.log(mass_std), math.log(dust_std)
    constant = math.log(_LN10) - math.log(total)
    at, passed = 0, share[0]
    for j in range(len(uniform)):
        log_v[j], log_q[j] = -np.inf, 0.0
        goal = (j + start) / len(uniform)
        while passed < goal and at < len(which) - 1:
            at += 1
            passed += share[at]
        plane, metallicity = which[at] // len(z_axis), which[at] % len(z_axis)
        lz, fz = _in_tent(np.float64(uniform[j, 0]), metallicity, z_axis)
        lx, fx = _in_tent(np.float64(uniform[j, 1]), age_of[plane], x_axis)
        ly, fy = _in_tent(np.float64(uniform[j, 2]), ratio_of[plane], y_axis)
        x = x_axis[lx] + fx * (x_axis[lx + 1] - x_axis[lx])
        y = y_axis[ly] + fy * (y_axis[ly + 1] - y_axis[ly])
        logtau = (x - y) / _LN10
        if logtau < low[4] or logtau > high[4]:
            continue
        a, b = number[lx, ly] * len(z_axis) + lz, number[lx, ly + 1] * len(z_axis) + lz
        c, d = number[lx + 1, ly] * len(z_axis) + lz, number[lx + 1, ly + 1] * len(z_axis) + lz
        wa, wb, wc, wd = (1 - fx) * (1 - fy), (1 - fx) * fy, fx * (1 - fy), fx * fy
        a0, a1, b0, b1 = _F4(wa * (1 - fz)), _F4(wa * fz), _F4(wb * (1 - fz)), _F4(wb * fz)
        c0, c1, d0, d1 = _F4(wc * (1 - fz)), _F4(wc * fz), _F4(wd * (1 - fz)), _F4(wd * fz)
        rho = a0 * density[a] + a1 * density[a + 1] + b0 * density[b] + b1 * density[b + 1]
        rho += c0 * density[c] + c1 * density[c + 1] + d0 * density[d] + d1 * density[d + 1]
        if not rho > 0:
            continue
        _interpolate(table, a, b, c, d, a0, a1, b0, b1, c0, c1, d0, d1, features)
        mass_mean, dust_mean = mass_and_dust(features, components, offset, slope)
        dust_mean += nodes.middle
        dust, log_dust = _near(dust_mean, dust_std, log_dust_std, low[2], high[2], np.float64(normal[j, 0]))
        mass_mean = mass_mean / _LN10 + mass_slope * (dust - dust_mean)
        mass, log_mass = _near(mass_mean, mass_std, log_mass_std, low[0], high[0], np.float64(normal[j, 1]))
        if dust < low[2] or dust > high[2] or mass < low[0] or mass > high[0]:
            continue
        theta[j, 0], theta[j, 2], theta[j, 3], theta[j, 4] = mass, dust, x, logtau
        theta[j, 1] = z_axis[lz] + fz * (z_axis[lz + 1] - z_axis[lz])
        # d theta = tage / ln 10 d x d y, at given metallicity, mass and dust
        log_q[j] = math.log(rho) + constant - x + log_dust + log_mass
        features[components:] = _F4(0)
        _pulls(features, center, factor, pull)
        chi = power * _square(pull) + ((dust - dust_mean) / dust_std) ** 2 + ((mass - mass_mean) / mass_std) ** 2
        log_v[j] = -0.5 * chi - log_q[j]


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
        p = min(1.0, c * v[j])
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
    few = theta.shape[1]
    candidates, log_v, log_q = np.empty((len(uniform), theta.shape[2])), np.empty(len(uniform)), np.empty(len(uniform))
    chosen, log_p = np.empty(few, dtype=np.int64), np.empty(few)
    for galaxy in range(len(theta)):
        own, many = slice(first[galaxy], first[galaxy + 1]), first[galaxy + 1] - first[galaxy]
        _draw(
            nodes,
            one_of(readings, galaxy),
            power[galaxy],
            which[galaxy, : number[galaxy]],
            share[galaxy],
            density[galaxy],
            total[galaxy],
            uniform[own],
            normal[own],
            starts[galaxy, 0],
            candidates,
            log_v,
            log_q,
        )
        found, effective[galaxy] = choose(log_v[:many], few, starts[galaxy, 1], chosen, log_p)
        for place in range(few):
            if place < found:
                theta[galaxy, place] = candidates[chosen[place]]
                theta[galaxy, place, 3] = math.exp(theta[galaxy, place, 3])
                log_density[galaxy, place] = log_q[chosen[place]] + log_p[place] + math.log(many / few)
            else:
                theta[galaxy, place] = 0.5 * (nodes.low + nodes.high)
                log_density[galaxy, place] = np.inf


draw_all = compiled_strictly(_draw_all, nogil=True)

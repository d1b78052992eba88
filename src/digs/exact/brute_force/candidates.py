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


_LN10 = math.log(10)


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
def _near(mean, std, low, high, normal):
    """A draw around a mean, or from the prior's end on where the mean lies beyond; and its ln density."""
    below, above = (low - mean) / std, (mean - high) / std
    if max(below, above) < 1:
        return mean + std * normal, -0.5 * normal * normal - math.log(math.sqrt(2 * math.pi) * std)
    steep = max(below, above)  # the density falls at least so fast
    away = -math.log(0.5 * math.erfc(-normal / math.sqrt(2.0)))
    return (low + std * away / steep if below > above else high - std * away / steep), math.log(steep / std) - away


@compiled_strictly
def _chi_squared(features, reading, components, pull):
    """Of interpolated features."""
    if len(reading.factor):
        pull[:] = _F4(0)
        for i in range(components):
            away = features[i] - reading.center[i]
            for k in range(components):
                pull[k] = fma(away, reading.factor[i, k], pull[k])
        for k in range(components):
            pull[k] = pull[k] * pull[k]
    else:
        for k in range(components):
            pull[k] = (features[k] - reading.center[k]) * (features[k] - reading.center[k])
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for k in range(0, len(pull), 4):  # zeros at the end
        a, b, c, d = a + pull[k], b + pull[k + 1], c + pull[k + 2], d + pull[k + 3]
    return (a + b) + (c + d)


@compiled_strictly
def _draw(nodes, reading, which, share, density, total, uniform, normal, start, theta, log_v, log_q):
    """Fill in theta, (M, 5), ln v and ln q, (M,), of candidates; v is 0 outside the prior.

    Args:
        which, share, density, total: as of node_densities.
        uniform: (M, 3), normal, (M, 2), and start, one uniform number.
    """
    number, metallicities, components = len(uniform), len(nodes.logzsol), nodes.basis.shape[1]
    features, pull = (
        np.zeros(nodes.features.shape[1], dtype=np.float32),
        np.zeros(len(reading.center), dtype=np.float32),
    )
    at, passed = 0, share[0]
    for j in range(number):
        log_v[j], log_q[j] = -np.inf, 0.0
        goal = (j + start) / number
        while passed < goal and at < len(which) - 1:
            at += 1
            passed += share[at]
        plane, metallicity = which[at] // metallicities, which[at] % metallicities
        lz, fz = _in_tent(np.float64(uniform[j, 0]), metallicity, nodes.logzsol)
        lx, fx = _in_tent(np.float64(uniform[j, 1]), nodes.age_of[plane], nodes.log_age)
        ly, fy = _in_tent(np.float64(uniform[j, 2]), nodes.ratio_of[plane], nodes.log_ratio)
        x = nodes.log_age[lx] + fx * (nodes.log_age[lx + 1] - nodes.log_age[lx])
        y = nodes.log_ratio[ly] + fy * (nodes.log_ratio[ly + 1] - nodes.log_ratio[ly])
        z = nodes.logzsol[lz] + fz * (nodes.logzsol[lz + 1] - nodes.logzsol[lz])
        logtau = (x - y) / _LN10
        if logtau < nodes.low[4] or logtau > nodes.high[4]:
            continue
        a, b = nodes.number[lx, ly] * metallicities + lz, nodes.number[lx, ly + 1] * metallicities + lz
        c, d = nodes.number[lx + 1, ly] * metallicities + lz, nodes.number[lx + 1, ly + 1] * metallicities + lz
        wa, wb, wc, wd = (1 - fx) * (1 - fy), (1 - fx) * fy, fx * (1 - fy), fx * fy
        a0, a1, b0, b1 = _F4(wa * (1 - fz)), _F4(wa * fz), _F4(wb * (1 - fz)), _F4(wb * fz)
        c0, c1, d0, d1 = _F4(wc * (1 - fz)), _F4(wc * fz), _F4(wd * (1 - fz)), _F4(wd * fz)
        rho = a0 * density[a] + a1 * density[a + 1] + b0 * density[b] + b1 * density[b + 1]
        rho += c0 * density[c] + c1 * density[c + 1] + d0 * density[d] + d1 * density[d + 1]
        if not rho > 0:
            continue
        for k in range(len(features)):
            low = fma(a0, nodes.features[a, k], fma(a1, nodes.features[a + 1, k], b0 * nodes.features[b, k]))
            high = fma(c0, nodes.features[c, k], fma(c1, nodes.features[c + 1, k], b1 * nodes.features[b + 1, k]))
            features[k] = fma(d0, nodes.features[d, k], fma(d1, nodes.features[d + 1, k], low + high))
        mean, dust_mean = mass_and_dust(features, components, reading)
        mass_std, dust_std, mass_slope = reading.widths
        dust_mean += nodes.middle
        dust, log_dust = _near(dust_mean, dust_std, nodes.low[2], nodes.high[2], np.float64(normal[j, 0]))
        mean = (mean + mass_slope * (dust - dust_mean)) / _LN10
        mass_std /= _LN10
        mass, log_mass = _near(mean, mass_std, nodes.low[0], nodes.high[0], np.float64(normal[j, 1]))
        if dust < nodes.low[2] or dust > nodes.high[2] or mass < nodes.low[0] or mass > nodes.high[0]:
            continue
        theta[j, 0], theta[j, 1], theta[j, 2], theta[j, 3], theta[j, 4] = mass, z, dust, math.exp(x), logtau
        # d theta = tage / ln 10 d x d y, at given metallicity, mass and dust
        log_q[j] = math.log(rho / total) - x + math.log(_LN10) + log_dust + log_mass
        chi = _chi_squared(features, reading, components, pull)
        chi += ((dust - dust_mean) / dust_std) ** 2 + ((mass - mean) / mass_std) ** 2
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


def _draw_all(nodes, readings, which, share, number, density, total, numbers, theta, log_density, effective):
    """Fill in draws of galaxies as of proposals.Proposal.

    Args:
        which, share, number, density, total: as of node_densities.
        numbers: uniform ones, (G, M, 3), normal ones, (G, M, 2), and starts, (G, 2).
    """
    uniform, normal, starts = numbers
    many, few = uniform.shape[1], theta.shape[1]
    candidates, log_v, log_q = np.empty((many, theta.shape[2])), np.empty(many), np.empty(many)
    chosen, log_p = np.empty(few, dtype=np.int64), np.empty(few)
    scale = math.log(many / few)
    for galaxy in range(len(theta)):
        _draw(
            nodes,
            one_of(readings, galaxy),
            which[galaxy, : number[galaxy]],
            share[galaxy],
            density[galaxy],
            total[galaxy],
            uniform[galaxy],
            normal[galaxy],
            starts[galaxy, 0],
            candidates,
            log_v,
            log_q,
        )
        found, effective[galaxy] = choose(log_v, few, starts[galaxy, 1], chosen, log_p)
        for place in range(few):
            if place < found:
                theta[galaxy, place] = candidates[chosen[place]]
                log_density[galaxy, place] = log_q[chosen[place]] + log_p[place] + scale
            else:
                theta[galaxy, place] = 0.5 * (nodes.low + nodes.high)
                log_density[galaxy, place] = np.inf


draw_all = compiled_strictly(_draw_all, nogil=True)

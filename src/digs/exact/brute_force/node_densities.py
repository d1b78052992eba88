r"""The densities of posteriors at the nodes of a grid.

At a node the posterior of the three coordinates, mass and dust free, is e^{-chi^2 / 2} times the prior's density and
the share of mass and dust that the prior leaves (digs.exact.brute_force.readings). Where so few nodes hold all of it
that it may have slipped between them, it is made wider: raised to the power 1/2, 1/4, ...
"""

import numpy as np

from digs.base.compilation import compiled_strictly
from digs.base.elementary import exp2, fma
from digs.exact.brute_force.nodes import TILE
from digs.exact.brute_force.readings import one_of

_F4 = np.float32


_LOG2E, _HALF, _ONE = _F4(1 / np.log(2)), _F4(0.5), _F4(1)


_CUT = _F4(18)  # nat below the best node, from which on nodes are left out


_FEWEST = 6.0  # effective number of nodes that hold the posterior


_LEAST_POWER = _F4(1e-3)


_LOGISTIC = _F4(-1.702)  # 1 / (1 + e^{-1.702 z}) is the integral of a normal distribution, to 0.01, with wider tails


_FAR, _LEAST_SHARE = _F4(5), _F4(1e-6)


def _fill_even(nodes, readings, found):
    """Fill in ln densities of galaxies, (G, tiles, TILE), of readings with even noise."""
    centers = readings.center
    for tile in range(len(nodes.columns)):
        columns, jacobian, half_square = nodes.columns[tile], nodes.jacobian[tile], nodes.half_square[tile]
        for galaxy in range(len(centers)):
            total = found[galaxy, tile]
            for t in range(TILE):
                total[t] = jacobian[t] - half_square[t]
            for k in range(0, len(columns), 4):
                c0, c1, c2, c3 = columns[k], columns[k + 1], columns[k + 2], columns[k + 3]
                own = centers[galaxy]
                y0, y1, y2, y3 = own[k], own[k + 1], own[k + 2], own[k + 3]
                for t in range(TILE):
                    total[t] = fma(y0, c0[t], fma(y1, c1[t], fma(y2, c2[t], fma(y3, c3[t], total[t]))))


def _fill_weighted(nodes, readings, found):
    """The same of readings with any noise."""
    components = readings.factor.shape[1]
    pull, away = np.empty(TILE, dtype=np.float32), np.empty((components, TILE), dtype=np.float32)
    for tile in range(len(nodes.columns)):
        columns, jacobian = nodes.columns[tile], nodes.jacobian[tile]
        for galaxy in range(len(found)):
            center, factors, total = readings.center[galaxy], readings.factor[galaxy], found[galaxy, tile]
            total[:] = jacobian
            for k in range(components):
                own, column, middle = away[k], columns[k], center[k]
                for t in range(TILE):
                    own[t] = column[t] - middle
            for k in range(components):
                pull[:] = _F4(0)
                for i in range(k, components):
                    factor, own = factors[i, k], away[i]
                    for t in range(TILE):
                        pull[t] = fma(factor, own[t], pull[t])
                for t in range(TILE):
                    total[t] = fma(-_HALF * pull[t], pull[t], total[t])


fill_even = compiled_strictly(_fill_even, nogil=True)
fill_weighted = compiled_strictly(_fill_weighted, nogil=True)


@compiled_strictly
def _exp(x):
    """e^x of a 32-bit float."""
    return exp2(x * _LOG2E)


@compiled_strictly
def _share(mean, std, low, high):
    """How much of a normal distribution lies between two ends, roughly, and not less than a little."""
    above, below = _F4((mean - low) / std), _F4((high - mean) / std)
    share = _ONE
    if above < _FAR:
        share /= _ONE + _exp(_LOGISTIC * above)
    if below < _FAR:
        share /= _ONE + _exp(_LOGISTIC * below)
    return max(share, _LEAST_SHARE)


@compiled_strictly
def _mass_and_dust(features, components, offset, slope):
    """The means of v and of dust2 - d at these features."""
    mass, dust = offset[0] - features[components], offset[1] + features[components + 1]
    for k in range(slope.shape[1]):
        mass -= slope[0, k] * features[k]
        dust -= slope[1, k] * features[k]
    return mass, dust


@compiled_strictly
def _choose_nodes(log_density, nodes, reading, density, which, share):
    """Fill in the densities of nodes, (T,), relative to some constant, and list those which are not 0.

    Args:
        log_density: (tiles TILE,).
        which: for the nodes that are not 0, and share, for the shares of the posterior that their tents hold.
    Returns:
        how many nodes that are, and what the density integrates to.
    """
    components = nodes.basis.shape[1]
    best = log_density[0]
    for t in range(len(log_density)):
        best = max(best, log_density[t])
    table, offset, slope = nodes.features, reading.offset, reading.slope
    mass_std, dust_std, mass_slope = reading.widths
    mass_std = np.hypot(mass_std, mass_slope * dust_std)
    to_ln = np.log(10.0)
    power = _ONE
    while True:
        number, total, squares = 0, 0.0, 0.0
        cut = best - _CUT / power
        for t in range(len(density)):
            density[t] = _F4(0)
            if log_density[t] > cut:
                mass, dust = _mass_and_dust(table[t], components, offset, slope)
                inside = _share(dust, dust_std, nodes.low[2] - nodes.middle, nodes.high[2] - nodes.middle)
                inside *= _share(mass, mass_std, nodes.low[0] * to_ln, nodes.high[0] * to_ln)
                density[t] = _exp((log_density[t] - best) * power) * inside
                own = np.float64(density[t]) * nodes.volume[t]
                which[number], share[number] = t, own
                number, total, squares = number + 1, total + own, squares + own * own
        if total * total >= _FEWEST * squares or power < _LEAST_POWER:
            break
        power *= _HALF
    for place in range(number):
        share[place] /= total
    return number, total


@compiled_strictly
def _mean_features(which, share, nodes, features):
    """Fill in the mean of the features over nodes by their shares."""
    features[:] = _F4(0)
    for place in range(len(which)):
        if share[place] > 1e-5:
            part, own = _F4(share[place]), nodes.features[which[place]]
            for k in range(len(features)):
                features[k] = fma(part, own[k], features[k])


def _choose_all_nodes(log_densities, nodes, readings, density, which, share, number, total, features):
    """Fill in for galaxies, G, what _choose_nodes finds, and the mean features; shapes with G in front."""
    for galaxy in range(len(density)):
        reading, own = one_of(readings, galaxy), log_densities[galaxy].reshape(-1)
        number[galaxy], total[galaxy] = _choose_nodes(
            own, nodes, reading, density[galaxy], which[galaxy], share[galaxy]
        )
        _mean_features(which[galaxy, : number[galaxy]], share[galaxy], nodes, features[galaxy])


choose_all_nodes = compiled_strictly(_choose_all_nodes, nogil=True)

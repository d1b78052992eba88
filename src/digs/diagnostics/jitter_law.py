r"""What a network learns when its labels are jittered: the exact posterior convolved with the jitter.

A training pair is a label t and a spectrum x that was simulated for a theta of its own, theta* = t - delta. All that x
and t have in common is theta*. So

    p(t | x) = \int K(t | theta*) p(theta* | x) dtheta*,     K(t | theta*) = p(t | theta*),

and that is what a network learns that is trained on such pairs, whatever K is. p(theta* | x) is the exact posterior if
theta* has the prior as its distribution. Where delta does not depend on theta*, K(t | theta*) = k(t - theta*): the
network learns the exact posterior convolved with k, and variances add. For the nearest member of a library of N,

1. theta* is one of N points. p(theta* | x) is the exact posterior as long as many members are inside it, or as long as
   a network cannot tell members apart and learns what is smooth. A network without limit would, of few members, learn
   the cells of those that fit best: `members` in stage `jitter`.
2. K(. | theta*) is uniform in the cell of theta*. Averaged over libraries, and far from the ends of the prior, it does
   not depend on theta*: the law holds. Its width goes as N^(-1/5) with five parameters.
3. At the ends of the prior the label lies inside, and delta points inwards. How much that matters on average: t and
   theta* have the same distribution, nearly, so that Var(t) = Var(theta* + delta) gives Cov(delta, theta*) = -J/2 with
   the jitter's variance J: labels are theta* shrunk by the share J / (2 V), V being the prior's variance. With a range
   of R, V = R^2 / 12: with 10 000 members that is 10% for the dust (J = 0.118^2, R = 0.9), and 0.3% for the mass.

`jittered` draws from the convolution. Where it is local, delta is that of pairs whose theta* is close, which takes the
third point into account; else it is that of any pair. In both labels stay inside the prior.
"""

import numpy as np
from scipy.spatial import KDTree

from digs.base.random_streams import stream

_TRIES = 50
_MEMBERS = 3  # near a draw, whose jitter is taken


def jittered(
    draws: np.ndarray, label: np.ndarray, own: np.ndarray, low: np.ndarray, high: np.ndarray, seed: int, local: bool
) -> np.ndarray:
    """Return draws of exact posteriors, (N, draws, d), with the jitter of training pairs added.

    Args:
        draws: of the exact posteriors, (N, draws, d).
        label: theta of the pairs, (P, d).
        own: theta that their spectra were simulated for, (P, d).
        low, high: the ends of the prior, (d,) each.
        seed: of the random numbers.
        local: whether jitter is that of pairs whose spectra belong close to the draw, in units of the prior's ranges.

    Example:
        >>> import numpy as np
        >>> from digs.diagnostics.jitter_law import jittered
        >>> random = np.random.default_rng(1)
        >>> own = random.uniform(-1, 1, (1000, 1))
        >>> label = np.clip(own + 0.1 * random.standard_normal(own.shape), -1, 1)
        >>> draws = 0.1 * random.standard_normal((1, 5000, 1))
        >>> wider = jittered(draws, label, own, np.array([-1.0]), np.array([1.0]), seed=1, local=False)
        >>> round(float(wider.std() / draws.std()), 1)
        1.4
    """
    random = stream(seed, f"jitter, local {local}")
    flat, delta = draws.reshape(-1, draws.shape[-1]), label - own
    near = _near(flat, own, low, high) if local else None
    found, missing = flat.copy(), np.arange(len(flat))
    for _ in range(_TRIES):
        chosen = random.integers(len(own) if near is None else near.shape[1], size=len(missing))
        pairs = chosen if near is None else near[missing, chosen]
        tried = flat[missing] + delta[pairs]
        inside = ((tried >= low) & (tried <= high)).all(1)
        found[missing[inside]] = tried[inside]
        missing = missing[~inside]
    found[missing] = np.clip(tried[~inside], low, high)  # of the few that are left
    return found.reshape(draws.shape)


def _near(draws: np.ndarray, own: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The pairs whose theta* are nearest to each draw, (draws, some)."""
    members = len(np.unique(own, axis=0))
    some = int(np.clip(_MEMBERS * len(own) // members, 2 * _MEMBERS, len(own)))
    return KDTree((own - low) / (high - low)).query((draws - low) / (high - low), k=some)[1]


def of_members(log_likelihood: np.ndarray, label: np.ndarray, member: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Return labels drawn from p(t | x) of a network without limit, (N, draws, d): pairs weighted by their likelihood.

    Args:
        log_likelihood: of N spectra under the library's members, (N, M).
        label: of the pairs, (P, d).
        member: which member's spectrum each has, (P,).
    """
    found = np.empty((len(log_likelihood), draws, label.shape[1]))
    for row, one in enumerate(log_likelihood):
        of_pairs = one[member]
        weight = np.exp(of_pairs - of_pairs.max())
        found[row] = label[stream(seed, "members", b"%d" % row).choice(len(label), draws, p=weight / weight.sum())]
    return found

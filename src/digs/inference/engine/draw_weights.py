"""Weights of draws: how many they are worth, how to keep a few, and how to make them more even."""

import numpy as np


def effective_number(log_weight: np.ndarray) -> float:
    """Return how many of the draws are effective (Kish 1965), 0 where none has any weight.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.draw_weights import effective_number
        >>> round(effective_number(np.log([1.0, 1.0, 1e-9])), 3)
        2.0
    """
    if not len(log_weight) or not log_weight.max() > -np.inf:
        return 0.0
    weight = np.exp(log_weight - log_weight.max())
    return float(weight.sum() ** 2 / np.square(weight).sum())


def thinned(log_weight: np.ndarray, number: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of so many draws, each once, and their ln weights, which are as even as can be.

    A draw of weight w is kept with probability min(1, c w), c such that so many are kept, at equal steps along the sum
    of these, and then has the weight w / min(1, c w): sums over the draws keep their expectation, and no other choice
    changes the weights by less (Fearnhead & Clifford 2003, J. R. Stat. Soc. B 65, 887).

    Args:
        log_weight: of all draws, shape (N,), of which `number` or more have a weight.
        number: of draws that are kept.
        random: source of random numbers.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.draw_weights import thinned
        >>> rows, log_weight = thinned(np.log([4.0, 1.0, 1.0, 1.0, 1.0]), 3, np.random.default_rng(1))
        >>> rows[0], np.exp(log_weight).round(2).tolist()
        (0, [4.0, 2.0, 2.0])
    """
    weight = np.exp(log_weight - log_weight.max())
    order = np.argsort(-weight, kind="stable")
    descending = weight[order]
    rest = descending[::-1].cumsum()[::-1]  # of each draw and those below it
    whole = 0  # draws that are kept for certain
    while whole < number and descending[whole] * (number - whole) >= rest[whole]:
        whole += 1
    chosen = order[:whole]
    if whole < number:
        others = random.permutation(order[whole:])
        steps = (random.random() + np.arange(number - whole)) / (number - whole)
        total = weight[others].cumsum()
        rows = others[np.searchsorted(total, steps * total[-1], side="right").clip(max=len(others) - 1)]
        chosen = np.concatenate([chosen, rows])
        even = np.full(number - whole, np.log(total[-1] / (number - whole)))
    else:
        even = np.empty(0)
    return chosen, np.concatenate([np.log(descending[:whole]), even]) + log_weight.max()


def tempered(log_weight: np.ndarray, least: float) -> np.ndarray:
    """Return ln weights raised to the largest power up to 1 that leaves so many draws effective."""
    log_weight = log_weight - log_weight.max()
    powers = np.geomspace(1.0, 1e-3, 40)
    for power in powers:
        weight = np.exp(power * log_weight)
        if weight.sum() ** 2 / np.square(weight).sum() >= least:
            break
    return power * log_weight


def kept_draws(log_weight: np.ndarray, number: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of so many draws, or of all where there are fewer, and their ln weights.

    Those without a weight are taken where the others are not enough.

    Args:
        log_weight: of all draws, shape (N,).
        number: of draws that are kept.
        random: source of random numbers.

    Example:
        >>> import numpy as np
        >>> from digs.inference.engine.draw_weights import kept_draws
        >>> rows, log_weight = kept_draws(np.array([-np.inf, 0.0, -1.0]), 2, np.random.default_rng(1))
        >>> rows.tolist(), log_weight.tolist()
        ([1, 2], [0.0, -1.0])
    """
    if np.isfinite(log_weight).sum() > number:
        return thinned(log_weight, number, random)
    rows = np.argsort(~np.isfinite(log_weight), kind="stable")[:number]
    return rows, log_weight[rows]

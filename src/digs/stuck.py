"""Draws of walkers that never found the posterior: so few that rules of convergence, on ranks, do not see them."""

from torch import Tensor

FAR_BELOW = 25.0  # nat; a normal posterior of five parameters has one draw in 10^9 so far below its maximum


def stuck(log_prob: Tensor) -> Tensor:
    """Which draws lie that far below the best of their galaxy, shape (N, draws), by ln posterior of this shape."""
    return log_prob < log_prob.amax(1, keepdim=True) - FAR_BELOW

"""Mock galaxies, whose truth is known: what is kept of their posteriors, to judge these by.

One more draw of each posterior, besides those that are compared with the truth, stands for the truth of an exact
posterior: as such a draw and the data have the joint distribution of the truth and the data, what one finds with it is
what one finds with the truth where the posterior is exact.
"""

from dataclasses import dataclass

import numpy as np

from digs.diagnostics.deviations import Deviations
from digs.diagnostics.joint import contraction, density_rank, distance_rank, whiten, z_score
from digs.diagnostics.ranks import ranks

JOINT = ("density", "distance")  # how draws of all parameters at once are ranked


@dataclass(frozen=True)
class MockPosteriors:
    """What is kept of the posteriors of N mock galaxies.

    truth, draw: and the one more draw; mean, median, half_width: of the draws; contraction: of the prior by them;
        shape (N, 5) each.
    rank, z, white_truth: of the truth among the draws, shape (N, 5) each; draw_rank, draw_z, white_draw: of the draw.
    joint_rank: of the truth in all parameters at once, in the ways of JOINT, shape (N, 2).
    """

    truth: np.ndarray
    draw: np.ndarray
    mean: np.ndarray
    median: np.ndarray
    half_width: np.ndarray
    contraction: np.ndarray
    rank: np.ndarray
    z: np.ndarray
    white_truth: np.ndarray
    draw_rank: np.ndarray
    draw_z: np.ndarray
    white_draw: np.ndarray
    joint_rank: np.ndarray

    @classmethod
    def of(
        cls,
        truth: np.ndarray,
        draw: np.ndarray,
        draws: np.ndarray,
        log_prob: np.ndarray,
        log_prob_truth: np.ndarray,
        centres: np.ndarray,
        ends: tuple[np.ndarray, np.ndarray],
    ) -> "MockPosteriors":
        """Return what is kept.

        Args:
            truth: shape (N, 5).
            draw: one of each posterior, shape (N, 5).
            draws: others of them, shape (N, draws, 5).
            log_prob: the density of the draws, shape (N, draws).
            log_prob_truth: that of the truths, shape (N,).
            centres: points of which draws may be nearer than the truth, as of distance_rank, shape (N, 5).
            ends: low and high ends of the prior, shape (5,) each.
        """
        lower, median, upper = np.quantile(draws, (0.16, 0.5, 0.84), axis=1)
        white = whiten(np.stack([truth, draw], 1), draws)
        joint_rank = density_rank(log_prob, log_prob_truth), distance_rank(draws, truth, centres)
        return cls(
            truth=truth,
            draw=draw,
            mean=draws.mean(1),
            median=median,
            half_width=(upper - lower) / 2,
            contraction=contraction(draws, *ends),
            rank=ranks(draws, truth),
            z=z_score(draws, truth),
            white_truth=white[:, 0],
            draw_rank=ranks(draws, draw),
            draw_z=z_score(draws, draw),
            white_draw=white[:, 1],
            joint_rank=np.stack(joint_rank, 1),
        )

    def deviations(self, draws: int) -> Deviations:
        """Return those of the truths, whose ranks are out of so many draws."""
        return Deviations(self.mean - self.truth, self.z, self.rank, draws)

    def deviations_of_draw(self, draws: int) -> Deviations:
        """Return those of the draw that stands for the truth."""
        return Deviations(self.mean - self.draw, self.draw_z, self.draw_rank, draws)

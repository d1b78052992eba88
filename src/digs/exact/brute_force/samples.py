"""Weighted draws of many galaxies.

Of n draws with weights w some are chosen as candidates are (digs.exact.brute_force.candidates), with the probabilities
pi = min(1, c w), after which their weights are w / pi = max(w, 1 / c): more even than before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch

from digs.base.statistics import efficiency
from digs.exact.brute_force.candidates import choose
from digs.exact.brute_force.proposals import Proposal


@dataclass(frozen=True)
class Sample:
    """Draws of N galaxies, ln weights, ln of the evidence and its error."""

    theta: np.ndarray
    log_weight: np.ndarray
    log_evidence: np.ndarray
    error: np.ndarray

    @classmethod
    def weighted(cls, proposal: Proposal, log_weight: np.ndarray) -> "Sample":
        """Return draws with what their weights, (N, draws), say of the evidence."""
        theta, _, share, candidates = proposal
        draws, share = log_weight.shape[1], share.clip(1 / candidates)
        error = np.sqrt((1 / _effective_share(log_weight) - 1) / draws + (1 / share - 1) / candidates)
        return cls(theta, log_weight, np.logaddexp.reduce(log_weight, 1) - math.log(draws), error)

    @classmethod
    def together(cls, parts: Sequence["Sample"]) -> "Sample":
        """Return the galaxies of all parts."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))

    @property
    def effective_share(self) -> np.ndarray:
        """Return the effective share of the draws, (N,)."""
        return _effective_share(self.log_weight)

    def each(self) -> list["Sample"]:
        """Return the galaxies one by one."""
        parts = (np.split(getattr(self, each.name), len(self.theta)) for each in fields(self))
        return [Sample(*part) for part in zip(*parts, strict=True)]

    def fewer(self, draws: int, starts: Sequence[float]) -> "Sample":
        """Return fewer draws, chosen by their weights as candidates are; starts are uniform numbers, (N,)."""
        theta = np.empty((len(self.theta), draws, self.theta.shape[2]))
        log_weight = np.full((len(theta), draws), -np.inf)
        for row, start in enumerate(starts):
            chosen, log_p = np.zeros(draws, dtype=np.int64), np.zeros(draws)
            number, _ = choose(self.log_weight[row], draws, start, chosen, log_p)
            theta[row] = self.theta[row, chosen]
            log_weight[row, :number] = self.log_weight[row, chosen[:number]] - log_p[:number]
        log_weight += math.log(draws / self.theta.shape[1])
        return Sample(theta, log_weight, self.log_evidence, self.error)


def _effective_share(log_weight: np.ndarray) -> np.ndarray:
    """Of draws by their weights, (N,); that of one draw where none has any weight."""
    share = efficiency(torch.as_tensor(log_weight)).numpy()
    return np.nan_to_num(share, nan=0.0).clip(1 / log_weight.shape[1])

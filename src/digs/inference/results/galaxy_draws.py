"""Weighted draws of the posteriors of a catalogue, with a verdict on each, galaxy by galaxy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.inputs import named, read_array
from digs.base.join import join_rows
from digs.base.statistics import QUANTILES, efficiency, weighted_quantiles

TRUSTED, REFINED, REFITTED, OUTSIDE, TOO_FAR = KINDS = (
    "trusted",
    "refined",
    "refitted",
    "outside the model",
    "too far from its prior",
)
WITHOUT_POSTERIOR = (OUTSIDE, TOO_FAR)
_NUMBERS = ("draws", "log_weight", "log_evidence", "log_evidence_error")
_BY_GALAXY = (*_NUMBERS, "verdict", "reason", "ids")


@dataclass(frozen=True)
class GalaxyDraws:
    """Weighted draws of N posteriors and what they rest on.

    draws: of theta, shape (N, draws, P); nan where there is no posterior.
    names: of the columns of theta, P.
    log_weight: natural logs of the weights, of any level, shape (N, draws); nan where there is no posterior.
    log_evidence, log_evidence_error: ln of the evidence and its standard error, shape (N,); nan where unknown.
    verdict: one of KINDS for each galaxy, shape (N,). "trusted": weighted draws of the network; "refined": of more
        rounds of proposals; "refitted": of an exact method instead of the network; "outside the model": no galaxy of
        the model has this spectrum; "too far from its prior": another prior was asked for, which these draws cannot
        give.
    reason: for the verdict, in a few words, shape (N,); empty where the galaxy is trusted.
    lights: which warning lights are on, by name, shape (N,) each.
    ids: of the galaxies, shape (N,).
    sps_label: of the stellar populations behind all of it.

    Raises:
        DigsError: shapes or verdicts do not fit, or a galaxy with a posterior has draws or weights that are no numbers.
    """

    draws: np.ndarray
    names: tuple[str, ...]
    log_weight: np.ndarray
    log_evidence: np.ndarray
    log_evidence_error: np.ndarray
    verdict: np.ndarray
    reason: np.ndarray
    lights: dict[str, np.ndarray]
    ids: np.ndarray
    sps_label: str

    def __post_init__(self):
        for name in _NUMBERS:
            given = read_array(getattr(self, name), f"The values of {name}").values
            object.__setattr__(self, name, given.astype(np.float64, copy=False))
        for name in ("verdict", "reason", "ids"):
            object.__setattr__(self, name, np.asarray(getattr(self, name)))
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "lights", {name: np.asarray(on, bool) for name, on in self.lights.items()})
        self._check()

    def _check(self) -> None:
        if self.draws.ndim != 3 or self.draws.shape[2] != len(self.names):
            raise DigsError(f"The draws have shape {self.draws.shape}, not (N, draws, {len(self.names)}) as the names.")
        arrays = {name: getattr(self, name) for name in _BY_GALAXY} | self.lights
        for name, values in arrays.items():
            axes = {"draws": 3, "log_weight": 2}.get(name, 1)
            if values.shape != self.draws.shape[:axes]:
                raise DigsError(f"{name} has shape {values.shape}, not {self.draws.shape[:axes]} as of the draws.")
        unknown = set(self.verdict.tolist()) - set(KINDS)
        if unknown:
            raise DigsError(f"'{min(map(str, unknown))}' is no verdict; choose from: {', '.join(KINDS)}.")
        weighed = (self.log_weight < np.inf).all(1) & (self.log_weight > -np.inf).any(1)
        wrong = self.there & ~(np.isfinite(self.draws).all((1, 2)) & weighed)
        if wrong.any():
            rows = np.flatnonzero(wrong)
            raise DigsError(f"Draws or weights of {named(rows)} are no numbers; call such galaxies '{OUTSIDE}'.")

    def __len__(self) -> int:
        return len(self.draws)

    def __getitem__(self, rows: Any) -> Self:
        """Return some galaxies, by a row number, a slice, row numbers or truth values."""
        try:
            chosen = np.atleast_1d(np.arange(len(self))[rows])
        except IndexError:
            raise DigsError(f"There is no galaxy {rows} among {len(self)}; the first has row 0.") from None
        parts = {name: getattr(self, name)[chosen] for name in _BY_GALAXY}
        return replace(self, **parts, lights={name: on[chosen] for name, on in self.lights.items()})

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """Return the galaxies of all parts, one after the other.

        Raises:
            DigsError: there is no part, or parts differ in parameters, warning lights, populations or number of draws.
        """
        if not parts:
            raise DigsError("There are no posteriors to put together; give one part or more.")
        first = parts[0]
        for what in ("names", "sps_label"):
            if any(getattr(part, what) != getattr(first, what) for part in parts):
                raise DigsError(f"The parts differ in their {what}; put together those alone that agree.")
        if len({part.draws.shape[1] for part in parts}) > 1 or len({tuple(part.lights) for part in parts}) > 1:
            raise DigsError("The parts differ in draws or warning lights; put together those alone that agree.")
        joined = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _BY_GALAXY}
        return replace(first, **joined, lights=join_rows([part.lights for part in parts]))

    @property
    def there(self) -> np.ndarray:
        """Return which galaxies have a posterior, shape (N,)."""
        return ~np.isin(self.verdict, WITHOUT_POSTERIOR)

    @cached_property
    def weight(self) -> np.ndarray:
        """Return the weights, shape (N, draws): those of a galaxy add up to 1; nan where there is no posterior."""
        weight = np.full(self.log_weight.shape, np.nan)
        weight[self.there] = torch.softmax(torch.from_numpy(self.log_weight[self.there]), 1).numpy()
        return weight

    @property
    def efficiency(self) -> np.ndarray:
        """Return the effective share of the draws (Kish 1965), shape (N,); nan where there is no posterior."""
        share = np.full(len(self), np.nan)
        share[self.there] = efficiency(torch.from_numpy(self.log_weight[self.there])).numpy()
        return share

    @property
    def effective(self) -> np.ndarray:
        """Return the effective number of draws, shape (N,); nan where there is no posterior."""
        return self.efficiency * self.draws.shape[1]

    def quantiles(self, probabilities: tuple[float, ...] = QUANTILES) -> np.ndarray:
        """Return quantiles of the parameters, shape (N, probabilities, P); nan where there is no posterior."""
        return self.quantiles_of(self.draws, probabilities)

    def quantiles_of(self, values: np.ndarray, probabilities: tuple[float, ...] = QUANTILES) -> np.ndarray:
        """Return weighted quantiles, shape (N, probabilities, m), of values of the draws, (N, draws, m)."""
        found = np.full((len(self), len(probabilities), values.shape[2]), np.nan)
        for row in np.flatnonzero(self.there):
            found[row] = weighted_quantiles(values[row], self.weight[row], probabilities)
        return found

    def column(self, name: str) -> int:
        """Return the place of a parameter among the columns.

        Raises:
            DigsError: no column has that name.
        """
        if name not in self.names:
            raise DigsError(f"There is no parameter '{name}'; choose from: {', '.join(self.names)}.")
        return self.names.index(name)

    def one(self, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the draws of one galaxy, shape (draws, P), and their weights, shape (draws,).

        Raises:
            DigsError: there is no such galaxy, or it has no posterior.
        """
        galaxy = self[int(row)]
        if not galaxy.there[0]:
            raise DigsError(f"Galaxy {row} has no posterior: it is {galaxy.verdict[0]} ({galaxy.reason[0]}).")
        return galaxy.draws[0], galaxy.weight[0]

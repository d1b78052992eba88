"""The prior of digs.infer in a few columns: a box whose oldest age is the universe's at the galaxy's redshift."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.inputs import named
from digs.inference.engine.draw_weights import effective_number
from digs.inference.engine.model_prior import ModelPrior
from digs.inference.population.interim_draws import InterimDraws
from digs.inference.population.population_memory import check_draws
from digs.inference.population.prior_ends import PriorEnds

Part = tuple[slice, np.ndarray, np.ndarray]  # some galaxies, their draws, (n, draws, d), and ln weights, (n, draws)

_ROUNDING = 1e-5  # of a box's side, by which draws of single precision may lie beyond it


class EnginePrior:
    """The prior of digs.infer in a few columns, the others integrated out.

    Args:
        names: of the columns.
        ranges: as of EngineSettings.
    """

    def __init__(self, names: Sequence[str], ranges: Mapping[str, tuple[float, float]]):
        if not names or len(set(names)) < len(names) or isinstance(names, str):
            raise DigsError('The columns of a population are not clear; give a list such as ["logmass", "tage"].')
        self.names = tuple(names)
        self._ranges = {name: tuple(ends) for name, ends in ranges.items()}

    def at(self, redshift: float) -> ModelPrior:
        """Return the prior of a galaxy."""
        return ModelPrior(self.names, redshift, self._ranges)

    def divided_out(
        self, parts: Iterable[Part], each: int, redshift: np.ndarray, independent: np.ndarray, rows: np.ndarray
    ) -> InterimDraws:
        """Return draws without their prior, in single precision; no more than a part is there twice.

        Args:
            parts: all galaxies, one part after the other.
            each: draws of a galaxy.
            redshift: shape (N,).
            independent: how many independent draws are behind those of each galaxy, shape (N,); parts may change it.
            rows: of the galaxies in their catalogue, shape (N,).
        Raises:
            DigsError: there is no galaxy, or there are too many for the memory; draws lie beyond the prior, or are no
                numbers.
        """
        if not len(rows):
            raise DigsError("No galaxy of this catalogue has a posterior, so that there is no population to be found.")
        check_draws(len(rows), each, len(self.names))
        if (unknown := ~np.isfinite(redshift)).any():
            raise DigsError(f"The redshifts of {named(rows[unknown])} are missing; infer these galaxies anew.")
        priors = {value: self.at(value) for value in np.unique(redshift).tolist()}
        high = np.stack([priors[value].high.numpy() for value in redshift.tolist()])
        ends = PriorEnds(priors[float(redshift[0])].low.numpy(), high)
        values = np.empty((len(rows), each, len(self.names)), dtype=np.float32)
        log_weight, by_weight = np.empty((len(rows), each), dtype=np.float32), np.empty(len(rows))
        for some, draws, weights in parts:
            inside = self._inside(draws, ends.low, ends.high[some], rows[some])
            log_prior = np.stack(
                [
                    priors[value].log_prob(torch.from_numpy(one)).numpy()
                    for value, one in zip(redshift[some].tolist(), inside, strict=True)
                ]
            )
            weighed = ~np.isneginf(weights)
            without = np.where(weighed, weights - np.where(weighed, log_prior, 0.0), -np.inf)
            if (wrong := ~np.isfinite(without.max(1)) | np.isnan(without).any(1)).any():
                raise DigsError(f"Draws or weights of {named(rows[some][wrong])} are no numbers; infer them anew.")
            values[some], log_weight[some] = inside, without - without.max(1, keepdims=True)
            by_weight[some] = [effective_number(one) for one in weights]
        widest = self.at(float(redshift.min()))
        log_interim = lambda places: widest.log_prob(torch.from_numpy(places)).numpy()
        return InterimDraws(
            self.names, values, log_weight, rows, log_interim, ends, (by_weight / independent.clip(1)).clip(1)
        )

    @staticmethod
    def _inside(draws: np.ndarray, low: np.ndarray, high: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Draws, those that rounding has put beyond the prior at its ends; refuse others beyond."""
        inside = draws.astype(np.float64).clip(low, high[:, None])
        beyond = (np.abs(inside - draws) > _ROUNDING * (high - low)[:, None]).any((1, 2))
        if beyond.any():
            raise DigsError(
                f"Draws of {named(rows[beyond])} lie beyond the prior that these posteriors are said to have; infer "
                "them anew."
            )
        return inside

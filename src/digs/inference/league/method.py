"""What a method of the league is: spectra in, draws of their posteriors out, on the same terms for all."""

import inspect
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base.random_streams import galaxy_keys
from digs.files.resumable import SCRATCH, ResumableParts
from digs.physics.prior import Prior
from digs.physics.stored_populations import POPULATIONS_FILE

FOLDER = SCRATCH / "league"


@dataclass(frozen=True)
class ObservedSpectra:
    """Spectra of N galaxies, as a track of the benchmark has them.

    flux: (N, pixels); sigma: of each pixel, inf in gaps, or None where the noise is a fraction of the model's flux.
    """

    flux: np.ndarray
    sigma: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.flux)

    def __getitem__(self, rows: slice | np.ndarray) -> "ObservedSpectra":
        return ObservedSpectra(self.flux[rows], None if self.sigma is None else self.sigma[rows])

    @property
    def tensor(self) -> Tensor:
        """Return the fluxes as a tensor of single precision."""
        return torch.as_tensor(self.flux).float()

    @property
    def keys(self) -> list[bytes]:
        """Return what tells the galaxies' random numbers apart, their data."""
        data = self.flux if self.sigma is None else np.concatenate([self.flux, self.sigma], 1)
        return galaxy_keys(data.astype(np.float32))


@dataclass(frozen=True)
class Answer:
    """What a method says of N galaxies.

    draws: theta, equally weighted, (N, draws, 5). log_prob: ln of the method's own density there, (N, draws), if it has
    one. verdicts: whether it says that the model cannot make the spectrum, (N,), if it judges; where it does, draws may
    be nan.
    """

    draws: np.ndarray
    log_prob: np.ndarray | None = None
    verdicts: np.ndarray | None = None


@dataclass(frozen=True)
class Terms:
    """What is the same for all methods.

    prior: of theta. fraction: of the noise, in units of the model's flux. draws: of each galaxy. candidates: for each
    draw, of methods that weight theirs. seed: of all random numbers.
    """

    prior: Prior
    fraction: float
    draws: int
    candidates: int
    seed: int

    def plain(self) -> dict[str, Any]:
        """Return all of it as JSON takes it."""
        return {**vars(self), "prior": [self.prior.low.tolist(), self.prior.high.tolist()]}


@dataclass(frozen=True, kw_only=True)
class Method(ABC):
    """A way to posteriors. What takes time to set up is set up when it is wanted first.

    name, description: for readers. What else subclasses have says how they draw.
    """

    name: str
    description: str
    terms: Terms

    @abstractmethod
    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws of the posteriors of galaxies; this is what is timed."""

    def completed(self, spectra: ObservedSpectra, answer: Answer) -> Answer:
        """Return an answer with the density of its draws, and draws in the place of those that are nan."""
        return answer

    def training(self) -> dict[str, float]:
        """Return what training took, `cpu_seconds` and `epochs`; nothing where none was needed."""
        return {}

    @property
    def inputs(self) -> tuple[Path, ...]:
        """Return the files that it reads."""
        return (POPULATIONS_FILE,)

    def parts(self, *more: Any, inputs: tuple[Path, ...] = ()) -> ResumableParts:
        """Return where work of this method is kept, that depends on its code, its settings, and on what is given."""
        own = {each.name: getattr(self, each.name) for each in fields(self)} | {"terms": self.terms.plain()}
        settings = [{key: value for key, value in own.items() if key not in ("name", "description")}, *more]
        folder = FOLDER / self.name.replace(" ", "_")
        return ResumableParts(folder, settings, inspect.getfile(type(self)), *self.inputs, *inputs)

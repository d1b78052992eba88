"""sbi's own estimators with their defaults, as its users have them: its networks, training loop and stopping rule.

sbi (Boelts et al. 2025) sees log10 of the fluxes. Draws outside the prior are drawn again, as sbi does it, for as long
as that makes sense.
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from sbi.inference import FMPE, NPE
from sbi.inference.posteriors import DirectPosterior, VectorFieldPosterior
from sbi.neural_nets import posterior_flow_nn, posterior_nn
from sbi.utils import BoxUniform
from torch import Tensor, nn

from digs.base.random_streams import generator, stream
from digs.inference.league.method import Answer, Method, ObservedSpectra
from digs.physics.noise import add_noise
from digs.physics.simulator import Simulator

_ROUNDS = 100  # of draws, at most, until enough are inside the prior
_LEAKAGE_ROUNDS = 4  # of draws, that tell how many are outside it


class _Untracked:
    """What sbi tells of its training goes nowhere."""

    log_dir = None

    def log_metric(self, *_: Any, **__: Any) -> None:
        """Ignore it."""

    log_metrics = log_params = add_figure = flush = log_metric


@dataclass(frozen=True, kw_only=True)
class OfSbi(Method):
    """An estimator of sbi.

    kind: NPE, a masked autoregressive flow; or FMPE, flow matching. pairs: of theta and spectra, for training and
    validation. epochs: of training, at most; sbi's rule may stop before.
    """

    kind: Literal["NPE", "FMPE"]
    pairs: int
    epochs: int

    @cached_property
    def box(self) -> BoxUniform:
        """Return the prior as sbi has it."""
        return BoxUniform(self.terms.prior.low.float(), self.terms.prior.high.float())

    def examples(self, number: int) -> tuple[Tensor, Tensor]:
        """Return theta and what sbi sees of their spectra, (number, 5) and (number, pixels)."""
        random = generator(self.terms.seed, "pairs for sbi")
        theta = self.terms.prior.sample(number, random)
        return theta.float(), add_noise(Simulator()(theta), random, self.terms.fraction).float().log10()

    @cached_property
    def trained(self) -> nn.Module:
        """Return the estimator, which is trained once, and then kept."""
        parts = self.parts()
        build = posterior_nn("maf") if self.kind == "NPE" else posterior_flow_nn("mlp")
        if "costs" not in parts:
            with torch.random.fork_rng([]), torch.enable_grad():
                torch.manual_seed(self.terms.seed)
                self._train(build, parts)
        with torch.random.fork_rng([]):
            estimator = build(*self.examples(1000))
        state, values = estimator.state_dict(), torch.from_numpy(parts.load("weights"))
        each = values.split([one.numel() for one in state.values()])
        estimator.load_state_dict(
            {key: own.reshape(one.shape).to(one) for (key, one), own in zip(state.items(), each, strict=True)}
        )
        return estimator.eval()

    def _train(self, build: Any, parts: Any) -> None:
        kind = {"NPE": NPE, "FMPE": FMPE}[self.kind]
        trainer = kind(self.box, build, tracker=_Untracked(), show_progress_bars=False)
        theta, seen = self.examples(self.pairs)
        began = time.process_time()
        estimator = trainer.append_simulations(theta, seen).train(max_num_epochs=self.epochs)
        took = time.process_time() - began
        state = [one.detach().double().flatten() for one in estimator.state_dict().values()]
        parts.save("weights", torch.cat(state).numpy())
        parts.save("costs", np.array([took, trainer.summary["epochs_trained"][-1]]))

    def training(self) -> dict[str, float]:
        """Return what training took."""
        self.trained  # noqa: B018
        seconds, epochs = self.parts().load("costs")
        return {"cpu_seconds": float(seconds), "epochs": int(epochs)}

    @cached_property
    def posterior(self) -> DirectPosterior | VectorFieldPosterior:
        """Return sbi's posterior."""
        if self.kind == "NPE":
            return DirectPosterior(self.trained, self.box)
        return VectorFieldPosterior(self.trained, self.box, sample_with="ode")

    def answer(self, spectra: ObservedSpectra) -> Answer:
        """Return draws; they depend on which galaxies come in one call, as sbi's random numbers do.

        Those that are outside the prior after many rounds are moved to its nearest point.
        """
        seen, prior, number = spectra.tensor.log10(), self.terms.prior, self.terms.draws
        draws, count = torch.zeros(len(seen), number, len(prior.low)), np.zeros(len(seen), dtype=int)
        with _random_numbers(self.terms.seed, "draws of sbi", spectra):
            for turn in range(_ROUNDS):
                rows = np.flatnonzero(count < number)
                if not len(rows):
                    break
                for row, theta in zip(rows, self._proposed(seen[rows]), strict=True):
                    inside = theta[self.box.support.check(theta)] if turn < _ROUNDS - 1 else theta
                    taken = inside[: number - count[row]]
                    draws[row, count[row] : count[row] + len(taken)] = taken
                    count[row] += len(taken)
        return Answer(draws.double().clamp(prior.low, prior.high).numpy())

    def completed(self, spectra: ObservedSpectra, answer: Answer) -> Answer:
        """Return the answer, of NPE with its density, which is normalised over the prior."""
        if self.kind != "NPE":
            return answer
        seen = spectra.tensor.log10()
        with _random_numbers(self.terms.seed, "leakage of sbi", spectra), torch.no_grad():
            inside = [self.box.support.check(self._proposed(seen)).double().mean(1) for _ in range(_LEAKAGE_ROUNDS)]
            share = torch.stack(inside).mean(0).clamp(min=1 / (_LEAKAGE_ROUNDS * self.terms.draws))
            theta = torch.from_numpy(answer.draws).float().swapaxes(0, 1)
            log_prob = self.trained.log_prob(theta, condition=seen).T.double()
        return replace(answer, log_prob=(log_prob - share.log()[:, None]).numpy())

    def _proposed(self, seen: Tensor) -> Tensor:
        """As many draws as are wanted of each galaxy, (N, draws, 5), some of them outside the prior."""
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # sbi warns of draws outside the prior
            draws = self.posterior.sample_batched(
                (self.terms.draws,), seen, show_progress_bars=False, reject_outside_prior=False
            )
        return draws.swapaxes(0, 1)


@contextmanager
def _random_numbers(seed: int, purpose: str, spectra: ObservedSpectra) -> Iterator[None]:
    """Let torch's random numbers be those of a seed and of some galaxies together."""
    with torch.random.fork_rng([]):
        torch.manual_seed(int(stream(seed, purpose, b"".join(spectra.keys)).integers(2**62)))
        yield

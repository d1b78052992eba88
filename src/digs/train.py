"""A lean training loop around sbi's estimators.

Adam on the mean of -ln q(z | flux), which is minimal where q is the posterior (Papamakarios & Murray 2016). The
learning rate drops when the held-out loss stops improving; training ends when it has not improved for long, or when
the learning rate is spent, and returns the weights of the best epoch. After every epoch all state is saved, so that an
interrupted training goes on where it was, with the same result.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from digs.artifacts import replacing
from digs.flow import Flow
from digs.pairs import LibraryPairs
from digs.params import Network
from digs.progress import progress


@dataclass
class History:
    """What happened, epoch by epoch: mean losses -ln q(z | flux), learning rates, wall-clock and processor seconds."""

    training_loss: list[float] = field(default_factory=list)
    held_out_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        return len(self.held_out_loss)

    @property
    def best_epoch(self) -> int:
        """The epoch of the lowest held-out loss, counted from 0."""
        return min(range(self.epochs), key=self.held_out_loss.__getitem__)

    def last_improvement(self, least: float) -> int:
        """The last epoch, counted from 0, that lowered the held-out loss by at least so much; -1 before the first."""
        last, record = -1, float("inf")
        for epoch, loss in enumerate(self.held_out_loss):
            if loss < record - least:
                last, record = epoch, loss
        return last


@dataclass(frozen=True)
class Trained:
    history: History
    stopped_because: str


def _next_learning_rate(history: History, settings: Network) -> float:
    """Drop by plateau_factor after every plateau_patience epochs without improvement; never while it improves."""
    if not history.epochs:
        return settings.learning_rate
    rate = history.learning_rate[-1]
    first_at_rate = history.learning_rate.index(rate)
    waited = history.epochs - max(history.last_improvement(settings.least_improvement) + 1, first_at_rate)
    return rate * settings.plateau_factor if waited >= settings.plateau_patience else rate


def _stop_reason(history: History, settings: Network) -> str | None:
    if history.epochs - 1 - history.last_improvement(settings.least_improvement) >= settings.stop_patience:
        return f"no improvement for {settings.stop_patience} epochs"
    if _next_learning_rate(history, settings) < settings.learning_rate_floor:
        return "no improvement at the lowest learning rate"
    return "max_epochs reached" if history.epochs >= settings.max_epochs else None


@torch.no_grad()
def held_out_loss(flow: Flow, theta: Tensor, flux: Tensor, batch_size: int = 20_000) -> Tensor:
    """-ln q(z | flux) of every held-out pair, shape (N,)."""
    flow.eval()
    return torch.cat([flow.loss(*pair) for pair in zip(theta.split(batch_size), flux.split(batch_size), strict=True)])


def train(
    flow: Flow, pairs: LibraryPairs, held_out: tuple[Tensor, Tensor], settings: Network, checkpoint: Path
) -> Trained:
    """Train a flow in place; it ends with the weights of the best epoch.

    Args:
        pairs: where the training pairs come from.
        held_out: theta and noisy spectra that are never trained on.
        checkpoint: file of an unfinished training with the same settings, taken up if it exists, removed at the end.
    """
    optimiser = torch.optim.Adam(flow.parameters(), settings.learning_rate)
    history = History()
    best = {key: value.clone() for key, value in flow.state_dict().items()}
    if checkpoint.exists():
        history = _resume(checkpoint, flow, optimiser, best, pairs.generator)
    with progress(total=settings.max_epochs, initial=history.epochs, desc="Training", unit="epoch") as bar:
        while (reason := _stop_reason(history, settings)) is None:
            start, cpu_start = time.perf_counter(), time.process_time()
            rate = _next_learning_rate(history, settings)
            loss = _train_epoch(flow, optimiser, pairs, settings, rate)
            history.training_loss.append(loss)
            history.held_out_loss.append(held_out_loss(flow, *held_out).mean().item())
            history.learning_rate.append(rate)
            history.seconds.append(time.perf_counter() - start)
            history.cpu_seconds.append(time.process_time() - cpu_start)
            if history.best_epoch == history.epochs - 1:
                best = {key: value.clone() for key, value in flow.state_dict().items()}
            _save(checkpoint, flow, optimiser, best, pairs.generator, history)
            bar.set_postfix(held_out=f"{min(history.held_out_loss):.4f}", best=history.best_epoch + 1, lr=f"{rate:.0e}")
            bar.update()
    flow.load_state_dict(best)
    flow.eval()
    checkpoint.unlink(missing_ok=True)
    return Trained(history, reason)


def _train_epoch(
    flow: Flow, optimiser: torch.optim.Optimizer, pairs: LibraryPairs, settings: Network, rate: float
) -> float:
    flow.train()
    for group in optimiser.param_groups:
        group["lr"] = rate
    total = torch.zeros((), dtype=torch.float64)
    for theta, flux in pairs.epoch(settings.pairs, settings.batch_size):
        optimiser.zero_grad(set_to_none=True)
        loss = flow.loss(theta, flux).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(flow.parameters(), settings.clip_norm)
        optimiser.step()
        total += loss.detach().double().cpu() * len(theta)
    return (total / settings.pairs).item()


def _save(
    checkpoint: Path,
    flow: Flow,
    optimiser: torch.optim.Adam,
    best: dict[str, Tensor],
    generator: torch.Generator,
    history: History,
) -> None:
    tensors = {f"flow.{key}": value for key, value in flow.state_dict().items()}
    tensors |= {f"best.{key}": value for key, value in best.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"adam.{number}.{key}": value for key, value in state.items()}
    tensors["generator"] = generator.get_state()
    with replacing(checkpoint) as temporary:
        # clones, as safetensors refuses tensors that share memory
        tensors = {key: value.clone().contiguous() for key, value in tensors.items()}
        save_file(tensors, temporary, {"history": json.dumps(asdict(history))})


def _resume(
    checkpoint: Path, flow: Flow, optimiser: torch.optim.Adam, best: dict[str, Tensor], generator: torch.Generator
) -> History:
    with safe_open(checkpoint, "pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        history = History(**json.loads(file.metadata()["history"]))
    flow.load_state_dict({key: tensors[f"flow.{key}"] for key in best})
    for key in best:
        best[key] = tensors[f"best.{key}"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, number, key = name.split(".")
            state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    generator.set_state(tensors["generator"])
    return history

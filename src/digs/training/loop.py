"""A lean training loop around sbi's estimators.

Adam on the mean of -ln q(y | flux), the learned part of the loss (flows.flow), which is minimal where q is the
posterior (Papamakarios & Murray 2016). The learning rate decays along half a cosine, again and again (Loshchilov &
Hutter 2017): every cycle ends with a network that is trained to the end, and training ends when a whole cycle has not
improved the held-out loss. The weights of the best epoch remain. After every epoch all state is saved, so that an
interrupted training goes on where it was, with the same result. Several processes (training.workers) may share the
work: each has a part of every batch.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from math import inf, isnan
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.config.model import Network
from digs.files.atomic import replacing
from digs.flows.flow import Flow
from digs.training.pairs import Pairs
from digs.training.workers import average, gather, worker, workers


@dataclass
class History:
    """What happened, epoch by epoch: mean learned losses, learning rates, wall-clock and processor seconds."""

    training_loss: list[float] = field(default_factory=list)
    held_out_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """Return how many epochs there were."""
        return len(self.held_out_loss)

    @property
    def best_epoch(self) -> int:
        """Return the epoch of the lowest held-out loss, counted from 0."""
        return min(range(self.epochs), key=lambda epoch: (isnan(self.held_out_loss[epoch]), self.held_out_loss[epoch]))


@dataclass(frozen=True)
class Trained:
    """What a training was: its history, and why it stopped."""

    history: History
    stopped_because: str


def _least(losses: list[float]) -> float:
    return min((loss for loss in losses if not isnan(loss)), default=inf)


def stop_reason(losses: list[float], settings: Network) -> str | None:
    """Return why training is to end after epochs with these held-out losses; None if it is not."""
    before, cycle = losses[: -settings.cycle], losses[-settings.cycle :]
    at_end_of_cycle = before and len(losses) % settings.cycle == 0
    if at_end_of_cycle and not _least(before) - _least(cycle) >= settings.least_improvement:
        return f"a whole cycle had lowered the held-out loss by less than {settings.least_improvement:g}"
    return "all epochs were spent" if len(losses) >= settings.epochs else None


@torch.no_grad()
def held_out_loss(flow: Flow, theta: Tensor, flux: Tensor, learned: bool = False, batch_size: int = 20_000) -> Tensor:
    """Return -ln q(z | flux) of every held-out pair, shape (N,), or only the part of it that is learned."""
    flow.eval()
    loss = flow.learned_loss if learned else flow.loss
    return torch.cat([loss(*pair) for pair in zip(theta.split(batch_size), flux.split(batch_size), strict=True)])


def train(flow: Flow, pairs: Pairs, held_out: tuple[Tensor, Tensor], settings: Network, checkpoint: Path) -> Trained:
    """Train a flow in place; it ends with the weights of the best epoch.

    Args:
        flow: to be trained, with its standardisation taken from an example.
        pairs: where the training pairs come from.
        held_out: theta, shape (N, 5), and noisy spectra, shape (N, pixels), that are never trained on.
        settings: batches, learning rates and when to stop.
        checkpoint: file of an unfinished training with the same settings, taken up if it exists, removed at the end.
    Returns:
        losses, learning rates and times, epoch by epoch, and why the training stopped.
    Raises:
        DigsError: the checkpoint is damaged.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import torch, digs
        >>> from digs.config import load_params
        >>> from digs.flows import build_flow
        >>> from digs.physics import Prior
        >>> from digs.training import ExactPairs, train
        >>> params, simulator = load_params(), digs.Simulator()
        >>> prior = Prior.over(params.prior)
        >>> few = {"pairs": 64, "batch_size": 32, "epochs": 2, "cycle": 2}
        >>> settings = params.network("exact").model_copy(update=few)
        >>> pairs = ExactPairs(simulator, prior, 0.05, torch.Generator().manual_seed(1))
        >>> held_out = next(pairs.epoch(100, 100))
        >>> flow = build_flow(settings.architecture, prior, simulator.pixels, 0.05, example=held_out)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     trained = train(flow, pairs, held_out, settings, Path(folder) / "unfinished")
        >>> trained.history.epochs, trained.stopped_because
        (2, 'all epochs were spent')
    """
    weights = _flatten(flow)
    optimiser = torch.optim.Adam([weights], settings.learning_rate, fused=True)
    history = History()
    best = {key: value.clone() for key, value in flow.state_dict().items()}
    if checkpoint.exists():
        history = _resume(checkpoint, flow, optimiser, best, pairs.generator)
    schedule = CosineAnnealingWarmRestarts(optimiser, settings.cycle)
    shown = {"total": settings.epochs, "initial": history.epochs, "desc": "Training", "unit": "epoch"}
    with progress(quiet=worker() > 0, **shown) as bar:
        while (reason := stop_reason(history.held_out_loss, settings)) is None:
            start, cpu_start = time.perf_counter(), time.process_time()
            schedule.step(history.epochs)
            history.learning_rate.append(rate := schedule.get_last_lr()[0])
            loss = _train_epoch(flow, weights.grad, optimiser, schedule, history.epochs, pairs, settings)
            history.training_loss.append(loss)
            history.held_out_loss.append(_mean_held_out_loss(flow, *held_out))
            history.seconds.append(time.perf_counter() - start)
            cpu_seconds = torch.tensor(time.process_time() - cpu_start, dtype=torch.float64)
            history.cpu_seconds.append(average(cpu_seconds).item() * workers())
            if history.best_epoch == history.epochs - 1:
                best = {key: value.clone() for key, value in flow.state_dict().items()}
            _save(checkpoint, flow, optimiser, best, pairs.generator, history)
            bar.set_postfix(held_out=f"{min(history.held_out_loss):.4f}", best=history.best_epoch + 1, lr=f"{rate:.0e}")
            bar.update()
    flow.load_state_dict(best)
    flow.eval()
    if worker() == 0:
        checkpoint.unlink(missing_ok=True)
    return Trained(history, reason)


def _mean_held_out_loss(flow: Flow, theta: Tensor, flux: Tensor) -> float:
    """The mean learned loss, to which each worker contributes a part of the pairs."""
    mine = slice(worker(), None, workers())
    total = held_out_loss(flow, theta[mine], flux[mine], learned=True).double().sum()
    return average(total).item() * workers() / len(theta)


def _flatten(flow: Flow) -> nn.Parameter:
    """All weights as one, and all gradients as its gradient, to be averaged, clipped and stepped along in one go.

    The flow's own become views of them.
    """
    weights = list(flow.parameters())
    flat = nn.Parameter(torch.cat([weight.detach().flatten() for weight in weights]))
    flat.grad = torch.zeros_like(flat)
    sizes = [weight.numel() for weight in weights]
    for weight, values, gradients in zip(weights, flat.detach().split(sizes), flat.grad.split(sizes), strict=True):
        weight.data, weight.grad = values.view_as(weight), gradients.view_as(weight)
    return flat


def _train_epoch(
    flow: Flow,
    gradients: Tensor,
    optimiser: torch.optim.Optimizer,
    schedule: CosineAnnealingWarmRestarts,
    epoch: int,
    pairs: Pairs,
    settings: Network,
) -> float:
    """One pass over settings.pairs pairs, with a learning rate that decays from batch to batch; the mean loss."""
    flow.train()
    share, batch_size = settings.pairs // workers(), settings.batch_size // workers()
    total, shown = torch.zeros((), dtype=torch.float64), 0
    for theta, flux in pairs.epoch(share, batch_size):
        schedule.step(epoch + shown / share)
        gradients.zero_()
        loss = flow.learned_loss(theta, flux).mean()
        loss.backward()
        average(gradients)
        gradients *= (settings.clip_norm / gradients.norm()).clamp_max(1)
        optimiser.step()
        total += loss.detach().double().cpu() * len(theta)
        shown += len(theta)
    return average(total / share).item()


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
    tensors |= {f"generator.{number}": state for number, state in enumerate(gather(generator.get_state()))}
    if worker():
        return
    with replacing(checkpoint) as temporary:
        # clones, as safetensors refuses tensors that share memory
        tensors = {key: value.clone().contiguous() for key, value in tensors.items()}
        save_file(tensors, temporary, {"history": json.dumps(asdict(history))})


def _resume(
    checkpoint: Path, flow: Flow, optimiser: torch.optim.Adam, best: dict[str, Tensor], generator: torch.Generator
) -> History:
    try:
        with safe_open(checkpoint, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            history = History(**json.loads(file.metadata()["history"]))
    except (SafetensorError, OSError):
        raise DigsError(f"{paths.shown(checkpoint)} is damaged; remove it, and training starts anew.") from None
    flow.load_state_dict({key: tensors[f"flow.{key}"] for key in best})
    for key in best:
        best[key] = tensors[f"best.{key}"]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("adam."):
            _, number, key = name.split(".")
            state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
    generator.set_state(tensors[f"generator.{worker()}"])
    return history

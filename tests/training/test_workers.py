"""Several processes that train one network."""

import json
import multiprocessing as python_multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import torch
from conftest import PATIENCE, child_process
from torch import multiprocessing

from digs.base.errors import DigsError
from digs.config.model import Architecture
from digs.config.params import load_params
from digs.flows.flow import Flow
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.training.loop import train
from digs.training.pairs import LibraryPairs
from digs.training.workers import average, gather, in_workers, worker, workers


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """Workers are forked from a process that has imported all this once, which takes seconds for each of them else."""
    python_multiprocessing.set_forkserver_preload(["pytest", "digs.flows.flow", "digs.training.loop", "torch._dynamo"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiprocessing, "spawn", partial(multiprocessing.start_processes, start_method="forkserver"))
        yield


def tell_what_all_know(folder: Path) -> dict[str, object]:
    mine = torch.tensor([1.0, 10.0]) * (worker() + 1)
    known = {
        "workers": workers(),
        "threads": torch.get_num_threads(),
        "average": average(mine.clone()).tolist(),
        "gathered": [part.tolist() for part in gather(mine)],
    }
    (folder / str(worker())).write_text(json.dumps(known))
    return known | {"worker": worker()}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_all_workers_agree(tmp_path, number):
    returned = in_workers(number, tell_what_all_know, tmp_path)
    found = [json.loads((tmp_path / str(rank)).read_text()) for rank in range(number)]
    mean = (number + 1) / 2
    expected = {
        "workers": number,
        "threads": 1,
        "average": [mean, 10 * mean],
        "gathered": [[rank + 1.0, 10.0 * (rank + 1)] for rank in range(number)],
    }
    assert found == [expected] * number
    assert returned == expected | {"worker": 0}


def refuse(only: int) -> None:
    if worker() == only:
        raise DigsError("The file is damaged.")
    average(torch.zeros(1))  # waits for the other


@pytest.mark.parametrize("only", [0, 1])
def test_what_one_worker_refuses_is_said_once(refused, only):
    with refused("The file is damaged"):
        in_workers(2, refuse, only)


def ingredients(rows: slice) -> tuple[Flow, LibraryPairs, tuple[torch.Tensor, torch.Tensor]]:
    """A small flow, always the same, and some rows of a small library without noise."""
    random, prior = torch.Generator().manual_seed(1), Prior.over(load_params().prior)
    theta = prior.sample(64, random)
    flux = torch.exp(prior.to_unit(theta).float() @ torch.randn(5, 7, generator=random))
    torch.manual_seed(2)
    flow = Flow(Architecture(hidden_features=6, num_transforms=2), prior, 7, (theta, add_noise(flux, random, 0.05)))
    pairs = LibraryPairs(theta[rows], flux[rows], 0.0, torch.Generator().manual_seed(3))
    return flow, pairs, (theta, flux)


def train_a_share(folder: Path, interrupted: bool) -> None:
    flow, pairs, held_out = ingredients(slice(worker(), None, workers()))
    settings = (
        load_params()
        .network("paper")
        .model_copy(update={"pairs": 64, "batch_size": 64, "cycle": 8, "epochs": 4 if interrupted else 8})
    )
    checkpoint = folder / "checkpoint"
    if interrupted:
        # keeps its checkpoint, as if it had been killed
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            train(flow, pairs, held_out, settings, checkpoint)
        return
    trained = train(flow, pairs, held_out, settings, checkpoint)
    weights = torch.cat([weight.flatten() for weight in flow.parameters()])
    torch.save({"weights": weights.detach(), "losses": trained.history.held_out_loss}, folder / f"{worker()}.pt")


@pytest.fixture(scope="module")
def by_two(tmp_path_factory) -> list[dict]:
    folder = tmp_path_factory.mktemp("two")
    in_workers(2, train_a_share, folder, False)
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def test_two_workers_end_with_the_same_network(by_two):
    first, second = by_two
    assert torch.equal(first["weights"], second["weights"])
    assert first["losses"] == second["losses"]


def test_two_workers_do_what_one_does(by_two, tmp_path):
    """With whole batches and no noise the gradient does not depend on who has which pairs."""
    in_workers(1, train_a_share, tmp_path, False)
    alone = torch.load(tmp_path / "0.pt")
    torch.testing.assert_close(by_two[0]["weights"], alone["weights"], rtol=1e-3, atol=1e-4)


def test_an_interrupted_training_of_two_is_taken_up(by_two, tmp_path):
    in_workers(2, train_a_share, tmp_path, True)
    assert (tmp_path / "checkpoint").exists()
    in_workers(2, train_a_share, tmp_path, False)
    again = torch.load(tmp_path / "0.pt")
    assert torch.equal(again["weights"], by_two[0]["weights"])
    assert again["losses"] == by_two[0]["losses"]


PARENT = """
import os, sys, time
from pathlib import Path
from digs.training.workers import in_workers, worker

def wait_for_ever(folder):
    (folder / str(worker())).write_text(str(os.getpid()))
    time.sleep(3600)

if __name__ == "__main__":
    in_workers(2, wait_for_ever, Path(sys.argv[1]))
"""


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_no_worker_outlives_its_parent(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    ignoring = ["sh", "-c", f"trap '' INT; exec {sys.executable} {script} {tmp_path}"]  # as in a shell's background
    files = [tmp_path / "0", tmp_path / "1"]
    with child_process(ignoring, stderr=subprocess.DEVNULL):
        wait_until(lambda: all(file.exists() and file.read_text() for file in files))
    processes = [int(file.read_text()) for file in files]
    wait_until(lambda: not any(alive(process) for process in processes))


def wait_until(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)

"""The guide for whoever enters a method, docs/benchmark.md: its example runs, and it tells of what there is."""

import re

import numpy as np
import pytest
import torch

import digs
from digs.__main__ import parser
from digs.base import paths
from digs.config.params import load_params
from digs.diagnostics.benchmark.tracks import TRACKS, Track
from digs.diagnostics.scores import public_scores
from digs.diagnostics.scores.entries import read_entry
from digs.exact.brute_force.grid import Grid
from digs.physics.prior import Prior

GUIDE = (paths.ROOT / "docs/benchmark.md").read_text()
(CODE,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
GALAXIES = 20


@pytest.fixture(scope="module")
def track(tracked) -> Track:
    """A small track, whose exact posteriors are by brute force."""
    tracked("populations.h5")
    prior, simulator = Prior.over(load_params().prior), digs.Simulator()
    random = torch.Generator().manual_seed(1)
    theta = prior.sample(GALAXIES, random)
    flux = digs.add_noise(simulator(theta), random)
    found = Grid(simulator, prior, 0.05).posterior(flux, draws=2000, seed=1)
    rows = torch.multinomial(torch.softmax(found.log_weight, 1), 200, generator=random)
    draws = torch.take_along_dim(found.draws, rows[..., None], 1).numpy()
    return Track(
        name="k22",
        flux=flux.numpy(),
        sigma=None,
        theta=theta.numpy(),
        draws=draws,
        quantiles=np.moveaxis(np.quantile(draws, (0.025, 0.16, 0.5, 0.84, 0.975), axis=1), 0, 1),
        log_evidence=found.log_evidence.numpy(),
        log_evidence_error=found.log_evidence_error.numpy(),
        effective=found.effective.numpy(),
        prior=prior,
    )


def test_the_example_enters_a_method(track, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(vars(digs), "load_track", lambda name: track)
    monkeypatch.setattr(public_scores, "load_track", lambda name: track)
    assert len([line for line in CODE.splitlines() if line]) <= 10
    found: dict = {}
    exec(CODE, found)
    measured = {each.name: each for each in found["scores"].measurements}
    assert 0.8 < measured["efficiency"].value <= 1
    assert abs(measured["log_prob: norm"].value) < 0.1
    assert found["scores"].verdict in capsys.readouterr().out
    entry, name = read_entry(tmp_path / "fiducial.h5")
    assert (name, entry.name, entry.draws.shape) == ("k22", "fiducial", (GALAXIES, 500, 5))


def test_it_tells_of_every_track_and_test(track):
    scores = digs.score(track.draws, track, log_prob=np.zeros(track.draws.shape[:2]))
    tests = [each.name for each in scores.measurements if each.p_value is not None or each.tolerated is not None]
    assert len(tests) >= 11
    assert not [name for name in (*TRACKS, *tests) if f"`{name}`" not in GUIDE]


@pytest.mark.parametrize("command", re.findall(r"^    digs (score .*?)(?:  .*)?$", GUIDE, re.MULTILINE))
def test_a_command_is_one(command):
    assert parser().parse_args(command.split()).track in (None, *TRACKS)

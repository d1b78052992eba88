"""Networks for one and for four parameters train, sample and are weighted; all ways agree in their evidence."""

import numpy as np
import pytest
import torch

from digs.config.params import load_params
from digs.config.stages.frontier_settings import FrontierSettings
from digs.exact.brute_force import axes
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.template_bank import TemplateBank
from digs.inference.frontier.amortised import Amortised, trained
from digs.inference.frontier.contest import (
    Contest,
    by_emcee,
    by_grid,
    by_mixtures,
    by_nautilus,
    by_network,
    convergence,
    walkers,
)
from digs.inference.frontier.contest_results import results
from digs.inference.frontier.contest_times import ALONE, TRAINING
from digs.physics.nested_problems import problem

FRACTION = 0.05


@pytest.fixture(scope="module")
def params():
    return load_params(FrontierSettings)


@pytest.fixture(scope="module")
def settings(params):
    walk = params.frontier.emcee.model_copy(update={"burn_in": 100, "steps": 200, "walkers": 20})
    nested = params.frontier.nautilus.model_copy(update={"live": 200})
    few = {"draws": 300, "effective": 300.0, "emcee": walk, "nautilus": nested, "bootstrap": 20}
    return params.frontier.model_copy(update=few)


@pytest.fixture
def contest_of(params, settings, tracked):
    tracked("populations.h5")
    ranges = params.prior.model_dump() | settings.ranges.model_dump()

    def make(free):
        one = problem(free, ranges, {"tage": 1.63, "logtau": -0.96, "gas_logz": 0.0})
        return Contest.of(one, FRACTION, 6, settings.draws, seed=1)

    return make


@pytest.fixture
def recipe(params):
    return params.network("short").model_copy(update={"pairs": 6000, "epochs": 2, "cycle": 2, "batch_size": 200})


@pytest.mark.parametrize("free", [1, 4])
def test_networks_of_other_numbers_of_parameters_train_and_sample(free, contest_of, recipe, tmp_path):
    contest = contest_of(free)
    flow, history = trained(contest.problem, recipe, FRACTION, tmp_path)
    assert flow.learned == free
    assert history["held_out_loss"][-1] < history["held_out_loss"][0]
    network = Amortised(flow, contest.problem, FRACTION)
    draws = network.draws(contest.flux, 50, seed=1)
    assert draws.shape == (6, 50, free + 2)
    assert contest.problem.prior.contains(draws).all()
    assert torch.equal(network.draws(contest.flux[2:3], 50, seed=1), draws[2:3])
    assert torch.isfinite(network.log_weights(draws, contest.flux)).all()
    again, same = trained(contest.problem, recipe, FRACTION, tmp_path)
    assert same == history
    for name, value in again.state_dict().items():
        assert torch.equal(value, flow.state_dict()[name])


def test_all_ways_have_the_same_evidence(contest_of, recipe, settings, tmp_path):
    contest = contest_of(1)
    one = contest.problem
    grid = by_grid(contest, Grid(one.simulator, one.prior, FRACTION))
    flow, _ = trained(one, recipe, FRACTION, tmp_path)
    network = by_network(contest, Amortised(flow, one, FRACTION), 4, "a test")
    bank = TemplateBank(one.simulator, one.prior, FRACTION, 2000, seed=1)
    few = settings.mixtures.model_copy(update={"nearest": 200})
    mixtures = by_mixtures(contest, bank, few, settings.effective)
    nested = by_nautilus(contest, 0, settings.nautilus, settings.effective)
    assert np.median(grid[:, 0]) > 0.95
    assert (mixtures[:, 2] >= settings.effective).all()
    np.testing.assert_allclose(mixtures[:, 1], grid[:, 1], atol=0.15)
    assert np.median(np.abs(network[:, 1] - grid[:, 1])) < 0.2
    assert nested.log_evidence == pytest.approx(grid[0, 1], abs=0.3)


def test_a_grid_of_five_parameters_is_as_coarse_as_it_must_be(contest_of, monkeypatch):
    monkeypatch.setattr(axes, "MOST_NODES", 30_000)
    contest = contest_of(5).few(2)
    grid = Grid(contest.problem.simulator, contest.problem.prior, FRACTION)
    assert len(grid.nodes.volume) <= 30_000
    assert np.isfinite(by_grid(contest, grid)).all()


def test_walkers_start_inside_and_walk(contest_of, settings):
    contest = contest_of(2).few(2)
    start = walkers(contest, settings.emcee)
    assert start.shape == (2, 2, 20, 4)
    chains = by_emcee(contest, start, 50, 100, 10)
    assert chains.shape == (2, 2, 20, 10, 4)
    found = convergence(chains)
    assert (found[:, 0] > 0).all()
    assert by_emcee(contest, chains[:, :, :, -1].astype(float), 0, 2, 2).shape == (2, 2, 20, 1, 4)


def test_results_are_of_what_was_kept(settings):
    half = np.column_stack([np.full(4, 0.5), np.zeros(4)])
    kept = {
        "grid": half,
        "short": half,
        "mixtures": np.column_stack([half, np.full(4, 400.0), np.ones(4), np.full(4, 5000.0)]),
        "emcee": np.column_stack([np.full(4, 600.0), np.full(4, 1.01)]),
        "nautilus": np.column_stack([np.full(2, 330.0), np.zeros(2), np.full(2, 3300.0)]),
    }
    seconds = dict.fromkeys(("grid", "short", f"short {ALONE}", "mixtures", "emcee", "nautilus"), np.full(3, 2.0))
    seconds[f"short {TRAINING}"] = np.full(3, 1e-3)
    training = {"pairs": 10_000, "cpu_seconds": 11.0, "epochs": 2}
    found = results(kept, seconds, {"grid": 3.0, "mixtures": 4.0}, {"short": training}, settings)
    assert found["grid"]["seconds"]["value"] == pytest.approx(4.0)  # half of the draws are effective
    assert found["grid"]["set_up"] == 3.0
    assert found["short"]["set_up"] == pytest.approx(10.0)
    assert found["mixtures"]["seconds"]["value"] == found["nautilus"]["seconds"]["value"] == pytest.approx(2.0)
    assert found["emcee"]["seconds"]["value"] == pytest.approx(2.0 * (100 + 200 * 300 / 600))
    assert found["nautilus"]["share"]["median"]["value"] == pytest.approx(0.1)
    assert found["short"]["per_galaxy"][0] == pytest.approx(14.0)

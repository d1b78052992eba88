"""Best fits, posterior predictive checks and warning lights, on analytic cases and on spectra of the model."""

import json

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import proportion
from digs.config.params import load_params
from digs.config.theta import index
from digs.exact.best_fit import best_fit, pulls, two_sided
from digs.inference.importance import log_weights
from digs.inference.lights import (
    LIGHTS,
    LIGHTS_FILE,
    OF_THE_DATA,
    Observer,
    WarningLights,
    any_of,
    data_statistics,
    lit,
    thresholds_for,
)
from digs.inference.predictive import examine, promising
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.pairs import exact_sample

FRACTION, PIXELS = 0.05, 138


@pytest.fixture(scope="module")
def observer() -> Observer:
    return Observer("fiducial", draws=50, references=2000, neighbours=5, seed=1)


@pytest.fixture(scope="module")
def sound(observer) -> tuple[torch.Tensor, torch.Tensor]:
    """theta and noisy spectra of the model."""
    return exact_sample(observer.simulator, Prior.over(load_params().prior), FRACTION, 300, 3, "test of the lights")


def normal(rows: int, seed: int = 1) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, PIXELS, generator=generator, dtype=torch.float64)


# best fits


def test_best_fit_of_a_noiseless_spectrum_is_its_theta():
    simulator, prior = Simulator(dtype=torch.float64), Prior.over(load_params().prior)
    theta = prior.from_unit(0.2 + 0.6 * torch.rand(20, 5, generator=torch.Generator().manual_seed(2)).double())
    start = theta + 0.05 * (prior.high - prior.low)
    fit = best_fit(simulator, prior, simulator(theta), FRACTION, start[:, None], iterations=60)
    assert fit.chi_squared.max() < 0.05
    mass = index("logmass")
    np.testing.assert_allclose(fit.theta[:, mass], theta[:, mass], atol=0.02)


def test_no_draw_fits_better_than_the_best_fit(observer, sound):
    flux = sound[1][:100]
    draws = observer.posterior.sample(flux, 200, 5)
    seen = examine(observer.posterior, observer.simulator, flux, draws)
    fit = best_fit(
        observer.simulator, Prior.over(load_params().prior), flux, FRACTION, promising(draws, seen.chi_squared, 2)
    )
    assert (fit.chi_squared <= seen.chi_squared.amin(1) + 1e-6).all()
    assert Prior.over(load_params().prior).contains(fit.theta).all()
    again = pulls(flux, observer.simulator(fit.theta), FRACTION)
    torch.testing.assert_close(again, fit.pulls, atol=2e-4, rtol=1e-4)
    torch.testing.assert_close(fit.pulls.square().sum(1), fit.chi_squared)


def test_scipy_finds_no_better_fit(observer, sound):
    from scipy.optimize import least_squares

    prior, flux = Prior.over(load_params().prior), sound[1][:6]
    start = observer.posterior.sample(flux, 20, 6).double()
    fit = best_fit(observer.simulator, prior, flux, FRACTION, start)
    for data, first, found in zip(flux, start[:, 0], fit.chi_squared, strict=True):
        residual = lambda theta, data=data: pulls(
            data, observer.simulator(torch.as_tensor(theta)[None].clamp(prior.low, prior.high))[0], FRACTION
        ).numpy()
        bounds = (prior.low.numpy(), prior.high.numpy())
        theirs = least_squares(residual, first.numpy(), bounds=bounds, diff_step=1e-3, x_scale=bounds[1] - bounds[0])
        assert found <= 2 * theirs.cost + 0.3


def test_two_sided_probabilities_are_uniform_and_small_at_both_ends():
    chi_squared = torch.as_tensor(stats.chi2.rvs(130, size=20000, random_state=1))
    probability = two_sided(chi_squared, 130)
    assert stats.kstest(probability, "uniform").pvalue > 0.01
    assert (two_sided(torch.tensor([60.0, 230.0]), 130) < 1e-5).all()


# posterior predictive checks


def test_weights_are_those_of_importance_sampling(observer, sound):
    flux = sound[1][:10]
    draws = observer.posterior.sample(flux, 30, 7)
    ours = examine(observer.posterior, observer.simulator, flux, draws).log_weight
    theirs = log_weights(observer.posterior, observer.simulator, draws, flux)
    difference = ours - theirs  # the prior's constant density
    np.testing.assert_allclose(difference, difference[0, 0].item(), atol=1e-3)


def test_weighted_draws_have_the_chi_squared_of_the_truth(observer, sound):
    """One exact posterior draw's chi-squared has as many degrees of freedom as there are pixels."""
    flux = sound[1]
    seen = examine(observer.posterior, observer.simulator, flux, observer.posterior.sample(flux, 100, 8))
    weighted = (torch.softmax(seen.log_weight, 1) * seen.chi_squared).sum(1)
    assert weighted.mean().item() == pytest.approx(PIXELS, abs=4 * np.sqrt(2 * PIXELS / len(flux)))


# statistics


def test_statistics_of_independent_pulls_are_those_of_theory():
    statistics = data_statistics(normal(20000))
    assert set(statistics) == set(OF_THE_DATA)
    assert stats.kstest(statistics["misfit"], "chi2", args=(PIXELS,)).pvalue > 0.01
    assert stats.kstest(statistics["waves"], "chi2", args=(12,)).pvalue > 0.01
    largest = stats.norm.isf((1 - 0.5 ** (1 / PIXELS)) / 2)
    assert np.median(statistics["pull"]) == pytest.approx(largest, abs=0.02)
    assert statistics["neighbours"].std() == pytest.approx(1 / np.sqrt(PIXELS), rel=0.03)
    np.testing.assert_array_equal(statistics["overfit"], -statistics["misfit"])


@pytest.mark.parametrize(
    ("light", "spoil"),
    [
        ("misfit", lambda pull: 1.3 * pull),
        ("overfit", lambda pull: 0.7 * pull),
        ("pull", lambda pull: pull + 7.0 * (torch.arange(PIXELS) == 50)),
        ("neighbours", lambda pull: (pull + pull.roll(1, 1)) / np.sqrt(2)),
        ("waves", lambda pull: pull + torch.cos(torch.linspace(0, np.pi, PIXELS).double())),
    ],
)
def test_each_light_is_the_one_for_its_fault(light, spoil):
    before, after = (data_statistics(pull) for pull in (normal(200), spoil(normal(200))))
    shift = {name: np.median(after[name] - before[name]) / before[name].std() for name in before}
    assert shift[light] > 2
    assert shift[light] >= 0.99 * max(shift.values())


def test_novelty_grows_with_the_distance_from_the_prior(observer, sound):
    flux = sound[1]
    tilted = flux * torch.linspace(0.3, 1.7, PIXELS)
    assert np.median(observer.novelty(tilted)) > np.median(observer.novelty(flux))
    assert observer.novelty.references.shape[0] == 2000


def test_more_draws_do_not_change_what_is_looked_at(observer, sound):
    flux = sound[1][:5]
    few, many = observer.look(flux, 4), observer.look(flux, 4, draws=80)
    assert few.draws.shape[1] == 50
    assert many.draws.shape[1] == 80
    assert many.examined.chi_squared.shape[1] == 50
    np.testing.assert_array_equal(few.statistics["novelty"], many.statistics["novelty"])


# thresholds


def test_thresholds_have_the_false_alarm_rate_and_share_it():
    random = np.random.default_rng(1)
    sample = lambda: {f"light {place}": random.standard_normal(50_000) ** (place + 1) for place in range(4)}
    thresholds, share = thresholds_for(sample(), 0.01)
    fresh = lit(sample(), thresholds)
    assert any_of(fresh).mean() == pytest.approx(0.01, rel=0.15)
    for on in fresh.values():
        assert on.mean() == pytest.approx(share, rel=0.35)
    assert share == pytest.approx(0.0025, rel=0.1)


def test_lights_that_say_the_same_need_not_share():
    values = np.random.default_rng(2).standard_normal(20_000)
    _, share = thresholds_for({"one": values, "again": values}, 0.01)
    assert share == pytest.approx(0.01, rel=0.02)


def test_proportions_have_an_error_even_where_all_agree():
    assert proportion(np.ones(100, dtype=bool))["value"] == 1
    assert 0 < proportion(np.ones(100, dtype=bool))["error"] < 0.02
    assert proportion(np.arange(400) % 2 == 0)["error"] == pytest.approx(0.025, rel=0.01)
    assert proportion(np.array([], dtype=bool)) is None


# the tracked lights


def test_tracked_thresholds_keep_the_rate_on_fresh_spectra(tracked):
    tracked("lights.json")
    lights = WarningLights()
    assert set(lights.judge.thresholds) == set(LIGHTS)
    _, flux = exact_sample(
        lights.observer.simulator, Prior.over(load_params().prior), FRACTION, 500, 11, "fresh spectra"
    )
    on = any_of(lit(lights.observer.look(flux, 12).statistics, lights.judge.thresholds))
    assert on.sum() <= stats.binom.isf(1e-4, len(on), 0.01)


def test_measured_false_alarms_are_as_stated(tracked):
    content = json.loads(tracked("warning_lights.json").read_text())
    for checked in content["checked"].values():
        alarms, rejected = checked["detected"], checked["rejected"]
        assert abs(alarms["value"] - content["false_alarms"]) < 4 * alarms["error"]
        assert abs(rejected["value"] - content["rejected"]) < 4 * rejected["error"]


def test_what_the_best_fit_rejects_is_caught(tracked):
    """Nine in ten or more, corruption by corruption, where there are enough to tell."""
    measured = json.loads(tracked("warning_lights.json").read_text())["measured"]
    for kind, found in measured.items():
        caught = [each["detected_of_rejected"] for each in found["strengths"].values() if each["rejected"]["value"]]
        cases = sum(each["cases"] for each in caught)
        assert sum(each["value"] * each["cases"] for each in caught) >= 0.9 * cases, kind


def test_damaged_or_stale_thresholds_are_refused(tracked, tmp_path, refused):
    content = json.loads(tracked("lights.json").read_text())
    path = tmp_path / "lights.json"
    path.write_text(json.dumps({**content, "weights_sha256": "0"}))
    with refused("another network", "dvc repro warning_lights"):
        WarningLights(path)
    del content["thresholds"]["pull"]
    path.write_text(json.dumps(content))
    with refused("lacks", "dvc repro warning_lights"):
        WarningLights(path)
    with refused("missing"):
        WarningLights(tmp_path / "nowhere.json")
    assert LIGHTS_FILE.name == "lights.json"


def test_noise_of_twice_the_size_is_seen(observer, sound):
    theta, flux = sound
    louder = add_noise(observer.simulator(theta), torch.Generator().manual_seed(5), 2 * FRACTION)
    quiet, loud = (observer.look(each, 6).statistics["misfit"] for each in (flux, louder))
    assert np.quantile(loud, 0.05) > np.quantile(quiet, 0.999)

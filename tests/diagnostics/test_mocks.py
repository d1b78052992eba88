"""What is kept of posteriors of mock galaxies, and what the report makes of exact posteriors and of wide ones."""

import numpy as np
import pytest
from scipy import stats

from digs.base.statistics import bootstrap_rows
from digs.config.theta import NAMES
from digs.diagnostics.calibration_report import (
    calibration_report,
    coverage_and_widths,
    ranks_against_exact,
)
from digs.diagnostics.joint import simultaneous_band
from digs.diagnostics.mocks import JOINT, MockPosteriors
from digs.diagnostics.subsets import in_subsets

GALAXIES, DRAWS, BOOTSTRAP, SEED = 1500, 99, 60, 3
LEVEL = np.linspace(0, 1, 51)
BAND = simultaneous_band(GALAXIES, LEVEL, 0.95)
ENDS = np.full(len(NAMES), -20.0), np.full(len(NAMES), 20.0)


def mocks(width: float) -> MockPosteriors:
    """Truths of N(0, 1), measured with a noise of 1, and posteriors of so many times the exact width, 0.7."""
    random = np.random.default_rng(1)
    truth = random.normal(size=(GALAXIES, len(NAMES)))
    mean, sigma = (truth + random.normal(size=truth.shape)) / 2, width * np.sqrt(0.5)
    draws = mean[:, None] + sigma * random.normal(size=(GALAXIES, DRAWS + 1, len(NAMES)))
    log_prob = stats.norm.logpdf(draws[:, 1:], mean[:, None], sigma).sum(-1)
    log_prob_truth = stats.norm.logpdf(truth, mean, sigma).sum(-1)
    centres = mean + random.normal(size=mean.shape)
    return MockPosteriors.of(truth, draws[:, 0], draws[:, 1:], log_prob, log_prob_truth, centres, ENDS)


@pytest.fixture(scope="module")
def exact() -> MockPosteriors:
    return mocks(1.0)


@pytest.fixture(scope="module")
def wide() -> MockPosteriors:
    return mocks(1.5)


def test_of_exact_posteriors_the_draw_stands_for_the_truth(exact):
    truth, draw = exact.deviations(DRAWS), exact.deviations_of_draw(DRAWS)
    rows = np.arange(GALAXIES)
    (found, error), (expected, _) = (each.summaries_and_errors(rows, BOOTSTRAP, SEED) for each in (truth, draw))
    assert (np.abs(found - expected) < 5 * error).all()


def test_report_of_exact_posteriors_finds_them_calibrated(exact):
    curves, measured = calibration_report(exact, DRAWS, LEVEL, BAND, BOOTSTRAP, SEED)
    assert curves["rank_cdf"].shape == (len(NAMES), len(LEVEL))
    assert curves["joint_cdf"].shape == (len(JOINT), len(LEVEL))
    for name in (*NAMES, *JOINT):
        assert measured[name]["excursion"] < 1.3
        assert abs(measured[name]["coverage_68"]["value"] - 0.68) < 4 * measured[name]["coverage_68"]["error"]
    for name in NAMES:
        assert measured[name]["half_width"]["value"] == pytest.approx(np.sqrt(0.5), rel=0.05)
        assert measured[name]["rmse"]["value"] == pytest.approx(measured[name]["scatter"]["value"], rel=0.02)


def test_report_finds_wide_posteriors_in_every_parameter_and_in_all_together(wide):
    _, measured = calibration_report(wide, DRAWS, LEVEL, BAND, BOOTSTRAP, SEED)
    for name in (*NAMES, *JOINT):
        assert measured[name]["coverage_68"]["value"] > 0.68 + 5 * measured[name]["coverage_68"]["error"]
        assert measured[name]["excursion"] > 1
        assert measured[name]["uniform_ranks_p_value"] < 1e-6


def test_ranks_of_the_exact_posterior_leave_no_excess_and_those_of_a_shifted_one_do(exact):
    probability = (exact.rank + 0.5) / (DRAWS + 1)
    measured = ranks_against_exact(exact, DRAWS, probability, LEVEL, BAND)
    assert all(measured[name]["excess"] == {"value": 0.0, "error": 0.0} for name in NAMES)
    measured = ranks_against_exact(exact, DRAWS, probability - 0.1, LEVEL, BAND)
    assert all(measured[name]["excess"]["value"] == pytest.approx(0.1) for name in NAMES)


def test_coverage_and_widths_come_with_errors_for_each_parameter(exact):
    resampled = bootstrap_rows(GALAXIES, BOOTSTRAP, SEED)
    measured = coverage_and_widths(exact.rank, exact.half_width, DRAWS, resampled)
    assert list(measured) == list(NAMES)
    for numbers in measured.values():
        assert numbers["coverage_95"]["error"] == pytest.approx(np.sqrt(0.95 * 0.05 / GALAXIES), rel=0.4)
        assert numbers["uniform_ranks_p_value"] > 1e-3


def test_subsets_are_told_by_truth_by_draw_and_by_estimate(exact, monkeypatch):
    monkeypatch.setattr("digs.diagnostics.subsets.traits", lambda theta, *_: {"tage": theta[:, 3]})
    arrays, ages = in_subsets(exact, DRAWS, None, None, {"tage": [-0.5, 0.5]}, 0.0, BOOTSTRAP, SEED)
    assert arrays["subset"].shape == (3, 3, 2, 5, len(NAMES))
    assert (arrays["subset_galaxies"].sum(1) == GALAXIES).all()
    by_truth, expected, by_estimate = arrays["subset"][:, 2, 0, 0, 3]  # bias of the third kind, in age
    assert by_truth < -0.2
    assert by_truth == pytest.approx(expected, abs=0.15)
    assert abs(by_estimate) < 0.1
    assert ages["truth"]["galaxies"] == dict(zip(("young", "old"), arrays["subset_galaxies"][0, [0, 2]], strict=True))

"""Numbers of each parameter with their errors, and chi-squared against what it should be."""

import numpy as np
import pytest
from scipy import stats

from digs.base.statistics import bootstrap_rows
from digs.config.theta import NAMES
from digs.diagnostics.chi_squared_report import chi_squared_report
from digs.diagnostics.per_parameter import numbers_per_parameter, statistic_per_parameter

PIXELS, GALAXIES = 138, 1000


def test_numbers_stand_under_their_parameter():
    values, errors = {"a": np.arange(5.0), "b": -np.arange(5.0)}, {"a": np.ones(5), "b": np.zeros(5)}
    table = numbers_per_parameter(values, errors)
    assert list(table) == list(NAMES)
    assert table[NAMES[3]] == {"a": {"value": 3.0, "error": 1.0}, "b": {"value": -3.0, "error": 0.0}}


def test_a_statistic_comes_with_the_error_of_resampled_galaxies():
    values = np.random.default_rng(1).normal(size=(400, 5)) + np.arange(5)
    table = statistic_per_parameter({"a": values}, np.mean, bootstrap_rows(400, 200, 2))
    for place, name in enumerate(NAMES):
        assert table[name]["a"]["value"] == pytest.approx(place, abs=0.2)
        assert table[name]["a"]["error"] == pytest.approx(0.05, rel=0.3)


def test_chi_squared_of_five_parameters_is_told_from_that_of_none():
    random = np.random.default_rng(3)
    best = stats.chi2.rvs(PIXELS - 5, size=GALAXIES, random_state=random)
    rise = stats.chi2.rvs(5, size=(2, GALAXIES), random_state=random)
    truth = stats.chi2.rvs(PIXELS, size=GALAXIES, random_state=random)
    chi = {"truth": truth, "one_draw": best + rise[0], "weighted": best + 5, "best_fit": best}
    report = chi_squared_report(chi, PIXELS, bootstrap_rows(GALAXIES, 50, 4))
    assert report["parameters"]["rise"]["value"] == pytest.approx(5)
    assert abs(report["parameters"]["missing"]["value"] - 5) < 4 * report["parameters"]["missing"]["error"]
    for name in ("truth", "one_draw", "best_fit"):
        assert report["measured"][name]["uniform_p_value"] > 1e-3
    wrong = chi_squared_report(chi | {"truth": truth * 1.1}, PIXELS, bootstrap_rows(GALAXIES, 50, 4))
    assert wrong["measured"]["truth"]["uniform_p_value"] < 1e-6
    assert wrong["measured"]["truth"]["beyond_one_in_a_thousand"]["value"] > 0.002

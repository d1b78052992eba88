"""The scores of the scores: what counts as sound."""

import json

import numpy as np

from digs.config.stages.scorer_settings import WrongEntriesSettings
from digs.diagnostics.scores.analytic_entries import EXACT, WRONG, Trial
from digs.diagnostics.scores.scorer_report import found_report, p_values_report, scorer_report


def exact_trials(power: float = 1.0) -> list[Trial]:
    values = np.random.default_rng(1).uniform(size=(200, 2)) ** power
    return [Trial({"bias": one, "TARP": other}, []) for one, other in values]


def test_uniform_p_values_are_told_from_others():
    assert all(each["uniform"] for each in p_values_report(exact_trials(), 0.001).values())
    report = p_values_report(exact_trials(power=2), 0.001)
    assert not any(each["uniform"] for each in report.values())
    assert report["bias"]["below_5"]["value"] > 0.1


def test_found_entries_are_counted_by_test():
    trials = [Trial({}, ["bias"]), Trial({}, ["bias", "TARP"]), Trial({}, [])]
    assert found_report(trials) == {"entries": 3, "found": 2, "by": {"TARP": 1, "bias": 2}}


def test_scores_that_miss_or_invent_something_are_not_sound():
    found, missed = [Trial({}, ["bias"])] * 3, [Trial({}, [])]
    sound = scorer_report({EXACT: exact_trials(), "shifted": found}, 0.001, 0.02)
    assert sound["sound"] == {"uniform": True, "exact_pass": True, "wrong_fail": True}
    assert json.dumps(sound, allow_nan=False)
    assert not scorer_report({EXACT: exact_trials(), "shifted": found + missed}, 0.001, 0.02)["sound"]["wrong_fail"]
    invented = [Trial(each.p_values, ["TARP"]) for each in exact_trials()[:10]] + exact_trials()[10:]
    assert not scorer_report({EXACT: invented}, 0.001, 0.02)["sound"]["exact_pass"]


def test_every_wrong_entry_has_a_strength():
    assert set(WrongEntriesSettings.model_fields) == set(WRONG)

"""P-values of several tests together, and checks with a tolerance."""

import json

import numpy as np
import pytest

from digs.diagnostics.scores.measurements import Measurement, check, holm
from digs.diagnostics.scores.score_table import number


def test_holm_keeps_the_level_of_all_tests_together():
    random = np.random.default_rng(1)
    smallest = [min(holm(random.uniform(size=10))) for _ in range(2000)]
    assert np.mean(np.array(smallest) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_holm_keeps_the_order_and_is_at_most_1():
    p_values = [0.9, 0.04, 0.011, 0.5]
    corrected = holm(p_values)
    assert np.argsort(corrected, kind="stable").tolist()[:2] == [2, 1]
    assert corrected == pytest.approx([1.0, 0.12, 0.044, 1.0])


@pytest.mark.parametrize(
    ("value", "error", "kept"), [(0.09, 0.0, True), (0.2, 0.001, False), (0.2, 0.1, True), (-5.0, 0.1, False)]
)
def test_a_check_tolerates_small_and_uncertain_numbers(value, error, kept):
    assert check("a", "b", value, error).tolerated is kept


def test_what_there_is_none_of_is_left_out_of_json():
    assert Measurement("bias", "shift", 0.0).to_json() == {"name": "bias", "meaning": "shift", "value": 0.0}
    assert json.dumps(check("a", "b", 1.0, 0.1).to_json())


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [(1.0, None, "1"), (0.98765, 0.0123, "0.988 ± 0.012"), (123.4, 20.0, "123 ± 20"), (1e-30, 1e-31, "0")],
)
def test_numbers_have_two_digits_of_their_error(value, error, text):
    assert number(value, error) == text

"""Rules: what is measured of two halves, and what breaks when it should."""

import numpy as np
import pytest

from digs.config.stages.benchmark_settings import ReferenceRules
from digs.diagnostics.benchmark.rules import MEASURES, broken, measured, normalised, together
from digs.exact.mixture_rounds import WeightedDraws

LOW, HIGH = np.full(5, -10.0), np.full(5, 10.0)
RULES = ReferenceRules(
    effective=2000, log_evidence_error=0.05, log_evidence=0.1, medians=0.25, quantiles=6.0, largest_weight=0.005
)


def half(seed: int, shift: float = 0.0, log_factor: float = 0.0, draws: int = 4000) -> WeightedDraws:
    """Weighted draws of a standard normal distribution, moved by shift, with another evidence."""
    random = np.random.default_rng(seed)
    z = 1.3 * random.standard_normal((draws, 5))
    log_weight = (-0.5 * np.square(z) + 0.5 * np.square(z / 1.3) + np.log(1.3)).sum(1)
    return WeightedDraws(z + shift, log_weight + log_factor)


def broken_by(first: WeightedDraws, second: WeightedDraws) -> list[str]:
    return broken(measured([first, second], LOW, HIGH), RULES)


def test_two_good_halves_break_no_rule():
    for seed in range(20):
        assert broken_by(half(seed), half(100 + seed)) == []


def test_what_is_measured():
    measures = dict(zip(MEASURES, measured([half(1), half(2)], LOW, HIGH), strict=True))
    both = together([half(1), half(2)])
    assert measures["effective"] == both.effective > 3000
    assert measures["log_evidence_error"] == pytest.approx((1 / both.effective - 1 / 8000) ** 0.5)
    assert measures["largest_weight"] == normalised(both.log_weight).max()
    assert abs(both.log_evidence) < 4 * measures["log_evidence_error"]
    assert 0 < measures["medians"] < 0.1
    assert measures["outside"] == 0


@pytest.mark.parametrize(
    ("second", "rules"),
    [
        (half(2, log_factor=0.2), ["log_evidence"]),
        (half(2, shift=0.3), ["medians", "quantiles"]),
        (half(2, shift=0.2), ["quantiles"]),
        (half(2, shift=12.0), ["medians", "quantiles", "outside"]),
    ],
    ids=["evidence", "medians", "quantiles", "outside"],
)
def test_halves_that_differ_break_what_they_should(second, rules):
    assert set(rules) <= set(broken_by(half(1), second)) <= {*rules, "log_evidence"}


def test_too_few_draws_are_too_few():
    assert "effective" in broken_by(half(1, draws=500), half(2, draws=500))


def test_one_heavy_draw_breaks_rules():
    heavy = half(2)
    heavy.log_weight[0] = np.log(400.0)
    assert {"largest_weight", "log_evidence"} & set(broken_by(half(1), heavy))
    heavy.log_weight[0] = np.log(4e6)
    assert {"effective", "largest_weight", "log_evidence_error"} <= set(broken_by(half(1), heavy))


def test_what_is_no_number_breaks_rules():
    lost = half(2)
    lost.log_weight[3] = np.nan
    assert "outside" in broken_by(half(1), lost)
    nothing = WeightedDraws(half(2).draws, np.full(4000, -np.inf))
    assert "log_evidence" in broken_by(half(1), nothing)
    assert broken(np.full(len(MEASURES), np.nan), RULES) == list(MEASURES)


def test_draws_without_weight_may_lie_anywhere():
    far = half(2)
    far.draws[5], far.log_weight[5] = 99.0, -np.inf
    assert broken_by(half(1), far) == []


def test_evidences_of_halves_of_different_sizes_are_pooled_by_their_draws():
    both = together([half(1, draws=1000), half(2, log_factor=1.0, draws=3000)])
    assert both.log_evidence == pytest.approx(np.log(0.25 + 0.75 * np.e), abs=0.1)

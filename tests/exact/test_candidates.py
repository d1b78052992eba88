"""Candidates are chosen without bias."""

import numpy as np
import pytest

from digs.exact.brute_force.candidates import chi_squared, choose

NUMBER, FEW = 200, 40


@pytest.fixture(params=[0.3, 1.0, 3.0], ids=["even", "uneven", "very uneven"])
def log_v(request):
    return np.random.default_rng(1).normal(0, request.param, NUMBER)


def chosen_by(log_v, start, few=FEW):
    chosen, log_p = np.zeros(few, dtype=np.int64), np.zeros(few)
    number, share = choose(log_v, few, start, chosen, log_p)
    return chosen[:number], log_p[:number], share


def test_probabilities_are_those_of_being_chosen(log_v):
    """So that sums weighted by their inverses are unbiased."""
    steps = 4000
    counts, probability = np.zeros(NUMBER), np.zeros(NUMBER)
    for start in (np.arange(steps) + 0.5) / steps:
        chosen, log_p, _ = chosen_by(log_v, start)
        counts[chosen] += 1 / steps
        probability[chosen] = np.exp(log_p)
    np.testing.assert_allclose(counts, probability, atol=2 / steps)
    assert probability.sum() == pytest.approx(FEW, abs=0.01)


def test_none_is_chosen_twice(log_v):
    for start in (0.0, 0.3, 0.999):
        chosen, _, _ = chosen_by(log_v, start)
        assert len(np.unique(chosen)) == FEW


def test_probabilities_follow_v_until_they_are_1(log_v):
    chosen, log_p, _ = chosen_by(log_v, 0.5)
    below = log_p < -1e-9
    assert np.ptp((log_p - log_v[chosen])[below]) < 1e-9
    if not below.all():
        assert log_v[chosen][~below].min() >= log_v[chosen][below].max()


def test_what_is_impossible_is_not_chosen():
    log_v = np.full(NUMBER, -np.inf)
    assert len(chosen_by(log_v, 0.5)[0]) == 0
    log_v[[3, 50]] = 0.0, -1.0
    chosen, log_p, _ = chosen_by(log_v, 0.5)
    assert chosen.tolist() == [3, 50]
    np.testing.assert_allclose(log_p, 0.0)
    log_v[[7, 60]] = -700.0, -744.0  # numbers so small that their inverses are infinite
    for start in (0.0, 0.5, 0.999):
        assert set(chosen_by(log_v, start)[0].tolist()) <= {3, 7, 50, 60}


def test_effective_share():
    v = np.random.default_rng(2).uniform(size=NUMBER)
    _, _, share = chosen_by(np.log(v), 0.5)
    assert share == pytest.approx(v.sum() ** 2 / (v @ v) / NUMBER)


def test_chi_squared_is_of_the_components_alone():
    random = np.random.default_rng(3)
    features, center = random.normal(size=(20, 16)).astype(np.float32), np.zeros(8, dtype=np.float32)
    center[:6], chi = random.normal(size=6), np.empty(20)
    away = features[:, :6].astype(float) - center[:6]
    chi_squared(features, 6, center, np.empty((0, 0), dtype=np.float32), chi)
    np.testing.assert_allclose(chi, np.square(away).sum(1), rtol=1e-5)
    factor = np.tril(random.normal(size=(6, 6))).astype(np.float32)
    chi_squared(features, 6, center, factor, chi)
    np.testing.assert_allclose(chi, np.square(away @ factor).sum(1), rtol=1e-4)

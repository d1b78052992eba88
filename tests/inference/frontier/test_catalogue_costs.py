"""The arithmetic of what a catalogue costs."""

import math

import numpy as np
import pytest

from digs.inference.frontier.catalogue_costs import break_even, cheapest, each, per_galaxy, shares


def method(set_up, seconds):
    return {"set_up": set_up, "seconds": {"value": seconds, "error": 0.0}}


NETWORK, GRID, WALK = method(1000.0, 0.1), method(30.0, 0.5), method(0.0, 20.0)
ALL = {"network": NETWORK, "grid": GRID, "walk": WALK}


def test_set_up_is_shared():
    assert per_galaxy(NETWORK, 1) == pytest.approx(1000.1)
    assert per_galaxy(NETWORK, 1e6) == pytest.approx(0.101)


def test_the_cheapest_changes_where_costs_are_even():
    first, second = break_even(GRID, WALK), break_even(NETWORK, GRID)
    assert first == pytest.approx(30 / 19.5)
    assert second == pytest.approx(970 / 0.4)
    assert [cheapest(ALL, number) for number in (1, 100, 1e4)] == ["walk", "grid", "network"]
    for costs, number in (((GRID, WALK), first), ((NETWORK, GRID), second)):
        one, other = (per_galaxy(each, number) for each in costs)
        assert one == pytest.approx(other)


def test_what_never_pays_never_does():
    assert break_even(method(10.0, 2.0), method(1.0, 1.0)) == math.inf
    assert break_even(method(1.0, 1.0), method(10.0, 2.0)) == 0.0


def test_draws_that_are_not_effective_are_paid_for():
    share = np.array([1.0, 0.5, 0.25])
    found = each(np.array([0.2, 0.2, 0.2]), 1 / share, times=200, seed=1)
    assert found["seconds"]["value"] == pytest.approx(0.2 * 7 / 3)
    assert found["timed"] == {"median": 0.2, "low": 0.2, "high": 0.2}
    assert 0.05 < found["seconds"]["error"] < 0.3


def test_shares_are_quantiles_with_errors():
    share = np.linspace(0, 1, 1001)
    found = shares(share, times=100, seed=1)
    assert found["median"]["value"] == pytest.approx(0.5)
    assert found["tail"]["value"] == pytest.approx(0.05)
    assert 0.0 < found["median"]["error"] < 0.05

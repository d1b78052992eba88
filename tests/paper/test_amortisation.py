"""The arithmetic of amortisation, on round numbers and on the published ones."""

import math

import numpy as np
import pytest

from digs.paper.amortisation import HOUR, Amortisation, compare_with_fits
from digs.paper.khullar2022 import PUBLISHED, PUBLISHED_FITS, PUBLISHED_GALAXIES_PER_FIT

NPE = Amortisation(training_seconds=100.0, npe_seconds=0.5)


def test_at_break_even_both_cost_the_same():
    galaxies, fit = NPE.break_even(10.5), 10.5
    assert NPE.training_seconds + galaxies * NPE.npe_seconds == pytest.approx(galaxies * fit)


def test_fits_that_are_cheaper_than_npe_are_never_overtaken():
    assert NPE.break_even(0.5) == math.inf
    assert NPE.break_even(0.1) == math.inf


def test_galaxies_in_the_time_of_a_fit():
    assert NPE.galaxies_per_fit(150.0, count_training=False) == pytest.approx(300)
    assert NPE.galaxies_per_fit(150.0, count_training=True) == pytest.approx(100)
    assert NPE.galaxies_per_fit(50.0, count_training=True) == 0  # training alone takes longer


def test_the_published_gain_follows_from_one_of_the_two_published_fits_only():
    short, long = PUBLISHED_FITS
    low, high = PUBLISHED_GALAXIES_PER_FIT
    assert low <= PUBLISHED.galaxies_per_fit(long, count_training=True) <= high
    assert PUBLISHED.galaxies_per_fit(short, count_training=True) == 0
    assert long - PUBLISHED.training_seconds == 10 * HOUR


def test_turns_are_compared_one_by_one():
    fits, training, npe = np.array([10.0, 20.0, 40.0]), np.array([100.0, 100.0, 300.0]), np.array([0.5, 1.0, 1.0])
    found = compare_with_fits(fits, training, npe)
    assert found["galaxies_per_fit"] == {"median": 20.0, "low": 20.0, "high": 40.0}
    assert found["break_even"]["low"] == pytest.approx(100 / 19)
    assert found["galaxies_per_fit_with_training"]["high"] == 0.0

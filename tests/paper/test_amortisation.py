"""The arithmetic of amortisation, on round numbers and on the published ones."""

import math

import pytest

from digs.paper.amortisation import HOUR, Amortisation
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

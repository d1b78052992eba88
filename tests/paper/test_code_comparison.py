"""Rows of the table of real galaxies, and differences of masses."""

import pytest

from digs.paper.code_comparison import code_rows, difference

ANSWER = {"chi_squared": 300.0, "percentiles": {"logmass": [9.0, 9.1, 9.3]}}
HEAVIER = {"chi_squared": 150.0, "percentiles": {"logmass": [9.2, 9.35, 9.5]}}
PRODUCT = {"measured": {"M 31": {"pixels": 300, "codes": {"one": ANSWER, "other": HEAVIER}}}}


def test_rows_are_galaxy_by_galaxy():
    rows = list(code_rows(PRODUCT))
    assert [(row.galaxy, row.code, row.chi_squared) for row in rows] == [("M 31", "one", 1.0), ("M 31", "other", 0.5)]
    assert rows[0].percentiles["logmass"] == [9.0, 9.1, 9.3]


def test_a_heavier_galaxy_has_a_positive_difference():
    assert difference(PRODUCT, "M 31", "other", "one") == pytest.approx(0.25)
    assert difference(PRODUCT, "M 31", "one", "other") == pytest.approx(-0.25)

"""Weighted draws of a catalogue: weights, quantiles, selection, catalogues put together, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from digs.inference.results.galaxy_draws import OUTSIDE, TRUSTED

NAMES = ("logmass", "tage")
GALAXIES, DRAWS = 4, 20_000


@pytest.fixture(scope="module")
def found(made_catalogue):
    """Draws from boxes, weighted to be normal with means 0, 1, 2, 3 and unit width; galaxy 2 is outside the model."""
    mean = np.arange(GALAXIES, dtype=float)[:, None, None]
    draws = mean + np.random.default_rng(1).uniform(-5, 5, (GALAXIES, DRAWS, 2))
    return made_catalogue(draws, NAMES, 700 - ((draws - mean) ** 2).sum(2) / 2, outside=[2])


def test_quantiles_are_those_of_the_weighted_density(found):
    expected = np.array([-0.994, 0, 0.994])[:, None] + np.zeros(2)
    for row in (0, 1, 3):
        np.testing.assert_allclose(found.quantiles((0.16, 0.5, 0.84))[row], row + expected, atol=0.1)


def test_a_galaxy_without_posterior_has_nan_and_disturbs_no_other(found):
    there = [0, 1, 3]
    for values in (found.quantiles(), found.efficiency, found.effective, found.weight):
        assert np.isnan(values[2]).all() and np.isfinite(values[there]).all()
    np.testing.assert_array_equal(found[there].quantiles(), found.quantiles()[there])


def test_weights_add_up_to_one_and_the_effective_share_is_that_of_the_two_densities(found):
    np.testing.assert_allclose(found.weight[[0, 1, 3]].sum(1), 1)
    assert found.efficiency[0] == pytest.approx((2 * np.sqrt(np.pi) / 10) ** 2, rel=0.05)
    np.testing.assert_allclose(found.effective, DRAWS * found.efficiency)


@pytest.mark.parametrize(
    ("rows", "ids"),
    [(1, [1]), (-1, [3]), (slice(1, 3), [1, 2]), ([3, 0], [3, 0]), (np.arange(4) > 1, [2, 3]), ([], [])],
)
def test_galaxies_are_selected(found, rows, ids):
    some = found[np.array(rows, dtype=int) if isinstance(rows, list) else rows]
    assert some.ids.tolist() == ids
    np.testing.assert_array_equal(some.draws, found.draws[ids])
    assert some.lights["chi_squared"].tolist() == [each == 2 for each in ids]


def test_what_is_put_together_is_what_was_taken_apart(found):
    again = type(found).together([found[:1], found[1:]])
    np.testing.assert_array_equal(again.draws, found.draws)
    np.testing.assert_array_equal(again.weight, found.weight)
    assert again.verdict.tolist() == [TRUSTED, TRUSTED, OUTSIDE, TRUSTED]


def test_parts_that_differ_are_refused(found, refused):
    for part in (replace(found, sps_label="other"), replace(found, names=("logmass", "dust2"))):
        with refused("differ"):
            type(found).together([found, part])
    with refused("differ in draws"):
        type(found).together([found, replace(found, draws=found.draws[:, :9], log_weight=found.log_weight[:, :9])])
    with refused("no posteriors"):
        type(found).together([])


@pytest.mark.parametrize(
    ("change", "mention"),
    [
        ({"names": ("logmass",)}, "draws have shape"),
        ({"log_weight": np.zeros((GALAXIES, 3))}, "log_weight"),
        ({"reason": np.array(["", ""])}, "reason"),
        ({"lights": {"ratio": np.zeros(2)}}, "ratio"),
        ({"verdict": np.full(GALAXIES, "good")}, "'good'"),
        ({"verdict": np.full(GALAXIES, TRUSTED)}, "galaxy 2"),
        ({"log_weight": np.full((GALAXIES, DRAWS), -np.inf)}, "galaxies 0, 1 and 3"),
    ],
)
def test_what_does_not_fit_is_refused(found, refused, change, mention):
    with refused(mention):
        replace(found, **change)


def test_galaxies_and_columns_that_are_not_there_are_refused(found, refused):
    with refused("no galaxy 4"):
        found[4]
    with refused("'dust2'", "logmass, tage"):
        found.column("dust2")
    with refused("Galaxy 2", "outside the model", "no fit"):
        found.one(2)

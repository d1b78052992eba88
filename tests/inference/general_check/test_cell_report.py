"""Reports of cells: right posteriors meet the bars, wrong ones do not, and what is not known is left out."""

import numpy as np
import pytest

from digs.config.stages.general_validation_settings import ValidationBars
from digs.inference.general_check.cell_report import (
    CellNumbers,
    bare_report,
    cells_report,
    cells_verdicts,
    chains_report,
    opponent_report,
)
from digs.inference.general_check.cells import all_cells
from digs.inference.general_check.galaxy_numbers import NUMBERS, RANKS, nearer_share

BARS = ValidationBars(
    confidence=0.99,
    first=0.5,
    first_worst=0.08,
    effective=500,
    calls=20_000,
    share=0.99,
    ratio=(0.98, 1.02),
    shift=0.05,
)
CELLS = all_cells([2.0, 5.0, 10.0])
NAMES = ("logmass", "logdispersion")


def right(galaxies: int = 100) -> CellNumbers:
    """Numbers of posteriors that are right, each with 600 effective draws."""
    random = np.random.default_rng(1)
    values = random.random((len(CELLS), galaxies, RANKS + len(NAMES)))
    for name, value in {
        "first": 0.6,
        "effective": 600,
        "calls": 3000,
        "outside": 0,
        "failed": 0,
        "refitted": 0,
    }.items():
        values[..., NUMBERS.index(name)] = value
    values[..., NUMBERS.index("joint")] = (np.arange(galaxies) + 0.5) / galaxies
    values[:, ::4, -1] = np.nan  # the dispersion is known
    return CellNumbers(CELLS, NAMES, values)


def spoilt(name: str, value: float, galaxies: slice) -> CellNumbers:
    """The same with one number of the last cell's galaxies changed."""
    numbers = right()
    numbers.values[-1, galaxies, NUMBERS.index(name)] = value
    return numbers


def verdicts(numbers: CellNumbers) -> dict[str, bool]:
    return cells_verdicts(cells_report(numbers, BARS), BARS)


def test_right_posteriors_meet_all_bars():
    assert all(verdicts(right()).values())


@pytest.mark.parametrize(
    ("name", "value", "galaxies", "missed"),
    [
        ("effective", 400, slice(2), "reached"),
        ("calls", 30_000, slice(2), "reached"),
        ("refitted", 1, slice(2), "reached"),
        ("first", 0.05, slice(60), "first_worst"),
        ("joint", 0.9, slice(28), "joint_68"),
    ],
)
def test_each_bar_can_be_missed_by_one_cell(name, value, galaxies, missed):
    found = verdicts(spoilt(name, value, galaxies))
    assert not found[missed]
    assert all(found[other] for other in set(found) - {missed})


def test_one_galaxy_of_a_hundred_may_lack_draws():
    assert verdicts(spoilt("effective", 400, slice(1)))["reached"]


def test_galaxies_outside_the_model_are_counted_apart_and_failures_count():
    numbers = spoilt("outside", 1, slice(3))
    numbers.values[-1, :3, NUMBERS.index("effective")] = 0
    assert numbers.reached(BARS)[-1] == 1
    numbers.values[-1, :3, NUMBERS.index("failed")] = 1
    assert numbers.reached(BARS)[-1] == pytest.approx(0.97)


@pytest.mark.parametrize("wrong", [lambda u: u**1.8, lambda u: 0.5 + 0.5 * (u - 0.5)], ids=["biased", "too wide"])
def test_wrong_ranks_of_one_cell_and_column_are_found(wrong):
    numbers = right()
    numbers.values[1, :, RANKS] = wrong(numbers.values[1, :, RANKS])
    report = cells_report(numbers, BARS)
    assert not cells_verdicts(report, BARS)["ranks"]
    worst = {name: max(cell["excursion"][name] for cell in report["cells"].values()) for name in NAMES}
    assert worst["logmass"] > 1 >= worst["logdispersion"]


def test_small_biases_of_all_cells_are_found_together():
    numbers = right()
    even = (np.arange(100) + 0.5) / 100
    numbers.values[..., RANKS] = even**1.3
    found = verdicts(numbers)
    assert found["ranks"] and not found["ranks_of_all"]


def test_chains_of_no_columns_are_left_out():
    found = np.full((4, 3, 2), np.nan)
    found[:3, 0] = 1, 5000
    found[:3, 2] = 1.0, 0.02
    found[:3, 1] = [[1.01, 0.01], [0.99, -0.03], [1.0, 0.02]]
    report = chains_report(found, BARS)
    assert (report["galaxies"], report["converged"], report["ratio"]) == (3, 3, 1.0)
    assert report["met"] == {"half_widths": True, "medians": True}
    assert not chains_report(found, BARS.model_copy(update={"shift": 0.015}))["met"]["medians"]


def test_more_effective_draws_a_second_win():
    ours, theirs = np.full((8, 3, 2), 2.0), np.full((8, 3, 2), 2.0)
    ours[:, :, 0] = 600
    theirs[:, :, 0] = 500
    assert opponent_report(CELLS, ours, theirs)["met"]["faster"]
    theirs[2, :, 1] = 0.5
    report = opponent_report(CELLS, ours, theirs)
    assert not report["met"]["faster"] and report["cells_won"] == 7


def test_truths_are_uniform_in_ellipsoids_of_few_draws():
    random = np.random.default_rng(3)
    mix = random.standard_normal((6, 6))
    found = [
        nearer_share(random.standard_normal((200, 6)) @ mix, np.zeros(200), random.standard_normal(6) @ mix)
        for _ in range(600)
    ]
    assert np.mean(np.array(found) <= 0.68) == pytest.approx(0.68, abs=4 * np.sqrt(0.68 * 0.32 / 600))


def test_tails_that_are_cut_are_seen_among_bare_galaxies():
    fine = bare_report(right(), BARS)
    assert fine["galaxies"] == 100 * len(CELLS) and fine["met"]["ranks_of_bare"]
    share = fine["coverage_95_of_all"]
    assert abs(share["value"] - 0.95) < 4 * share["error"]
    cut = right()
    ranks = cut.values[..., RANKS]
    cut.values[..., RANKS] = np.where(np.abs(ranks - 0.5) > 0.4, np.round(ranks), ranks)  # draws do not reach them
    spoilt = bare_report(cut, BARS)
    assert not spoilt["met"]["ranks_of_bare"]
    assert abs(spoilt["coverage_95"]["logmass"]["value"] - 0.8) < 0.05
    assert spoilt["coverage_95"]["logdispersion"] == fine["coverage_95"]["logdispersion"]


def test_columns_that_are_known_do_not_count_among_bare_galaxies():
    numbers = right()
    numbers.values[..., -1] = np.nan
    found = bare_report(CellNumbers(CELLS, NAMES, numbers.values), BARS)
    assert found["coverage_95"]["logdispersion"] is None


def test_a_failure_among_bare_galaxies_is_seen():
    numbers = right()
    numbers.values[0, 0, RANKS:] = np.nan
    for name in ("outside", "failed"):
        numbers.values[0, 0, NUMBERS.index(name)] = 1
    found = bare_report(numbers, BARS)
    assert (found["galaxies"], found["outside"], found["failed"]) == (100 * len(CELLS) - 1, 1, 1)
    assert not found["met"]["ranks_of_bare"]

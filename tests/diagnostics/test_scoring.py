"""Scores: the verdicts that analytic entries deserve, the same for the same seed, finite whatever comes."""

import json

import numpy as np
import pytest
from scipy import stats

from digs.diagnostics.benchmark.tracks import load_track
from digs.diagnostics.scores import public_scores
from digs.diagnostics.scores.analytic_entries import EXACT, trial
from digs.diagnostics.scores.analytic_track import AnalyticTrack
from digs.diagnostics.scores.entries import BenchmarkEntry, read_entry
from digs.diagnostics.scores.public_scores import score, write_entry
from digs.diagnostics.scores.scoring import Scores, score_entry

GALAXIES, DRAWS = 60, 80


@pytest.fixture(scope="module")
def track() -> AnalyticTrack:
    return AnalyticTrack.random(GALAXIES, DRAWS, seed=1)


@pytest.fixture(scope="module")
def exact(track) -> np.ndarray:
    return track.sample(DRAWS, np.random.default_rng(0))


@pytest.fixture(scope="module")
def scores(track, exact) -> Scores:
    entry = BenchmarkEntry.of(exact, track.log_prob(exact), np.zeros(GALAXIES, dtype=bool), 0.5)
    return score_entry(entry, track, seed=3)


def finite(scores: Scores) -> str:
    return json.dumps(scores.to_json(), allow_nan=False)


def test_an_exact_entry_passes(scores):
    assert scores.passes
    assert "passes" in scores.verdict
    assert finite(scores)


@pytest.mark.parametrize(
    ("kind", "strength", "by"),
    [
        ("too_wide", 1.3, {"widths", "joint ranks"}),
        ("too_narrow", 0.7, {"widths"}),
        ("shifted", 0.4, {"bias"}),
        ("heavy_tailed", 3.0, {"tails"}),
        ("one_bad_galaxy", 3.0, {"worst galaxy"}),
    ],
)
def test_what_is_wrong_is_found_and_named(kind, strength, by):
    assert by <= set(trial(kind, strength, 100, 100, seed=1).failed)


def test_p_values_of_exact_entries_are_uniform():
    found = [trial(EXACT, 0.0, 20, 50, seed).p_values for seed in range(30)]
    for name in found[0]:
        assert stats.kstest([each[name] for each in found], "uniform").pvalue > 0.001, name


def test_a_classifier_finds_what_changes_with_the_place(track):
    """Half of the galaxies are too high, and half too low: nothing is wrong on average."""
    draws = track.sample(DRAWS, np.random.default_rng(2))
    draws += 0.5 * (np.sign(track.mean[:, :1]) * track.standard_deviation)[:, None]
    assert "classifier" in score_entry(BenchmarkEntry.of(draws), track, seed=1).failed


def test_wrong_correlations_are_found(track):
    """All parameters by themselves are exact."""
    normal = np.random.default_rng(3).standard_normal((GALAXIES, DRAWS, 5))
    draws = track.mean[:, None] + normal * track.standard_deviation[:, None]
    failed = score_entry(BenchmarkEntry.of(draws), track, seed=1).failed
    assert "correlations" in failed
    assert "widths" not in failed


def test_stuck_chains_have_finite_and_terrible_scores(track, exact):
    draws = np.repeat(exact[:, :1], 60, 1)
    draws[:, -1] = exact[:, 1]
    scores = score_entry(BenchmarkEntry.of(draws, np.zeros((GALAXIES, 60))), track, seed=1)
    assert {"widths", "worst galaxy", "classifier", "marginal ranks"} <= set(scores.failed)
    assert finite(scores)


@pytest.mark.parametrize("value", [0.0, 1e5])
def test_one_point_for_all_has_finite_scores(track, exact, value):
    scores = score_entry(BenchmarkEntry.of(np.full_like(exact, value), np.zeros((GALAXIES, DRAWS))), track, seed=1)
    assert not scores.passes
    assert finite(scores)


def test_what_fails_stands_in_the_table(track, exact):
    scores = score_entry(BenchmarkEntry.of(exact + 1, np.zeros((GALAXIES, DRAWS))), track, seed=1)
    lines = str(scores).splitlines()
    assert len(scores.failed) > 3
    for name in scores.failed:
        assert name in lines[-1]
        (line,) = (each for each in lines if each.startswith(f"{name} "))
        assert "*" in line


def test_every_measurement_has_a_name_of_its_own(scores):
    names = [each.name for each in scores.measurements]
    assert len(set(names)) == len(names)
    assert all(each.meaning for each in scores.measurements)


def test_the_same_seed_gives_the_same_scores(scores, track, exact):
    again = score_entry(
        BenchmarkEntry.of(exact, track.log_prob(exact), np.zeros(GALAXIES, dtype=bool), 0.5), track, seed=3
    )
    assert again.to_json() == scores.to_json()
    other = score_entry(BenchmarkEntry.of(exact), track, seed=4)
    assert other.to_json()["measurements"] != scores.to_json()["measurements"]


def test_plain_numbers_are_what_is_expected_of_an_exact_entry(scores):
    (numbers,) = (group for name, group in scores.groups.items() if name.startswith("differences"))
    assert len(numbers) == 7
    for each in numbers:
        assert abs(each.value - each.expected) < 5 * each.error + 0.05 * each.expected, each.name


def test_detections_are_told_by_kind_and_strength(track, exact, scores):
    verdicts = np.arange(GALAXIES) < 15
    wrong = {"kind": ["dust", "agn"] * (GALAXIES // 2), "strength": [0.5] * GALAXIES}
    (found,) = score_entry(BenchmarkEntry.of(exact, verdicts=verdicts), track, 1, wrong).groups["verdicts"]
    assert found.value == 0.25
    assert found.parts["dust 0.5"]["value"] == pytest.approx(8 / 30)
    (alarms,) = scores.groups["verdicts"]
    assert (alarms.name, alarms.value) == ("false alarms", 0)


def test_without_truths_there_are_no_tests_of_them(exact, track):
    class Corrupted(AnalyticTrack):
        pass

    wrong = Corrupted("corrupted", track.mean, track.factor, None, track.draws)
    assert "against truths" not in score_entry(BenchmarkEntry.of(exact), wrong, 1).groups


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True])
def test_seeds_are_whole_numbers(track, exact, seed, refused):
    with refused("seed"):
        score(exact, track, seed=seed)


# the public face


@pytest.fixture
def known(track, monkeypatch) -> AnalyticTrack:
    monkeypatch.setattr(public_scores, "load_track", lambda name: track)
    return track


def test_draws_and_their_file_have_the_same_scores(known, exact, tmp_path, scores):
    given = {"log_prob": known.log_prob(exact), "verdicts": np.zeros(GALAXIES, dtype=bool), "seconds": 0.5}
    write_entry(tmp_path / "entry.h5", exact, "k22", **given)
    entry, name = read_entry(tmp_path / "entry.h5")
    assert name == "k22"
    assert score_entry(entry, known, 3).to_json() == score(exact, **given, seed=3).to_json() == scores.to_json()


def test_an_unknown_track_is_refused(exact, refused):
    with refused("k23", "k22"):
        score(exact, "k23")


def test_an_entry_of_too_few_galaxies_is_not_written(known, exact, tmp_path, refused):
    with refused("30 galaxies", str(GALAXIES)):
        write_entry(tmp_path / "entry.h5", exact[:30])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("rows", [slice(30), slice(None, None, -1)], ids=["some", "turned round"])
def test_an_entry_of_part_of_a_track_is_not_written(tmp_path, tracked, refused, rows):
    tracked("benchmark_k22.h5")
    track = load_track("k22").of_galaxies(rows)
    with refused("some galaxies of track k22", "digs.score"):
        write_entry(tmp_path / "entry.h5", track.draws[:, :50], track)
    assert not list(tmp_path.iterdir())


def test_what_is_no_track_is_refused(track, refused):
    with refused("NoneType", "k22, noise, corrupted"):
        score(track.draws, None)

"""Figures, tables and numbers come out the same when they are made again, whatever the number of threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from digs.base import paths
from digs.provenance.fingerprints import NUMBERS, Record, departures, redraw
from digs.provenance.pipeline import Pipeline

SCRIPTS = paths.ROOT / "src" / "scripts"
EXHIBITS = [path.stem for kind in ("fig", "tab") for path in sorted(SCRIPTS.rglob(f"{kind}_*.py"))] + [NUMBERS]


def build() -> dict[str, Record]:
    """What everything in the paper is made of, in a clean copy."""
    pipeline = Pipeline(paths.ROOT)
    return redraw(pipeline, EXHIBITS, pipeline.locked)


@pytest.fixture(scope="module")
def builds(tracked) -> tuple[dict[str, Record], dict[str, Record]]:
    """Two builds, side by side."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: build(), range(2))
    return first, second


def test_two_builds_are_the_same_to_the_bit(builds):
    first, second = builds
    assert len(first) > len(EXHIBITS) > 30
    assert first == second


def test_another_number_of_threads_changes_nothing_beyond_the_tolerance(builds, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    single, (several, _) = build(), builds
    assert single.keys() == several.keys()
    assert {name: found for name in single if (found := departures(several[name], single[name]))} == {}

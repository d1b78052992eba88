"""Figures, tables and numbers are made from the tracked data, and come out the same when they are made again.

Everything is drawn here twice, with one thread and with two, and once in a clean copy by a process of its own.
"""

import json
import runpy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
import torch
from threadpoolctl import threadpool_limits

from digs.base import paths
from digs.physics import stored_populations
from digs.provenance import fingerprints
from digs.provenance.fingerprints import NUMBERS, Fingerprint, all_scripts, departures, script_of
from digs.provenance.pipeline import Pipeline
from digs.provenance.redraw import alone

EXHIBITS = all_scripts(paths.ROOT)
LEAST_BYTES = {".pdf": 5000, ".svg": 5000, ".json": 500, ".tex": 100, ".txt": 1}

Files = dict[str, bytes]  # by name


@pytest.fixture(scope="module")
def drawn(tracked, tmp_path_factory) -> Callable[[str, int], Files]:
    """drawn(script, threads) are the files that a script makes with so many threads, in this process."""
    before = torch.get_num_threads()

    @cache
    def draw(name: str, threads: int) -> Files:
        folder, script = tmp_path_factory.mktemp(name), paths.ROOT / script_of(name)
        with pytest.MonkeyPatch.context() as patch, threadpool_limits(threads), alone(script):
            for place in ("FIGURES", "OUTPUT"):
                patch.setattr(paths, place, folder)
            torch.set_num_threads(threads)
            stored_populations._read.cache_clear()  # another test may have made its weights with more threads
            runpy.run_path(str(script), run_name="__main__")
        torch.set_num_threads(before)
        return {file.name: file.read_bytes() for file in folder.iterdir()}

    return draw


def shown(name: str, files: Files) -> Fingerprint:
    """What the files of a script show, as records have it."""
    if name.startswith("fig_"):
        return {"shown": json.loads(files[f"{name.removeprefix('fig_')}.json"])}
    if name == NUMBERS:
        return {"shown": {file.removesuffix(".txt"): {"text": text.decode()} for file, text in files.items()}}
    rows = files[f"{name}.tex"].decode().splitlines()
    return {"shown": {f"row {place}": {"text": row} for place, row in enumerate(rows)}}


def by_script(records: dict[str, Fingerprint]) -> dict[str, Fingerprint]:
    """Records with all groups of numbers as the work of one script."""
    groups = [record["shown"] for name, record in records.items() if "." in name]
    numbers = {number: entry for group in groups for number, entry in group.items()}
    return {name: record for name, record in records.items() if "." not in name} | {NUMBERS: {"shown": numbers}}


def build() -> dict[str, Fingerprint]:
    """What everything in the paper is made of, in a clean copy."""
    pipeline = Pipeline(paths.ROOT)
    return fingerprints.redraw(pipeline, EXHIBITS, pipeline.locked)


@pytest.fixture(scope="module")
def built(tracked) -> dict[str, Fingerprint]:
    """What comes out in a clean copy, by a process of one thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        return by_script(build())


@pytest.mark.parametrize("name", EXHIBITS)
def test_figures_tables_and_numbers_are_made_from_the_tracked_data(name, drawn):
    """As recorded in src/tex/fingerprints.json; where a change is meant, `digs renew` records it."""
    files = drawn(name, 1)
    assert files
    for file, content in files.items():
        assert len(content) >= LEAST_BYTES[Path(file).suffix], file
        assert content.startswith(b"%PDF") == file.endswith(".pdf"), file
        assert b"nan" not in content or file.endswith(".pdf"), file
    if name != NUMBERS:
        assert {Path(file).stem for file in files} == {name.removeprefix("fig_")}
    recorded = by_script(fingerprints.load(paths.ROOT))
    assert departures(recorded[name], shown(name, files)) == []


def test_another_number_of_threads_changes_nothing_beyond_the_tolerance(drawn):
    """What it does not change at all is written with the same bytes."""
    departed, same = {}, 0
    for name in EXHIBITS:
        one, two = drawn(name, 1), drawn(name, 2)
        departed[name] = departures(shown(name, one), shown(name, two))
        if shown(name, one) == shown(name, two):
            same += 1
            assert one == two, name
    assert {name: found for name, found in departed.items() if found} == {}
    assert same > len(EXHIBITS) / 2


def test_a_build_in_a_clean_copy_is_the_same_to_the_bit(built, drawn):
    assert built.keys() == set(EXHIBITS)
    assert len(EXHIBITS) > 30
    for name in EXHIBITS:
        assert built[name]["shown"] == shown(name, drawn(name, 1))["shown"], name


@pytest.mark.long
def test_two_builds_are_the_same_to_the_bit(tracked):
    """Side by side, in clean copies, by processes of their own that take as many threads as they like."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: build(), range(2))
    assert len(first) > len(EXHIBITS) > 30
    assert first == second

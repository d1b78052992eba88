"""Parts of long computations: kept, taken up, and never mistaken for others."""

import json

import numpy as np
import pytest

from digs.files import resumable as parts
from digs.files.resumable import ResumableParts
from digs.physics import dust


def test_what_was_saved_is_there_for_the_next_run(tmp_path):
    array = np.random.default_rng(0).normal(size=(3, 4))
    assert "one" not in ResumableParts(tmp_path, {"a": 1})
    ResumableParts(tmp_path, {"a": 1}).save("one", array)
    again = ResumableParts(tmp_path, {"a": 1})
    assert "one" in again
    assert "two" not in again
    np.testing.assert_array_equal(again.load("one"), array)


def test_other_settings_or_code_have_other_parts(tmp_path, monkeypatch):
    folders = {ResumableParts(tmp_path, {"a": 1}, (dust,)).folder, ResumableParts(tmp_path, {"a": 2}, (dust,)).folder}
    monkeypatch.setattr(parts.inspect, "getsource", lambda module: json.dumps("edited"))
    folders.add(ResumableParts(tmp_path, {"a": 1}, (dust,)).folder)
    assert len(folders) == 3


def test_forgetting_leaves_the_parts_of_others(tmp_path):
    mine, other = ResumableParts(tmp_path, 1), ResumableParts(tmp_path, 2)
    for each in (mine, other):
        each.save("one", np.ones(2))
    mine.forget()
    mine.forget()
    assert "one" not in mine
    assert "one" in other


@pytest.mark.parametrize("content", [b"", b"half", b"\x93NUMPY\x01\x00"])
def test_a_damaged_part_is_refused(tmp_path, refused, content):
    mine = ResumableParts(tmp_path, 1)
    mine.save("one", np.ones(2))
    next(mine.folder.iterdir()).write_bytes(content)
    with refused("one.npy", "damaged"):
        mine.load("one")

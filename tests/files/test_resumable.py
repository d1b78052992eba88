"""Parts of long computations: kept, taken up, and never mistaken for others."""

import numpy as np
import pytest

from digs.files import resumable
from digs.files.resumable import ResumableParts, work_key
from digs.physics import dust


def test_what_was_saved_is_there_for_the_next_run(tmp_path):
    array = np.random.default_rng(0).normal(size=(3, 4))
    assert "one" not in ResumableParts(tmp_path, {"a": 1}, __file__)
    ResumableParts(tmp_path, {"a": 1}, __file__).save("one", array)
    again = ResumableParts(tmp_path, {"a": 1}, __file__)
    assert "one" in again
    assert "two" not in again
    np.testing.assert_array_equal(again.load("one"), array)


def test_other_settings_or_code_have_other_parts(tmp_path, monkeypatch):
    folder_of = lambda settings, file: ResumableParts(tmp_path, settings, file).folder
    folders = {folder_of({"a": 1}, dust.__file__), folder_of({"a": 2}, dust.__file__), folder_of({"a": 1}, __file__)}
    monkeypatch.setattr(resumable, "code_hash", lambda file: "edited")
    folders.add(folder_of({"a": 1}, dust.__file__))
    assert len(folders) == 4


def test_the_code_is_all_that_the_file_runs(monkeypatch):
    asked = []
    monkeypatch.setattr(resumable, "code_hash", lambda file: asked.append(file) or "0")
    assert work_key({}, "script.py") == work_key({}, "script.py")
    assert work_key({}, "script.py", b"data") != work_key({}, "script.py")
    assert set(asked) == {"script.py"}


def test_forgetting_leaves_the_parts_of_others(tmp_path):
    mine, other = ResumableParts(tmp_path, 1, __file__), ResumableParts(tmp_path, 2, __file__)
    for each in (mine, other):
        each.save("one", np.ones(2))
    mine.forget()
    mine.forget()
    assert "one" not in mine
    assert "one" in other


@pytest.mark.parametrize("content", [b"", b"half", b"\x93NUMPY\x01\x00"])
def test_a_damaged_part_is_refused(tmp_path, refused, content):
    mine = ResumableParts(tmp_path, 1, __file__)
    mine.save("one", np.ones(2))
    next(mine.folder.iterdir()).write_bytes(content)
    with refused("one.npy", "damaged"):
        mine.load("one")

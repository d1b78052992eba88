"""Files that are written whole or not at all: permissions, what an interruption leaves, and what is said of a file."""

import os
import stat

import h5py
import pytest
from conftest import child_process

from digs.base import paths
from digs.files.atomic import existing, read_json, replacing, unreadable, write_json, write_text
from digs.files.product import read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002, 0o027])
def test_the_umask_is_obeyed(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_text(tmp_path / "new.txt", "text")
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    mode = lambda name: stat.S_IMODE((tmp_path / name).stat().st_mode)
    assert mode("new.txt") == mode("plain") == 0o666 & ~umask


def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path):
    path = tmp_path / "deep" / "file.json"
    write_json(path, {"a": 1})
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        assert temporary.suffix == ".json"
        assert temporary.parent == path.parent
        raise KeyboardInterrupt
    assert read_json(path) == {"a": 1}
    assert [file.name for file in path.parent.iterdir()] == ["file.json"]


def test_what_is_no_json_is_said_so(tmp_path, refused):
    for text, words in (("{", "is not JSON"), ("[1]", "JSON object")):
        write_text(tmp_path / "file.json", text)
        with refused("file.json", words):
            read_json(tmp_path / "file.json")
    with refused("file.json", "missing"):
        existing(tmp_path / "nowhere" / "file.json")


def test_a_file_that_another_writes_is_busy_not_damaged(tmp_path, refused, observations, monkeypatch):
    path = tmp_path / "observations.h5"
    write_product(path, OBSERVATIONS, observations)
    for error, words in (
        (BlockingIOError(11, "unable to lock file"), "busy"),
        (PermissionError(13, "denied"), "permission denied"),
    ):

        def fail(*_, error=error):
            raise error

        monkeypatch.setattr(h5py, "File", fail)
        with refused("observations.h5", words):
            read_product(path, OBSERVATIONS)
    monkeypatch.undo()
    path.write_bytes(path.read_bytes()[:1000])
    with refused("observations.h5", "damaged"):
        read_product(path, OBSERVATIONS)


def test_a_lock_of_hdf5_is_such_an_error(tmp_path, refused, observations):
    """Two openings of one process share their lock, so that the other one is a process of its own."""
    import subprocess
    import sys

    path = tmp_path / "observations.h5"
    write_product(path, OBSERVATIONS, observations)
    hold = f"import h5py, sys; file = h5py.File({str(path)!r}, 'a'); print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with child_process([sys.executable, "-c", hold], **pipes) as holder:
        assert holder.stdout.readline() == b"open\n"
        with refused("observations.h5", "busy"):
            read_product(path, OBSERVATIONS)
        holder.stdin.close()
        holder.wait()
    read_product(path, OBSERVATIONS)


def test_an_installation_is_not_told_of_dvc(tmp_path, refused, monkeypatch):
    path = tmp_path / "nowhere.json"
    with refused("nowhere.json", "`dvc pull`"):
        read_json(path)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    with refused("nowhere.json", "without its data") as _:
        read_json(path)
    path.write_text("[]")
    with pytest.raises(Exception, match="JSON") as caught:
        read_json(path)
    assert "dvc" not in str(caught.value)


def test_reasons_are_in_words(tmp_path):
    assert "too many open files" in str(unreadable(tmp_path, OSError(24, "")))

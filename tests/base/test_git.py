"""git is asked of this checkout, whoever owns it, wherever it lies, and whatever its files are called."""

import os
import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE

from digs.base.git import ask_git, git_commit, listed_files, tree_hash

IDENTITY = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")


def git(root: Path, *arguments: str) -> str:
    ended = subprocess.run(
        ["git", "-C", str(root), *IDENTITY, *arguments], check=True, capture_output=True, text=True, timeout=PATIENCE
    )
    return ended.stdout.strip()


def committed(root: Path) -> Path:
    """A repository of one file."""
    root.mkdir()
    (root / "file").write_text("text\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "one"]):
        git(root, *command)
    return root


@pytest.fixture
def repository(tmp_path) -> Path:
    return committed(tmp_path / "it's a clone")


def test_a_commit_is_named_and_so_are_changes(repository):
    commit = git(repository, "rev-parse", "HEAD")
    assert git_commit(repository) == commit[:12]
    assert tree_hash(repository) == git(repository, "rev-parse", "HEAD^{tree}")
    (repository / "file").write_text("another\n")
    assert git_commit(repository) == f"{commit[:12]}-dirty"


def test_changes_of_files_that_may_differ_are_none(repository):
    before = git_commit(repository)
    (repository / "records").mkdir()
    for name in ("lock", "records/one"):
        (repository / name).write_text("text\n")
    git(repository, "add", ".")
    assert git_commit(repository, ["lock"]) == git_commit(repository) == f"{before}-dirty"
    assert git_commit(repository, ["lock", "records"]) == before
    (repository / "file").write_text("another\n")
    assert git_commit(repository, ["lock", "records"]) == f"{before}-dirty"


def test_files_of_another_owner_are_no_obstacle(repository, monkeypatch):
    before = git_commit(repository)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "status")
    assert git_commit(repository) == before != "unknown"
    assert listed_files(repository) == ["file"]


def test_a_repository_that_an_archive_was_unpacked_in_is_not_meant(repository):
    inside = repository / "archive"
    inside.mkdir()
    (inside / "own").touch()
    assert git_commit(inside) == tree_hash(inside) == "unknown"
    assert listed_files(inside) is None
    (inside / ".git").mkdir()  # which git takes for none of its own
    assert git_commit(inside) == "unknown"


def test_variables_of_another_repository_are_not_heeded(repository, tmp_path, monkeypatch):
    """As those that git sets for a hook."""
    before, other = git_commit(repository), committed(tmp_path / "other")
    (other / "more").touch()
    for name, value in {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}.items():
        monkeypatch.setenv(name, str(other / value))
    assert git_commit(repository) == before
    assert listed_files(repository) == ["file"]


def test_a_linked_path_is_the_checkout_that_it_leads_to(repository, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(repository)
    assert git_commit(link) == git_commit(repository) != "unknown"


def test_names_that_are_not_utf8_are_listed(repository):
    name = os.fsdecode(b"caf\xe9 'x'\n.txt")
    (repository / name).touch()
    assert listed_files(repository) == sorted(["file", name])


def test_without_git_nothing_is_known(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(repository) == tree_hash(repository) == "unknown"
    assert listed_files(repository) is None


def test_a_command_that_fails_says_nothing(repository, tmp_path):
    assert ask_git(repository, "rev-parse", "no-such-commit") is None
    assert ask_git(tmp_path / "no such folder", "status") is None

"""The container and the Binder configuration take their packages from requirements.lock alone."""

import re
import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE

from digs.base import paths
from digs.base.git import ask_git

LOCK = "requirements.lock"
INSTALLER = "tools/ensure-venv"  # installs the lock, and nothing else
DOCKERFILE, BINDER = paths.ROOT / "Dockerfile", paths.ROOT / "binder"
FILES = [DOCKERFILE, *sorted(BINDER.iterdir())]
SHELL = [BINDER / "postBuild", BINDER / "start"]


def locked_names() -> set[str]:
    return {line.partition("==")[0].lower() for line in (paths.ROOT / LOCK).read_text().split()}


def commands(path: Path) -> str:
    """A file without its comments."""
    return re.sub(r"(?m)^#.*$", "", path.read_text())


def test_both_name_the_one_lock_and_install_it():
    for path in (DOCKERFILE, BINDER / "postBuild"):
        assert LOCK in path.read_text()
        assert INSTALLER in commands(path)
    installed = re.findall(r"pip install (.*)", (paths.ROOT / INSTALLER).read_text())
    assert installed == [f"-qq -r {LOCK}", "-qq --no-deps --no-build-isolation -e ."]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_pinned_or_installed_beside_the_lock(path):
    text = commands(path)
    assert "==" not in text
    assert not re.search(r"\b(?:pip|conda|mamba|uv)3? +(?:pip +)?install", text)
    assert not set(re.findall(r"(?m)^ *(?:- )?([\w.-]+)$", text)) & locked_names()


def test_both_have_the_python_of_the_package():
    wanted = re.search(r'requires-python = ">=(\d\.\d+)', (paths.ROOT / "pyproject.toml").read_text())[1]
    assert f"FROM python:{wanted}-" in DOCKERFILE.read_text()
    assert (BINDER / "runtime.txt").read_text().strip() == f"python-{wanted}"


def test_what_they_run_is_here():
    run = [*SHELL, *(paths.ROOT / name for name in re.findall(r"tools/[\w-]+", commands(DOCKERFILE)))]
    for path in run:
        assert path.stat().st_mode & 0o111, path
        subprocess.run(["sh", "-n", str(path)], check=True, timeout=PATIENCE)
    (target,) = re.findall(r'CMD \["make", "(\w+)"\]', DOCKERFILE.read_text())
    assert re.search(rf"(?m)^{target}:", (paths.ROOT / "Makefile").read_text())
    (script,) = re.findall(r"src/scripts/\S+\.py", commands(BINDER / "start"))
    assert (paths.ROOT / script).is_file()


def test_the_context_lacks_only_what_git_does_not_track():
    lines = (paths.ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith(("#", "!"))]
    said = ask_git(paths.ROOT, "ls-files", "--", *(f":(glob){pattern}" for pattern in patterns))
    if said is None:
        pytest.skip("git cannot tell what it tracks")
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert set(said.decode().split()) <= kept

"""The wheel: what digs.infer takes is in it, byte for byte, and it works where no checkout is."""

import os
import runpy
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import PATIENCE

from digs import check
from digs.__main__ import main
from digs.base import paths
from digs.inference import installation

SETUP = paths.ROOT / "setup.py"
ALONE = ("setup.py", "pyproject.toml", "README.md", "LICENSE", "params.yaml")
WHEEL = 12e6  # bytes, at most
FORBIDDEN = "dvc ruamel jinja2 pygments pypandoc rocrate graphviz nautilus sedpy prospect fsps snakemake distributed"
IMPORTS = f"""
import sys
for name in "{FORBIDDEN}".split():
    sys.modules[name] = None
import digs.__main__, digs.check, digs.inference.engine.infer_command, digs.inference.catalogue.catalogue_run
import digs.inference.installation
print(digs.__file__)
"""


def pip(*arguments: str | Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)


def build(tree: Path, out: Path) -> subprocess.CompletedProcess:
    return pip("wheel", tree, "--no-deps", "--no-build-isolation", "-w", out)


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """What a wheel is built from, without the data."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ALONE:
        shutil.copy(paths.ROOT / name, folder)
    skip = shutil.ignore_patterns("__pycache__")
    for name in ("src/digs", "tools/wheel"):
        shutil.copytree(paths.ROOT / name, folder / name, ignore=skip)
    return folder


@pytest.fixture(scope="module")
def files() -> tuple[str, ...]:
    """The data that belong into the wheel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("setuptools.setup", lambda **_: None)
        return runpy.run_path(str(SETUP))["DATA"]


@pytest.fixture(scope="module")
def wheel(tree, files, tmp_path_factory) -> Path:
    for name in files:
        (tree / "src" / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.DATA / name, tree / "src" / "data" / name)
    out = tmp_path_factory.mktemp("wheel")
    built = build(tree, out)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = out.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the wheel's contents, as pip puts them there."""
    folder = tmp_path_factory.mktemp("installed")
    found = pip("install", "--no-deps", "--no-index", "--target", folder, wheel)
    assert found.returncode == 0, found.stderr
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Python with the installed digs, outside of any checkout."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder.parent, env=environment, timeout=PATIENCE)


def test_without_data_no_wheel_is_built(tree, tmp_path):
    if (tree / "src" / "data").exists():
        shutil.rmtree(tree / "src" / "data")
    built = build(tree, tmp_path / "out")
    assert built.returncode != 0
    assert (
        "src/data/populations.h5: missing; run `dvc pull` in this checkout, and pip again."
        in built.stdout + built.stderr
    )


def test_data_are_those_of_the_checkout_to_the_byte(wheel, files):
    with zipfile.ZipFile(wheel) as archive:
        data = {name for name in archive.namelist() if name.startswith("digs/data/")}
        assert data == {f"digs/data/{name}" for name in (*files, "params.yaml")}
        for name in files:
            assert archive.read(f"digs/data/{name}") == (paths.DATA / name).read_bytes(), name
        assert archive.read("digs/data/params.yaml") == paths.PARAMS.read_bytes()


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size <= WHEEL


def test_posteriors_need_no_package_of_the_paper(installed):
    found = run(installed, "-c", IMPORTS)
    assert found.returncode == 0, found.stderr
    assert Path(found.stdout.strip()).is_relative_to(installed)


def test_an_installed_digs_works_and_a_damaged_one_says_so(installed):
    found = run(installed, "-m", "digs.check")
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count("[ok]") == len(installation.CHECKS)
    assert "files as installed" in found.stdout
    network = installed / "digs" / "data" / "general_network.safetensors"
    whole = network.read_bytes()
    network.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))  # one bit of one weight
    try:
        found = run(installed, "-c", "from digs.inference import installation; installation.check_files()")
    finally:
        network.write_bytes(whole)
    assert found.returncode != 0
    assert f"{network} is not what was installed; install digs anew" in found.stderr


def test_what_takes_a_checkout_says_so(installed):
    found = run(installed, "-m", "digs", "stages")
    assert found.returncode != 0
    assert "lies in no checkout of DIGS" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_check_that_fails_is_told_and_the_others_go_on(monkeypatch, capsys):
    def fails() -> str:
        raise ValueError("damaged")

    monkeypatch.setattr(installation, "CHECKS", {"one": fails, "two": lambda: "fine"})
    assert check.main() == 1
    out = capsys.readouterr().out
    assert "[WRONG] one: ValueError: damaged\n[ok] two: fine\n" in out
    assert "does not work: 1 of 2" in out


def test_a_package_of_the_paper_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    monkeypatch.setattr(sys, "argv", ["digs", "stages", "--write"])
    with pytest.raises(SystemExit, match=r"ruamel.yaml.*pip install '.\[paper\]'"):
        main()

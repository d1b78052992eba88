"""The packages: three files name them, and they must agree."""

import re
import tomllib
from importlib.metadata import version

import pytest
import yaml

from digs.base import paths

ROOT = paths.ROOT


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(lines: list[str]) -> dict[str, str]:
    """{package: version}; every line must be an exact pin."""
    pins = {}
    for line in lines:
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line)
        assert match, f"not an exact pin: {line}"
        pins[normal(match[1])] = match[2]
    return pins


def declared(requirements: list[str]) -> set[str]:
    return {normal(re.match(r"[A-Za-z0-9._-]+", requirement)[0]) for requirement in requirements}


@pytest.fixture(scope="module")
def locked() -> dict[str, str]:
    return pinned((ROOT / "requirements.lock").read_text().split("\n")[:-1])


@pytest.fixture(scope="module")
def conda() -> dict:
    return yaml.safe_load((ROOT / "environment.yml").read_text())


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_conda_environment_has_the_locked_versions(conda, locked):
    (by_pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert pinned(by_pip).items() <= locked.items()


def test_conda_environment_has_every_dependency(conda, project):
    (by_pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    extras = project["optional-dependencies"]
    assert declared(by_pip) == declared([*project["dependencies"], *extras["paper"], *extras["simulate"]])


def test_lock_has_every_dependency_and_the_tools(locked, project):
    extras = project["optional-dependencies"]
    wanted = declared(project["dependencies"]).union(*(declared(extras[name]) for name in extras if name != "real"))
    assert wanted | {"showyourwork", "snakemake"} <= set(locked)


def test_other_codes_have_versions_that_go_with_the_lock(locked, project):
    """Bagpipes and what resamples its spectra are not in the lock, as its models are too large for a paper's set-up."""
    pins = pinned(project["optional-dependencies"]["real"])
    assert set(pins) - set(locked) == {"bagpipes", "spectres"}
    assert {name: locked[name] for name in pins if name in locked} == {
        name: pin for name, pin in pins.items() if name in locked
    }


def test_lock_keeps_what_snakemake_7_can_live_with(locked):
    assert tuple(map(int, locked["pulp"].split("."))) < (2, 8)
    assert tuple(map(int, locked["setuptools"].split("."))) < (81,)


def test_posteriors_need_neither_the_paper_s_packages_nor_fsps(project):
    heavy = declared([*project["optional-dependencies"]["paper"], *project["optional-dependencies"]["simulate"]])
    assert not declared(project["dependencies"]) & (heavy | {"showyourwork", "snakemake"})


def test_showyourwork_is_the_version_that_the_paper_asks_for(locked):
    config = yaml.safe_load((ROOT / "showyourwork.yml").read_text())
    assert str(config["version"]) == locked["showyourwork"]


def test_installed_versions_are_the_locked_ones(locked):
    """A local label (torch's +cpu) says how a version was built, not which one it is."""
    installed = {name: version(name).split("+")[0] for name in ("torch", "sbi", "numpy", "emcee", "dvc", "snakemake")}
    assert installed == {name: locked[name] for name in installed}

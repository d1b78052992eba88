"""FSPS's data directory: what is said where it is missing, and how its contents are told apart."""

import subprocess
from pathlib import Path

import pytest
from conftest import PATIENCE

from digs.sps import home as sps


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A directory with the files that FSPS needs, in name."""
    home = tmp_path / "fsps"
    for name in sps.NEEDED:
        path = home / name
        if path.suffix:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{name}\n")
        else:
            path.mkdir(parents=True)
    monkeypatch.setenv("SPS_HOME", str(home))
    return home


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_home_is_told_with_the_remedy(monkeypatch, refused, value):
    monkeypatch.delenv("SPS_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("SPS_HOME", value)
    for ask in (sps.sps_home, sps.sps_data):
        with refused("SPS_HOME is not set", "README.md"):
            ask()


@pytest.mark.parametrize("name", sps.NEEDED)
def test_what_is_missing_is_named(home, refused, name):
    path = home / name
    path.rename(home / "elsewhere")
    with refused("SPS_HOME", f"lacks {name}", "README.md"):
        sps.sps_home()


def test_a_home_that_is_not_there_is_told(monkeypatch, tmp_path, refused):
    monkeypatch.setenv("SPS_HOME", str(tmp_path / "nowhere"))
    with refused("nowhere", "lacks"):
        sps.sps_home()


def test_fsps_is_not_started_without_data(monkeypatch, refused, tmp_path):
    """It would stop the interpreter."""
    from digs.config.params import load_params
    from digs.sps.native_spectra import native_parts, native_spectra
    from digs.sps.prospector import Prospector

    monkeypatch.delenv("SPS_HOME", raising=False)
    params, data = load_params(), sps.SPSData("synthetic", "0")
    for start in (
        lambda: Prospector(params.spectrum, params.gas),
        lambda: native_spectra(native_parts(data, tmp_path)),
    ):
        with refused("SPS_HOME is not set"):
            start()


def test_a_whole_home_is_taken(home):
    assert sps.sps_home() == home


@pytest.mark.parametrize("name", ["SPECTRA/MILES/miles.lambda", "nebular/ZAU_ND_mist.lines", "data/emlines_info.dat"])
def test_the_fingerprint_knows_contents(home, name):
    before = sps.sps_data().fingerprint
    assert sps.sps_data().fingerprint == before
    (home / name).write_text("other numbers\n")
    assert sps.sps_data().fingerprint != before


def test_the_fingerprint_knows_names_and_new_files_but_not_places(home, monkeypatch, tmp_path):
    before = sps.sps_data().fingerprint
    (home / "README.txt").write_text("says nothing of the numbers\n")
    assert sps.sps_data().fingerprint == before
    moved = home.rename(tmp_path / "moved")
    monkeypatch.setenv("SPS_HOME", str(moved))
    assert sps.sps_data().fingerprint == before
    (moved / "dust" / "new.dat").write_text("1\n")
    added = sps.sps_data().fingerprint
    (moved / "dust" / "new.dat").rename(moved / "dust" / "newer.dat")
    assert len({before, added, sps.sps_data().fingerprint}) == 3


@pytest.mark.parametrize(
    ("readme", "label"),
    [
        (
            "home: a STAND-IN for the FSPS v3.2 data directory (SPS_HOME).\n\nMore.\n",
            "a stand-in for the FSPS v3.2 data directory",
        ),
        ("Official FSPS data\n", "Official FSPS data"),
    ],
)
def test_the_label_is_the_title_of_the_readme(home, readme, label):
    (home / "README.txt").write_text(readme)
    assert sps.sps_data().label == label


def test_the_label_of_a_clone_is_its_commit(home):
    git = ["git", "-C", str(home), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "data"]):
        subprocess.run([*git, *command], check=True, timeout=PATIENCE)
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=PATIENCE
    ).stdout
    assert sps.sps_data().label == f"FSPS commit {commit[:12]}"


def test_data_inside_another_repository_are_not_named_by_its_commit(home):
    git = ["git", "-C", str(home.parent), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "another project"]):
        subprocess.run([*git, *command], check=True, timeout=PATIENCE)
    assert sps.sps_data().label == "FSPS data of unknown origin"


def test_an_empty_readme_is_no_label(home):
    (home / "README.txt").write_text("")
    assert sps.sps_data().label == "FSPS data of unknown origin"


def test_label_and_fingerprint_go_into_files(home):
    data = sps.sps_data()
    assert data.attributes() == {"sps_label": data.label, "sps_fingerprint": data.fingerprint}
    assert len(data.fingerprint) == 64

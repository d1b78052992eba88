"""params.yaml: every mistake in it becomes one sentence that names the value, and a script's exit status 1."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import PATIENCE

from digs.base import paths
from digs.config.everything import load_all_params
from digs.config.params import load_params, overlay
from digs.config.stages.posteriors_settings import PosteriorsSettings
from digs.config.stages.study_settings import Studies


@pytest.fixture
def sound() -> dict:
    """The tracked params.yaml, to be spoilt."""
    return yaml.safe_load(paths.PARAMS.read_text())


def spoil(sound: dict, where: str, value) -> str:
    """The text of params.yaml with one value changed, or, without a value, removed."""
    *sections, last = where.split(".")
    section = sound
    for name in sections:
        section = section[name]
    if value is None:
        del section[last]
    else:
        section[last] = value
    return yaml.safe_dump(sound)


MISTAKES = {
    "a galaxy without a file": (
        "real_spectra.galaxies",
        {"M 31": {"package": "ppxf"}},
        ("real_spectra", "M 31", "file"),
    ),
    "no real galaxy at once": ("real_spectra.at_once", 0, ("real_spectra.at_once", "greater than 0")),
    "a file's hash in words": (
        "real_spectra.galaxies.NGC 3522.sha256",
        "unknown",
        ("real_spectra.galaxies.NGC 3522.sha256",),
    ),
    "a basis of too few places": ("basis.places", 100, ("basis", "136", "100")),
    "a basis from upside-down ages": ("basis.ranges.tage", [13.8, 0.01], ("basis.ranges.tage", "swap")),
    "a batch of parts": ("general_network.recipe.batch_size", 100, ("general_network.recipe.batch_size", "64")),
    "hardly any galaxies": ("general_network.component_galaxies", 20, ("general_network", "20", "64", "raise")),
    "a network without an embedding": (
        "general_network.architecture.embedding",
        None,
        ("general_network", "embedding", "make it one"),
    ),
    "a searched network of another kind": (
        "general_search.architectures.small.density_estimator",
        "maf",
        ("general_search.architectures.small", "zuko_nsf"),
    ),
    "cells in no order": ("general_validation.signal", [5.0, 2.0], ("general_validation.signal", "sort")),
    "chains of more galaxies than there are": (
        "general_validation.chains.galaxies",
        200,
        ("general_validation.galaxies", "raise it to 200"),
    ),
    "fewer draws than are to be effective": ("general_validation.draws", 100, ("general_validation.draws", "raise")),
    "a catalogue of fewer galaxies than its parts": (
        "catalogue_speed.galaxies",
        100,
        ("catalogue_speed.galaxies", "raise it to 300"),
    ),
    "a control of more galaxies than there are": (
        "catalogue_speed.control",
        301,
        ("catalogue_speed.control", "lower it"),
    ),
    "fewer rows than galaxies": ("catalogue_speed.memory.rows", [100, 1000], ("catalogue_speed.memory", "raise")),
    "no galaxy for Prospector": ("general_prospector.galaxies", 0, ("general_prospector.galaxies", "greater than 0")),
    "upside-down range": ("prior.logzsol", [0.2, -2.0], ("prior.logzsol", "swap")),
    "empty range": ("prior.tage", [1.0, 1.0], ("prior.tage", "1")),
    "half a range": ("prior.logmass", [8.0], ("prior.logmass",)),
    "range of three": ("prior.logmass", [8.0, 9.0, 13.0], ("prior.logmass",)),
    "range as a number": ("prior.logmass", 8.0, ("prior.logmass",)),
    "range of words": ("prior.logtau", ["low", "high"], ("prior.logtau",)),
    "negative dust": ("prior.dust2", [-0.5, 1.0], ("prior.dust2", "-0.5")),
    "negative age": ("prior.tage", [-1.0, 4.0], ("prior.tage", "-1")),
    "infinite range": ("prior.logmass", [8.0, float("inf")], ("prior.logmass", "finite")),
    "a batch of nothing": ("released_recipe.batch_size", 0, ("released_recipe.batch_size", "greater than 0")),
    "all pairs held out": ("released_recipe.validation_fraction", 1.0, ("released_recipe.validation_fraction", "1")),
    "no draws from their network": ("released_network.draws", 0, ("released_network.draws", "greater than 0")),
    "no library of any size": ("jitter.sizes", [], ("jitter.sizes",)),
    "a library of nothing": ("jitter.toy.members", [0], ("jitter.toy.members", "greater than 0")),
    "unknown parameter": ("prior.dust", [0.1, 1.0], ("prior.dust", "no such parameter")),
    "missing parameter": ("prior.dust2", None, ("prior.dust2", "missing")),
    "a network's half a prior": (
        "networks.paper.prior",
        {"dust2": [0.1, 9.0]},
        ("networks.paper.prior.logmass", "missing"),
    ),
    "a network's range upside down": (
        "networks.paper.prior",
        load_params().prior.model_dump() | {"dust2": [9.0, 0.1]},
        ("networks.paper.prior.dust2", "swap"),
    ),
    "a network's unknown source": ("networks.paper.source", "guess", ("networks.paper.source", "lookup")),
    "ranks between levels": ("validation.draws", 1000, ("validation", "99 draws", "100")),
    "no ages to tell": ("validation.subsets", {"dust2": [0.4]}, ("validation", "tage")),
    "ends that do not ascend": ("validation.subsets.tage", [2.5, 0.75], ("validation", "subsets.tage", "sort")),
    "more effective draws than draws": ("choices.effective", 10000, ("choices.effective", "10000")),
    "a candidate's unknown setting": (
        "studies.search.candidates.slower",
        {"learning_rat": 1.0},
        ("studies.search", "learning_rat", "no such parameter"),
    ),
    "a candidate's impossible setting": (
        "studies.search.candidates.slower",
        {"learning_rate": -1.0},
        ("studies.search", "learning_rate"),
    ),
    "a study of an unknown network": ("studies.search.network", "huge", ("studies.search.network", "huge")),
    "a study of looked-up pairs": ("networks.fiducial.source", "lookup", ("studies.search", "exact")),
    "unknown section": ("extras", {"a": 1}, ("extras", "no such parameter")),
    "missing section": ("noise", None, ("noise", "missing")),
    "section as a number": ("noise", 0.05, ("noise",)),
    "no noise": ("noise.fraction", 0.0, ("noise.fraction", "greater than 0")),
    "negative noise": ("noise.fraction", -0.05, ("noise.fraction", "greater than 0")),
    "noise beyond logarithms": ("noise.fraction", 0.5, ("noise.fraction", "less than 0.15")),
    "not a number": ("noise.fraction", float("nan"), ("noise.fraction",)),
    "word for a number": ("noise.fraction", "five percent", ("noise.fraction", "number")),
    "wavelengths upside down": ("spectrum.wavelength_stop", 3000.0, ("spectrum.wavelength_stop", "swap")),
    "one pixel": ("spectrum.pixels", 1, ("spectrum.pixels",)),
    "half a pixel": ("spectrum.pixels", 137.5, ("spectrum.pixels", "integer")),
    "unknown smoothing": ("spectrum.smoothing_type", "lsf", ("spectrum.smoothing_type", "vel")),
    "no library": ("library.size", 0, ("library.size",)),
    "negative seed": ("library.seed", -1, ("library.seed",)),
    "odd walkers": ("chains.walkers", 127, ("chains.walkers", "multiple of 2")),
    "too few walkers": ("chains.walkers", 4, ("chains.walkers",)),
    "no burn-in": ("chains.burn_in", [], ("chains.burn_in",)),
    "negative burn-in": ("chains.burn_in", [512, -1], ("chains.burn_in.1",)),
    "no draws": ("posteriors.draws", 0, ("posteriors.draws",)),
    "networks as a list": ("networks", ["paper"], ("networks",)),
    "negative learning rate": ("networks.paper.learning_rate", -1e-3, ("networks.paper.learning_rate",)),
    "all held out": ("networks.paper.validation_fraction", 1.0, ("networks.paper.validation_fraction",)),
    "unknown setting": ("networks.paper.momentum", 0.9, ("networks.paper.momentum", "no such parameter")),
    "a study without networks": ("studies.search.candidates", {}, ("studies.search.candidates", "at least 1")),
    "a study of no network": ("studies.search.network", None, ("studies.search.network", "missing")),
    "a study's unknown setting": ("studies.search.nets", ["short"], ("studies.search.nets", "no such parameter")),
    "a candidate as a number": ("studies.search.candidates.2023", 2023, ("studies.search.candidates.2023",)),
    "studies' unknown setting": ("studies_common.galaxies", 5, ("studies_common.galaxies", "no such parameter")),
    "studies' missing setting": ("studies_common.pairs", None, ("studies_common.pairs", "missing")),
    "studies without pairs": ("studies_common.pairs", 0, ("studies_common.pairs", "greater than 0")),
    "gas of another kind": ("gas.metallicity", "primordial", ("gas.metallicity", "solar")),
    "a choice of other pixels": (
        "choices.variants.low_resolution",
        {"spectrum": {"pixels": 9}},
        ("choices.variants.low_resolution",),
    ),
    "a choice of another ionisation": (
        "choices.variants.gas_of_stars",
        {"gas": {"logu": -3.0}},
        ("choices.variants.gas_of_stars", "logu"),
    ),
    "a choice's unknown setting": (
        "choices.variants.low_resolution",
        {"spectrum": {"R": 9}},
        ("choices.variants", "no such parameter"),
    ),
    "more choices than chains": ("choices.galaxies", 9999, ("choices.galaxies", "300")),
    "one ensemble": ("reference.ensembles", 1, ("reference.ensembles",)),
    "odd ensembles": ("reference.walkers", 33, ("reference.walkers", "multiple of 2")),
    "R-hat below any": ("reference.r_hat", 1.0, ("reference.r_hat", "greater than 1")),
    "draws that stand-ins cannot share": ("league.draws", 510, ("league.draws", "multiple of", "50")),
    "all candidates effective": ("league.effective", 4, ("league.effective", "lower it below 4")),
    "signal-to-noise upside down": ("benchmark.noise.signal_to_noise", [100, 3], ("signal_to_noise", "swap them")),
    "a too effective reference": (
        "benchmark.rules.effective",
        8000,
        ("benchmark.rules.effective", "8000"),
    ),
    "more even draws than effective ones": ("benchmark.draws", 2001, ("benchmark.draws", "2000")),
    "an unknown rule": ("benchmark.rules.medains", 1.0, ("benchmark.rules.medains", "no such parameter")),
    "gaps of all pixels": ("benchmark.noise.gaps", [1.0], ("benchmark.noise.gaps", "0.6")),
    "a wide entry that is not": ("scorer.strengths.too_wide", 0.9, ("scorer.strengths.too_wide", "greater than 1")),
    "an unknown wrong entry": ("scorer.strengths.late", 2.0, ("scorer.strengths.late", "no such parameter")),
    "too few galaxies to score": ("scorer.galaxies", 10, ("scorer.galaxies", "20")),
    "no threads": ("threads", 0, ("threads",)),
    "frontier: mass and dust learned": (
        "frontier.networks",
        {"exact": [3]},
        ("frontier.networks.exact", "closed form"),
    ),
    "frontier: a problem that is left out": ("frontier.free", [1, 2, 3, 4, 5], ("frontier.networks.short", "6")),
    "frontier: too few galaxies": ("frontier.galaxies", 50, ("frontier.galaxies", "raise")),
    "frontier: seven parameters": ("frontier.free", [7], ("frontier.free", "6")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named(tmp_path, sound, refused, mistake):
    where, value, mentions = MISTAKES[mistake]
    path = tmp_path / "params.yaml"
    path.write_text(spoil(sound, where, value))
    with refused("params.yaml", *mentions):
        load_all_params(path)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        (b"prior: [unclosed\nnoise: 3\n", ("not YAML", "line")),
        (b"\tprior: 3\n", ("not YAML",)),
        (b"", ("no sections",)),
        (b"- a\n- b\n", ("no sections",)),
        (b"just words\n", ("no sections",)),
        (b"\xff\xfe\x00\x01", ("not YAML",)),
        (b"prior: !!python/object/apply:os.getcwd []\n", ("not YAML",)),
    ],
    ids=["unclosed", "tab", "empty", "list", "words", "binary", "code"],
)
def test_what_is_no_params_file_is_refused(tmp_path, refused, text, mentions):
    path = tmp_path / "params.yaml"
    path.write_bytes(text)
    with refused("params.yaml", *mentions):
        load_all_params(path)


def test_a_number_for_a_name_is_refused(tmp_path, sound, refused):
    path = tmp_path / "params.yaml"
    path.write_text(yaml.safe_dump(sound | {1: 2}))
    with refused("params.yaml: 1: "):
        load_all_params(path)


def test_a_missing_file_is_refused(tmp_path, refused):
    with refused("params.yaml", "missing", "git checkout"):
        load_all_params(tmp_path / "params.yaml")


def test_an_unknown_network_is_refused_with_the_known_ones(refused):
    with refused("'papr'", "paper"):
        load_params().network("papr")


def test_an_unknown_study_is_refused_with_the_known_ones(refused):
    with refused("'serch'", "choose from: search"):
        load_params(Studies).studies.named("serch")


def test_the_tracked_file_is_sound_and_cannot_be_changed_in_passing():
    params = load_params(PosteriorsSettings)
    assert params.posteriors.network in params.networks
    with pytest.raises(ValueError, match="frozen"):
        params.noise.fraction = 0.1


@pytest.fixture
def checkout(tmp_path) -> Path:
    """The code without data, as scripts find it: they look for params.yaml beside the code that runs."""
    for name in ("digs", "scripts"):
        # Other tests compile into these caches meanwhile: files come and go there.
        shutil.copytree(
            paths.ROOT / "src" / name, tmp_path / "src" / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("dvc.yaml", "dvc.lock"):
        shutil.copyfile(paths.ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("mistake", ["upside-down range", "unknown parameter"])
def test_scripts_stop_with_one_line_and_status_1(checkout, sound, mistake):
    where, value, mentions = MISTAKES[mistake]
    (checkout / "params.yaml").write_text(spoil(sound, where, value))
    run = subprocess.run(
        [sys.executable, checkout / "src" / "scripts" / "stages" / "populations.py"],
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    lines = run.stderr.strip().splitlines()
    assert len(lines) == 1, run.stderr
    assert lines[0].startswith("populations.py: params.yaml: ")
    assert all(mention in lines[0] for mention in mentions)


def test_a_network_may_have_a_prior_of_its_own(sound, tmp_path):
    own = sound["prior"] | {"dust2": [0.1, 10.0], "logtau": [-1.0, 0.0]}
    sound["networks"]["paper"]["prior"] = own
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(sound))
    params = load_all_params(tmp_path / "params.yaml")
    assert load_params().network_prior("paper") == params.prior
    assert params.network_prior("paper").dust2 == (0.1, 10.0)
    assert params.network_prior("paper").logmass == params.prior.logmass


def test_an_overlay_changes_what_it_names_and_leaves_the_rest():
    values = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}, "g": 5}
    changes = {"a": 10, "b": {"d": {"e": 30}}, "h": {"i": 60}}
    expected = {"a": 10, "b": {"c": 2, "d": {"e": 30, "f": 4}}, "g": 5, "h": {"i": 60}}
    before = json.dumps([values, changes])
    assert overlay(values, changes) == expected
    assert json.dumps([values, changes]) == before
    assert overlay(overlay(values, changes), changes) == expected


@pytest.mark.parametrize("changes", [{}, {"b": {}}, {"b": {"d": {}}}, {"a": 1}])
def test_an_overlay_of_nothing_new_is_the_same(changes):
    values = {"a": 1, "b": {"c": 2, "d": {"e": 3}}}
    assert overlay(values, changes) == values


def test_a_later_overlay_wins():
    assert overlay(overlay({}, {"a": {"b": 1, "c": 1}}), {"a": {"b": 2}}) == {"a": {"b": 2, "c": 1}}
    assert overlay({"a": None}, {"a": {"b": 1}}) == {"a": {"b": 1}}
    assert overlay({"a": {"b": 1}}, {"a": None}) == {"a": None}

"""Studies: what a candidate's settings are, and trainings that are done once and for all."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from digs.config.model import Architecture, Embedding, Network
from digs.config.params import Params, load_params, overlay
from digs.config.stages.study_settings import Studies, StudiesCommonSettings, StudySettings
from digs.config.theta import REST
from digs.flows.flow import build_flow
from digs.physics.prior import Prior
from digs.training import ablations as study
from digs.training import recipes
from digs.training.ablations import run_study, train_candidate

STUDIES = list(load_params(Studies).studies)


def leaves(settings: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Nested settings as pairs of a path and a value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from leaves(value, (*above, key))
        else:
            yield (*above, key), value


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


@pytest.mark.parametrize("name", STUDIES)
def test_a_candidate_differs_from_its_recipe_in_what_the_study_says(name):
    params = load_params(Studies)
    settings = params.study(name)
    recipe = dict(leaves(params.network(settings.network).model_dump(exclude_none=True)))
    found = params.candidates(name)
    assert list(found) == list(settings.candidates)
    for candidate, network in found.items():
        assert isinstance(network, Network)
        told = {**dict(leaves(settings.common)), **dict(leaves(settings.candidates[candidate]))}
        assert {**recipe, **told}.items() <= dict(leaves(network.model_dump())).items()
        assert dict(leaves(network.model_dump(exclude_defaults=True))).keys() <= recipe.keys() | told.keys()


@pytest.mark.parametrize("name", STUDIES)
def test_no_two_candidates_of_a_study_are_the_same(name):
    """Else two processes would write the same files."""
    settings = [network.model_dump_json() for network in load_params().candidates(name).values()]
    assert len(set(settings)) == len(settings)


def test_every_candidate_can_be_built_and_has_a_density(tracked):
    """An architecture that sbi refuses is to be found out before a night of training."""
    tracked("ssp_grid.h5")
    params, pixels = load_params(Studies), load_params().spectrum.pixels
    theta = Prior.over(load_params().prior).sample(3, torch.Generator().manual_seed(1))
    flux = 10 ** (theta[:, :1] - 26).float() * torch.ones(3, pixels)
    networks = [network for name in STUDIES for network in params.candidates(name).values()]
    for architecture in {network.architecture.model_dump_json(): network.architecture for network in networks}.values():
        flow = build_flow(architecture, Prior.over(load_params().prior), pixels, params.noise.fraction).eval()
        assert torch.isfinite(flow.learned_loss(theta, flux)).all(), architecture
        assert flow.learned == (3 if architecture.marginal else 5)


TINY = (
    load_params(Studies)
    .network("fiducial")
    .model_copy(
        update={
            "pairs": 2000,
            "batch_size": 500,
            "epochs": 1,
            "cycle": 1,
            "architecture": Architecture(
                density_estimator="zuko_nsf",
                hidden_features=8,
                num_transforms=1,
                num_bins=4,
                components=8,
                marginal=True,
                mass_edges=True,
                embedding=Embedding(width=8, blocks=1, features=8),
            ),
        }
    )
)
COMMON = StudiesCommonSettings(pairs=300, spectra=20, draws=50, seed=1)


@pytest.fixture(scope="module")
def params() -> Params:
    """Those of params.yaml, with one study of two tiny networks."""
    tiny = StudySettings(network="tiny", common={"seed": 5}, candidates={"one": {}, "two": {"learning_rate": 1e-2}})
    return load_params().model_copy(
        update={"studies_common": COMMON, "networks": {"tiny": TINY}, "studies": {"tiny": tiny}}
    )


@pytest.fixture(autouse=True)
def few_held_out(tracked, monkeypatch) -> None:
    tracked("ssp_grid.h5")
    monkeypatch.setattr(recipes, "HELD_OUT", 500)
    monkeypatch.setattr(recipes, "EXAMPLES", 500)


def content(path: Path) -> dict[str, Any]:
    """A result without the times."""
    return {key: value for key, value in json.loads(path.read_text()).items() if key != "seconds"}


def test_a_candidate_is_trained_once(tmp_path, params):
    first = train_candidate(TINY, params, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    result = json.loads(first.read_text())
    assert len(result["loss"]) == COMMON.pairs
    assert np.shape(result["half_width"]) == (COMMON.spectra, 5)
    half_width, sides = (
        np.array(result["half_width"]),
        (Prior.over(load_params().prior).high - Prior.over(load_params().prior).low).numpy(),
    )
    assert (half_width[:, REST] > 0).all()
    assert (half_width >= 0).all()  # without training most draws of dust may be at one end
    assert (half_width < sides / 2).all()
    assert (result["training_pairs"], result["steps"]) == (2000, 4)
    assert result["seconds"] > 0

    before = first.stat().st_mtime_ns, first.read_bytes()
    assert train_candidate(TINY, params, tmp_path) == first
    assert (first.stat().st_mtime_ns, first.read_bytes()) == before

    first.unlink()
    again = train_candidate(TINY, params, tmp_path)
    assert again == first
    assert content(again) == {key: value for key, value in result.items() if key != "seconds"}


def test_other_settings_have_a_result_of_their_own(tmp_path, params):
    ours = train_candidate(TINY, params, tmp_path)
    others = [
        (TINY.model_copy(update={"learning_rate": 1e-3}), params),
        (TINY.model_copy(update={"architecture": TINY.architecture.model_copy(update={"hidden_features": 9})}), params),
        (TINY, params.model_copy(update={"studies_common": COMMON.model_copy(update={"seed": 2})})),
        (TINY, params.model_copy(update={"noise": params.noise.model_copy(update={"fraction": 0.06})})),
    ]
    paths = [train_candidate(*other, tmp_path) for other in others]
    assert len({ours, *paths}) == 5
    results = [content(path) for path in (ours, *paths)]
    assert all(result["loss"] != results[0]["loss"] for result in results[1:])


def test_code_that_has_changed_has_a_result_of_its_own(tmp_path, params, monkeypatch):
    ours = train_candidate(TINY, params, tmp_path)
    source = study.inspect.getsource
    monkeypatch.setattr(study.inspect, "getsource", lambda module: source(module) + "\n# edited")
    assert train_candidate(TINY, params, tmp_path) != ours


def test_a_study_compares_its_networks_pair_by_pair(tmp_path, params, monkeypatch):
    monkeypatch.setattr(study, "SCRATCH", tmp_path)
    monkeypatch.setattr(study, "load_params", lambda: params)
    monkeypatch.setattr(study, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1))  # that it knows of the above
    measured = run_study("tiny")["measured"]
    settings = params.candidates("tiny")
    results = {name: content(train_candidate(settings[name], params, tmp_path / "studies")) for name in settings}
    assert list(measured) == ["one", "two"]
    for name, numbers in measured.items():
        loss, first = np.array(results[name]["loss"]), np.array(results["one"]["loss"])
        for key, values in (("loss", loss), ("loss_above_first", loss - first)):
            assert numbers[key]["value"] == pytest.approx(values.mean())
            assert numbers[key]["error"] == pytest.approx(values.std(ddof=1) / COMMON.pairs**0.5)
        widths = torch.tensor(results[name]["half_width"], dtype=torch.float64)
        assert numbers["half_width"] == pytest.approx(widths.median(0).values.tolist())
        assert Network.model_validate(numbers["settings"]) == settings[name]
    assert measured["one"]["loss_above_first"] == {"value": 0.0, "error": 0.0}
    assert measured["two"]["loss_above_first"]["value"] != 0
    assert measured["two"]["settings"]["learning_rate"] == 1e-2
    assert measured["one"]["settings"]["seed"] == measured["two"]["settings"]["seed"] == 5

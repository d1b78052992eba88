"""Studies: trainings that are done once and for all, and what they are compared on."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from digs.config.model import Architecture, Embedding, Network
from digs.config.params import load_params
from digs.config.stages.study_settings import Studies, StudiesCommonSettings
from digs.config.theta import REST
from digs.files import resumable
from digs.flows.flow import build_flow
from digs.physics.prior import Prior
from digs.training import ablations, pairs
from digs.training.ablations import compare_candidates, train_candidate


def test_every_candidate_can_be_built_and_has_a_density(tracked):
    """An architecture that sbi refuses is to be found out before a night of training."""
    tracked("populations.h5")
    params = load_params(Studies)
    prior, pixels = Prior.over(params.prior), params.spectrum.pixels
    theta = prior.sample(3, torch.Generator().manual_seed(1))
    flux = 10 ** (theta[:, :1] - 26).float() * torch.ones(3, pixels)
    networks = [network for name in params.studies.root for network in params.studies.candidates(name, params).values()]
    for architecture in {network.architecture.model_dump_json(): network.architecture for network in networks}.values():
        flow = build_flow(architecture, prior, pixels, params.noise.fraction).eval()
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


PRIOR, FRACTION = Prior.over(load_params().prior), load_params().noise.fraction


@pytest.fixture(autouse=True)
def few_held_out(tracked, monkeypatch) -> None:
    tracked("populations.h5")
    monkeypatch.setattr(pairs, "HELD_OUT", 500)
    monkeypatch.setattr(pairs, "EXAMPLES", 500)


def content(path: Path) -> dict[str, Any]:
    """A result without the times."""
    return {key: value for key, value in json.loads(path.read_text()).items() if key != "seconds"}


def trained(folder: Path, settings: Network = TINY, fraction: float = FRACTION, common=COMMON) -> Path:
    return train_candidate(settings, PRIOR, fraction, common, folder)


def test_a_candidate_is_trained_once(tmp_path):
    first = trained(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    result = json.loads(first.read_text())
    assert len(result["loss"]) == COMMON.pairs
    assert np.shape(result["half_width"]) == (COMMON.spectra, 5)
    half_width, sides = np.array(result["half_width"]), (PRIOR.high - PRIOR.low).numpy()
    assert (half_width[:, REST] > 0).all()
    assert (half_width >= 0).all()  # without training most draws of dust may be at one end
    assert (half_width < sides / 2).all()
    assert (result["training_pairs"], result["steps"]) == (2000, 4)
    assert result["seconds"] > 0

    before = first.stat().st_mtime_ns, first.read_bytes()
    assert trained(tmp_path) == first
    assert (first.stat().st_mtime_ns, first.read_bytes()) == before

    first.unlink()
    again = trained(tmp_path)
    assert again == first
    assert content(again) == {key: value for key, value in result.items() if key != "seconds"}


def test_other_settings_have_a_result_of_their_own(tmp_path):
    wider = TINY.model_copy(update={"architecture": TINY.architecture.model_copy(update={"hidden_features": 9})})
    found = [
        trained(tmp_path),
        trained(tmp_path, TINY.model_copy(update={"learning_rate": 1e-3})),
        trained(tmp_path, wider),
        trained(tmp_path, common=COMMON.model_copy(update={"seed": 2})),
        trained(tmp_path, fraction=0.06),
    ]
    assert len(set(found)) == 5
    results = [content(path) for path in found]
    assert all(result["loss"] != results[0]["loss"] for result in results[1:])


def test_code_that_has_changed_has_a_result_of_its_own(tmp_path, monkeypatch):
    ours = trained(tmp_path)
    monkeypatch.setattr(resumable, "code_hash", lambda file: f"edited {Path(file).name}")
    assert trained(tmp_path) != ours


def test_a_study_compares_its_networks_pair_by_pair(tmp_path, monkeypatch):
    monkeypatch.setattr(
        ablations, "ProcessPoolExecutor", lambda *_: ThreadPoolExecutor(1)
    )  # so that it is told of few_held_out
    first = TINY.model_copy(update={"seed": 5})
    settings = {"one": first, "two": first.model_copy(update={"learning_rate": 1e-2})}
    measured = compare_candidates(settings, PRIOR, FRACTION, COMMON, tmp_path, 1, "A study")["measured"]
    results = {name: content(trained(tmp_path, network)) for name, network in settings.items()}
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

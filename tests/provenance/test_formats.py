"""The record in the formats of reviewers' tools: complete, valid, small, and true to what the tree says."""

import gzip
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import requests
import urllib3
import yaml
from conftest import build_in_name, edit
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator import services
from rocrate_validator.models import Severity

from digs.base import paths
from digs.files.atomic import md5
from digs.provenance.audit import Project
from digs.provenance.formats.bundle import write_formats
from digs.provenance.formats.codecheck import UNCHECKED
from digs.provenance.formats.payload import LARGEST_PRODUCT
from digs.provenance.formats.project_facts import ProjectFacts, normal
from digs.provenance.pipeline import Pipeline
from digs.provenance.records import data_inputs, record_file, run_record

CONTEXT = "https://w3id.org/ro/crate/1.1/context"  # as published, in the file below, from rocrate 0.11.0
STORED_CONTEXT = Path(__file__).with_name("ro-crate-1.1-context.json.gz")
MOST = 8e6  # bytes of all
SMALL, LARGE = "src/data/calibration.json", "src/data/library.h5"


@pytest.fixture(scope="module")
def sound(pristine, tmp_path_factory) -> Path:
    """A sound copy of the tree, outside git, with stand-ins for what a build makes."""
    return build_in_name(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("formats") / "tree")))


@pytest.fixture
def tree(sound, tmp_path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "tree"))


@pytest.fixture(scope="module")
def bundle(sound, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "record"
    write_formats(Project(sound), folder)
    return folder


def written(tree: Path) -> Path:
    folder = tree.parent / "record"
    shutil.rmtree(folder, ignore_errors=True)
    write_formats(Project(tree), folder)
    return folder


def entities(folder: Path) -> dict[str, dict]:
    graph = json.loads((folder / "ro-crate-metadata.json").read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


def listed(value: object) -> list[str]:
    """The names that a property refers to."""
    return [each["@id"] for each in (value if isinstance(value, list) else [value])]


class StoredContext(BaseAdapter):
    """Answers with the context of RO-Crate 1.1 as it was published."""

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url, request
        response.headers["Content-Type"] = "application/ld+json"
        body = io.BytesIO(gzip.decompress(STORED_CONTEXT.read_bytes()))
        response.raw = urllib3.HTTPResponse(body, response.headers, 200, preload_content=False, request_url=request.url)
        return response

    def close(self):
        pass


@pytest.fixture(scope="module")
def issues(tmp_path_factory):
    """issues(folder, profile): what the official validator, which reads the network's answers from its cache, finds."""
    cache = tmp_path_factory.mktemp("http") / "cache"
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", StoredContext())
        session.get(CONTEXT)

    def find(folder: Path, profile: str) -> list[str]:
        settings = services.ValidationSettings(
            rocrate_uri=folder,
            profile_identifier=profile,
            requirement_severity=Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
        return [str(issue.message) for issue in services.validate(settings).get_issues()]

    return find


# the crate


def test_the_crate_is_a_workflow_run_crate(bundle, issues):
    assert issues(bundle, "workflow-run-crate-0.5") == []


def test_with_a_record_of_every_stage_it_is_a_provenance_run_crate(tree, issues):
    record_file(tree, "timing").unlink()
    assert "https://w3id.org/ro/wfrun/provenance/0.5" not in listed(entities(written(tree))["./"]["conformsTo"])
    project = Project(tree)
    pipeline, known = project.pipeline, run_record(tree, "calibration")
    for stage in pipeline.stages.values():
        record = known.model_copy(
            update={
                "stage": stage.name,
                "command": stage.command,
                "parameters": pipeline.parameters(stage),
                "inputs": {file: pipeline.locked[file] for file in data_inputs(stage)},
                "outputs": {file: pipeline.locked[file] for file in stage.outs},
            }
        )
        record_file(tree, stage.name).write_text(record.model_dump_json())
    folder = written(tree)
    assert "https://w3id.org/ro/wfrun/provenance/0.5" in listed(entities(folder)["./"]["conformsTo"])
    assert issues(folder, "provenance-run-crate-0.5") == []


def test_without_a_record_it_claims_no_run(tree, monkeypatch):
    for file in (tree / "records").glob("*.json"):
        file.unlink()
    monkeypatch.setattr(ProjectFacts, "date", "2026-01-02T03:04:05+00:00")
    found = entities(written(tree))
    assert not [name for name, entity in found.items() if "Action" in entity["@type"]]
    assert found["./"]["conformsTo"] == {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"}
    assert found["./"]["datePublished"] == "2026-01-02T03:04:05+00:00"


def test_only_recorded_runs_are_described(bundle, sound):
    project, found = Project(sound), entities(bundle)
    stages = project.pipeline.stages
    recorded = {name: record for name in stages if (record := run_record(sound, name))}
    assert recorded
    assert {name for name in found if name.startswith("#run-")} == {f"#run-{name}" for name in recorded}
    assert f"{len(recorded)} of {len(stages)} stages have a record" in found["./"]["description"]
    assert len(listed(found["dvc.yaml"]["step"])) == len(stages)
    for name, record in recorded.items():
        run = found[f"#run-{name}"]
        assert {found[each]["name"]: found[each]["md5"] for each in listed(run["result"])} == record.outputs
        assert run["startTime"] == record.circumstances["date"]
        assert record.circumstances["machine"]["processor"] in {
            found[each]["value"] for each in listed(run["additionalProperty"])
        }


def test_figures_have_their_scripts_and_data(bundle, sound):
    project, found = Project(sound), entities(bundle)
    for exhibit in project.manuscript.exhibits:
        name = exhibit.script
        file = f"src/tex/figures/{name[4:]}.pdf" if name.startswith("fig_") else f"src/tex/output/{name}.tex"
        sources = listed(found[file]["isBasedOn"])
        assert sources[0] == project.script(name)
        assert {found[each]["name"] for each in sources[1:]} == set(project.data(name))


def test_the_payload_is_small_and_names_what_it_lacks(bundle, sound):
    assert sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file()) < MOST
    found, pipeline = entities(bundle), Pipeline(sound)
    for file, digest in pipeline.locked.items():
        included = (sound / file).stat().st_size <= LARGEST_PRODUCT
        assert (bundle / file).is_file() == included
        entity = found[file if included else f"#{file}"]
        assert entity["md5"] == digest
        assert included or "dvc pull" in entity["description"]
    assert not (bundle / LARGE).exists()
    assert md5(bundle / SMALL) == pipeline.locked[SMALL]


def test_a_changed_script_or_product_shows(tree, bundle):
    script = "src/scripts/figures/fig_sbc.py"
    edit(tree / script, "    save(figure", "    _ = 1\n    save(figure")
    path, before = tree / SMALL, Pipeline(tree).locked[SMALL]
    text = path.read_text()
    path.unlink()
    path.write_text(text.replace('"galaxies": 1000', '"galaxies": 1001'))
    folder = written(tree)
    found = entities(folder)
    assert found[script]["version"] != entities(bundle)[script]["version"]
    assert not (folder / SMALL).exists()  # it is not what dvc.lock has
    assert "dvc pull" in found[f"#{SMALL}"]["description"]

    edit(tree / "dvc.lock", before, md5(path))  # and now it is, but not what the run on record made
    found = entities(written(tree))
    assert found[SMALL]["md5"] == md5(path)
    (run,) = [each for each in listed(found["#run-calibration"]["result"]) if SMALL in each]
    assert (run, found[run]["md5"]) == (f"#{SMALL}@{before}", before)
    assert "dvc.lock has other outputs than its run made" in found["#run-calibration"]["description"]


def test_the_same_tree_gives_the_same_bytes_that_name_no_place(sound, bundle, tmp_path):
    write_formats(Project(sound), tmp_path / "again")
    for file in ("ro-crate-metadata.json", "codecheck.yml", "codemeta.json"):
        text = (bundle / file).read_text()
        assert (tmp_path / "again" / file).read_text() == text
        assert str(sound) not in text


# codecheck.yml and codemeta.json


def test_codecheck_lists_every_figure_and_table(bundle, sound):
    text = (bundle / "codecheck.yml").read_text()
    assert text.startswith("---\n")
    content = yaml.safe_load(text)
    files = [item["file"] for item in content["manifest"]]
    assert len(set(files)) == len(files)
    assert all((bundle / file).is_file() and not Path(file).is_absolute() for file in files)
    assert all(item["comment"] for item in content["manifest"])
    made = {Path(file).stem for file in files}
    figures = re.findall(
        r"^[^%\n]*\\script\{figures/fig_(\w+)\.py\}", (sound / "src/tex/ms.tex").read_text(), re.MULTILINE
    )
    assert figures
    assert set(figures) <= made
    assert {exhibit.script for exhibit in Project(sound).manuscript.exhibits} <= made | {f"fig_{name}" for name in made}


def test_codecheck_invents_no_check(bundle):
    text = (bundle / "codecheck.yml").read_text()
    content = yaml.safe_load(text)
    assert not set(UNCHECKED) & set(content)
    assert "Nobody has checked it yet" in text
    assert re.fullmatch(r"https://codecheck\.org\.uk/spec/config/1\.0/?", content["version"])
    assert content["paper"]["authors"] == [{"name": "The DIGS developers"}]
    assert content["paper"]["title"] in (paths.ROOT / "src/tex/ms.tex").read_text()


def test_codemeta_says_what_the_package_says(bundle, sound):
    content = json.loads((bundle / "codemeta.json").read_text())
    facts = ProjectFacts(Project(sound))
    assert content["@context"] == "https://w3id.org/codemeta/3.0"
    assert content["type"] == "SoftwareSourceCode"
    assert content["author"] == [{"type": "Organization", "name": "The DIGS developers"}]
    assert content["version"] == facts.citation["version"] == facts.package["version"]
    assert content["license"].endswith(facts.citation["license"])
    extras = facts.package["optional-dependencies"]
    assert {each["name"] for each in content["softwareRequirements"]} == {
        normal(re.split("[><=]", each)[0])
        for each in sum((extras[name] for name in ("paper", "simulate")), facts.package["dependencies"])
    }


# what is refused


def test_what_is_not_built_is_named(tree, refused):
    (tree / "src/tex/figures/corner.pdf").unlink()
    with refused("src/tex/figures/corner.pdf", "make paper"):
        written(tree)


def test_damaged_documents_are_named(tree, refused):
    for file, words in (("pyproject.toml", "not TOML"), ("CITATION.cff", "license")):
        text = (tree / file).read_text()
        (tree / file).write_text(text.replace("license", "licence =").replace("name = ", "name "))
        with refused(file, words):
            written(tree)
        (tree / file).write_text(text)


def test_dates_are_of_the_commit_or_else_of_the_last_run(sound, refused, monkeypatch):
    assert re.match(r"\d{4}-\d\d-\d\dT", ProjectFacts(Project(paths.ROOT)).date)
    facts = ProjectFacts(Project(sound))
    assert facts.date == max(
        record.circumstances["date"] for name in facts.project.pipeline.stages if (record := run_record(sound, name))
    )
    monkeypatch.setattr("digs.provenance.formats.project_facts.run_record", lambda *_: None)
    with refused("neither a commit nor a record"):
        _ = ProjectFacts(Project(sound)).date

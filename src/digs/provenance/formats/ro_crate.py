"""A Workflow Run RO-Crate of the record: the pipeline, its runs, the data products and the figures.

Of the profiles of https://w3id.org/ro/wfrun the most specific that is true is claimed: Provenance Run Crate, which
wants a run of every tool of the workflow, where all stages have a record of their run; Workflow Run Crate where some
have; and none of them where none has.
"""

import shutil
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from rocrate.model.computationalworkflow import ComputationalWorkflow
from rocrate.model.contextentity import ContextEntity
from rocrate.rocrate import ROCrate

from digs.provenance.dependencies import script_of
from digs.provenance.formats.codecheck import FILE as CODECHECK
from digs.provenance.formats.codemeta import FILE as CODEMETA
from digs.provenance.formats.crate_runs import RunEntities, times
from digs.provenance.formats.payload import (
    LIBRARY,
    PAPER,
    BuiltExhibit,
    built,
    documents,
    library_files,
    media_type,
    products,
)
from digs.provenance.formats.project_facts import CitedWork, ProjectFacts, author_name, doi_url, is_person, spdx
from digs.provenance.pipeline import Stage
from digs.provenance.standing import Judgement, Standing

VERSION = "1.1"  # of RO-Crate, on which the profiles below rest
WORKFLOW = "dvc.yaml"
_WFRUN = "https://w3id.org/ro/wfrun"
_WORKFLOW_CRATE = {"https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate"}
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_RUNS = {f"{_WFRUN}/process/0.5": "Process Run Crate", f"{_WFRUN}/workflow/0.5": "Workflow Run Crate"}
_PROVENANCE = {f"{_WFRUN}/provenance/0.5": "Provenance Run Crate"}
_MADE = {CODECHECK: "What a CODECHECK is to reproduce", CODEMETA: "The software in the terms of CodeMeta"}
_TERMS = {name: f"https://w3id.org/ro/terms/workflow-run#{name}" for name in ("md5", "resourceUsage")}


class RecordCrate:
    """The crate of a project.

    Raises:
        DigsError: something is missing or damaged.
    """

    def __init__(self, facts: ProjectFacts, exhibits: list[BuiltExhibit]) -> None:
        self.facts, self.project, self.exhibits = facts, facts.project, exhibits
        self.stages = list(self.project.pipeline.stages.values())
        self.judgements = {stage.name: self.project.judgement(stage.name) for stage in self.stages}
        self.crate = ROCrate(version=VERSION)
        self.crate.metadata.extra_terms.update(_TERMS)
        self.authors = [self._agent(author) for author in facts.citation["authors"]]
        self.runs = RunEntities(self.crate, self.project, products(self.project), self.authors[0])

    @property
    def recorded(self) -> dict[str, Judgement]:
        """Return the stages that have a record of their run."""
        return {name: judgement for name, judgement in self.judgements.items() if judgement.record}

    @property
    def profiles(self) -> dict[str, str]:
        """Return the addresses and names of the profiles that the crate has."""
        runs = _RUNS if self.recorded else {}
        return _WORKFLOW_CRATE | runs | (_PROVENANCE if len(self.recorded) == len(self.stages) else {})

    def filled(self, made: dict[str, str]) -> ROCrate:
        """Return the crate with all that it holds.

        Args:
            made: texts of files that are made for it, by name.
        """
        self._documents(made)
        self._figures(self._workflow())
        self._root()
        return self.crate

    def _agent(self, author: dict[str, str]) -> ContextEntity:
        name, kind = author_name(author), "Person" if is_person(author) else "Organization"
        identifier = "#" + "-".join(name.lower().split())
        return self.crate.add(ContextEntity(self.crate, identifier, {"@type": kind, "name": name}))

    def _file(self, file: str, description: str, **more: Any) -> ContextEntity:
        facts = {"name": file, "description": description, "encodingFormat": media_type(file), **more}
        return self.crate.add_file(self.project.root / file, file, properties=facts)

    def _script(self, file: str, about: str) -> ContextEntity:
        """A script as a tool; its version is the hash of all code that it runs."""
        known = self.crate.get(file)
        if known:
            return known
        version = self.project.judge.tree.hash(self.project.root / file)
        return self._file(
            file,
            about,
            **{"@type": ["File", "SoftwareSourceCode"]},
            programmingLanguage=self._python(),
            version=version,
        )

    def _python(self) -> ContextEntity:
        version = self.facts.package["requires-python"]
        return self.runs.context(
            "#python", "ComputerLanguage", name="Python", url="https://www.python.org", version=version
        )

    # parts of the crate

    def _documents(self, made: dict[str, str]) -> None:
        for file, about in documents(self.project).items():
            more = {"about": self.crate.root_dataset} if file == "README.md" else {}
            self._file(file, about, **more)
        self._file(built(self.project, PAPER), self.facts.paper_title)
        for file, text in made.items():
            facts = {"name": file, "description": _MADE[file], "encodingFormat": media_type(file)}
            self.crate.add_file(StringIO(text), file, properties=facts)
        self.crate.add_dataset(dest_path=LIBRARY, properties={"name": LIBRARY, "description": "The package digs"})

    def _workflow(self) -> dict[str, ContextEntity]:
        """The pipeline with its steps and runs; return the entities of the data products."""
        dvc = {"name": "DVC", "url": "https://dvc.org", "version": self.facts.locked_versions["dvc"]}
        language = self.runs.context("#dvc", "ComputerLanguage", identifier="https://dvc.org", **dvc)
        workflow = ComputationalWorkflow(self.crate, self.project.root / WORKFLOW, WORKFLOW)
        self.crate.add(workflow)
        steps = {stage.name: self._step(place, stage) for place, stage in enumerate(self.stages)}
        made = {file: self.runs.product(file) for file in self.runs.products}
        actions = [
            self.runs.run(self.project.pipeline.stages[name], judgement, steps[name])
            for name, judgement in self.recorded.items()
        ]
        values = [
            value for stage in self.stages for value in self.runs.parameters(self.project.pipeline.parameters(stage))
        ]
        # rocrate gives the type of its own class only
        workflow.properties()["@type"] = [*ComputationalWorkflow.TYPES, "HowTo"]
        for key, value in {
            "name": "The pipeline of the data products",
            "description": f"{len(self.stages)} stages, from the simulator to what the paper reads. {self.standing()}",
            "conformsTo": self.runs.context(_BIOSCHEMAS, "CreativeWork", name="Bioschemas ComputationalWorkflow"),
            "encodingFormat": media_type(WORKFLOW),
            "programmingLanguage": language,
            "version": self.facts.citation["version"],
            "license": self._license(),
            "author": self.authors,
            "step": list(steps.values()),
            "hasPart": _once(self.crate.get(script_of(stage.command)) for stage in self.stages),
            "input": _once(value["exampleOfWork"] for value in values),
            "output": [self.runs.slot(file) for file in made],
        }.items():
            workflow[key] = value
        self.crate.mainEntity = workflow
        self._whole(workflow, actions)
        return made

    def _step(self, place: int, stage: Stage) -> ContextEntity:
        standing = self.judgements[stage.name].standing
        return self.runs.context(
            f"#step-{stage.name}",
            "HowToStep",
            name=stage.name,
            description=f"{stage.about}: `{stage.command}` ({stage.takes}). {standing.capitalize()}.",
            position=place,
            workExample=self._script(script_of(stage.command), "Script of stages of the pipeline"),
        )

    def _whole(self, workflow: ContextEntity, actions: list[ContextEntity]) -> None:
        """The runs on record as one execution of the workflow, as far as it went; none where nothing is recorded."""
        if not actions:
            return
        starts, ends = zip(*(times(judgement.record) for judgement in self.recorded.values()), strict=True)
        complete = len(actions) == len(self.stages)
        whole = self.runs.context(
            "#runs",
            "CreateAction",
            name="The runs on record",
            description=f"The recorded runs of stages taken together, though not one sitting. {self.standing()}",
            startTime=min(starts),
            endTime=max(ends),
            agent=self.runs.agent,
            instrument=workflow,
            object=_once(one for action in actions for one in action["object"]),
            result=_once(one for action in actions for one in action["result"]),
            actionStatus="http://schema.org/CompletedActionStatus" if complete else "",
        )
        self.crate.root_dataset["mentions"] = [whole, *actions]

    def _figures(self, made: dict[str, ContextEntity]) -> None:
        for exhibit in self.exhibits:
            script = self._script(exhibit.script, f"Draws {exhibit.label}")
            sources = [made[file] for file in self.project.data(exhibit.name) if file in made]
            recorded = self.project.recorded.get(exhibit.name, {}).get("script", "unknown")
            self._file(
                exhibit.file,
                f"{exhibit.kind} {exhibit.label} of the paper; the script on record has md5 {recorded}",
                isBasedOn=[script, *sources],
            )

    def _root(self) -> None:
        root, citation = self.crate.root_dataset, self.facts.citation
        for key, value in {
            "name": citation["title"],
            "description": f"{self.facts.package['description']}. The record of a paper that rebuilds itself: "
            f"{len(self.exhibits)} figures and tables, {len(self.stages)} stages. {self.standing()}",
            "datePublished": self.facts.date,
            "version": citation["version"],
            "license": self._license(),
            "author": self.authors,
            "publisher": self.runs.agent,
            "isBasedOn": [self._article(work) for work in citation["references"]],
            "conformsTo": [
                self.runs.context(address, "CreativeWork", name=name, version=address.rpartition("/")[2])
                for address, name in self.profiles.items()
            ],
        }.items():
            root[key] = value
        self.crate.metadata["conformsTo"] = [
            self.runs.context(address, "CreativeWork", name=name)
            for address, name in ({self.crate.metadata.profile: "RO-Crate"} | _WORKFLOW_CRATE).items()
        ]

    def standing(self) -> str:
        """Return in a sentence how many stages have a record, and how the others stand."""
        counts = dict.fromkeys(Standing, 0)
        for judgement in self.judgements.values():
            counts[judgement.standing] += 1
        words = ", ".join(f"{number} {standing}" for standing, number in counts.items() if number)
        return (
            f"{len(self.recorded)} of {len(self.stages)} stages have a record of their run; for the others no run is "
            f"described. The stages stand: {words}."
        )

    def _license(self) -> ContextEntity:
        name = self.facts.citation["license"]
        return self.runs.context(spdx(name), "CreativeWork", name=name, description="The licence, in the file LICENSE")

    def _article(self, work: CitedWork) -> ContextEntity:
        authors = ", ".join(author_name(author) for author in work["authors"])
        return self.runs.context(
            doi_url(work["doi"]),
            "ScholarlyArticle",
            name=work["title"],
            description=f"By {authors}; {work['journal']}",
            datePublished=str(work["year"]),
        )


def _once(entities: Iterable[ContextEntity]) -> list[ContextEntity]:
    """Each entity once, in their order."""
    return list({entity.id: entity for entity in entities}.values())


def write_crate(facts: ProjectFacts, exhibits: list[BuiltExhibit], made: dict[str, str], folder: Path) -> None:
    """Write the crate with its payload.

    Args:
        made: texts of files that are made for it, by name.
        folder: is made; what is in it already stays there.
    """
    crate = RecordCrate(facts, exhibits).filled(made)
    for entity in crate.get_entities():
        _compact(entity.properties())
    crate.write(folder)
    for file in library_files(facts.project):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(facts.root / file, folder / file)


def _compact(properties: dict[str, Any]) -> None:
    """Put in the place of a list of one what is in it."""
    for key, value in properties.items():
        if isinstance(value, list) and len(value) == 1:
            properties[key] = value[0]

"""The files that go with the record: small enough to lie on any web site, enough to read what was done.

Data products in all are as large as all the rest of a site may be (24 MB). Those up to LARGEST_PRODUCT, which are most
of them, are in the payload with the numbers behind every table; larger ones (spectra, draws, weights of networks) are
named with size and hash, by which DVC's store, part of every clone, has them.
"""

from dataclasses import dataclass
from pathlib import Path

from digs.base.errors import DigsError
from digs.provenance.audit import Project
from digs.provenance.clean_copy import tracked_files

LARGEST_PRODUCT = 300_000  # bytes; 1.4 MB in all, where a limit of 1 MB would make it 6 MB
PAPER = "ms.pdf"
LIBRARY = "src/digs/"

_FORMATS = {
    ".cff": "application/yaml",
    ".h5": "application/x-hdf5",
    ".json": "application/json",
    ".lock": "text/plain",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".py": "text/x-python",
    ".safetensors": "application/octet-stream",
    ".tex": "application/x-tex",
    ".toml": "application/toml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


def media_type(file: str) -> str:
    """Return the media type of a file by its name.

    Example:
        >>> media_type("records/calibration.json"), media_type("LICENSE")
        ('application/json', 'text/plain')
    """
    return _FORMATS.get(Path(file).suffix, "text/plain")


@dataclass(frozen=True)
class BuiltExhibit:
    """A figure or table of the manuscript as the last build left it.

    name: the stem of its script; label: its label in ms.tex; file: what the script made.
    """

    name: str
    label: str
    file: str
    script: str

    @property
    def kind(self) -> str:
        """Return what it is, in a word."""
        return "Figure" if self.name.startswith("fig_") else "Table"

    @property
    def word(self) -> str:
        """Return the name by which `digs audit` knows it."""
        return self.name.removeprefix("fig_")


def built_exhibits(project: Project) -> list[BuiltExhibit]:
    """Return all figures and tables in the order of the manuscript.

    Raises:
        DigsError: one has not been built.
    """
    found = []
    for exhibit in project.manuscript.exhibits:
        name = exhibit.script
        if not (project.root / project.script(name)).is_file():
            raise DigsError(
                f"ms.tex, line {exhibit.line}, names {project.script(name)}, which is not there; mend that."
            )
        file = f"src/tex/figures/{name[4:]}.pdf" if name.startswith("fig_") else f"src/tex/output/{name}.tex"
        found.append(BuiltExhibit(name, exhibit.label, built(project, file), project.script(name)))
    return found


def built(project: Project, file: str) -> str:
    """Return the name of a file that a build makes.

    Raises:
        DigsError: it is not there.
    """
    if not (project.root / file).is_file():
        raise DigsError(f"{file} is not here; `make paper` makes it.")
    return file


def documents(project: Project) -> dict[str, str]:
    """Return the tracked files that say what was done, each with what it is."""
    known = {
        "README.md": "How to build, audit and change everything",
        "LICENSE": "The licence",
        "CITATION.cff": "How to cite",
        "pyproject.toml": "The package digs",
        "requirements.lock": "The exact versions of all packages",
        "params.yaml": "Every number that a person may want to change",
        "dvc.lock": "Hashes of all dependencies and data products",
        "vouched.yaml": "Changes of code since a run that are vouched for",
        "Snakefile": "Which data every table reads",
        "showyourwork.yml": "Which code and data every figure reads",
        "src/tex/ms.tex": "The manuscript",
        "src/tex/fingerprints.json": "What every figure, table and number shows, and of which script and data",
        "src/scripts/text_numbers.py": "The script of the numbers in the text",
    }
    folders = {"records/": "Record of the run of stage {}", "audits/": "Record of the audit {}"}
    found = {file: about for file, about in known.items() if (project.root / file).is_file()}
    for file in tracked_files(project.root):
        for folder, about in folders.items():
            if file.startswith(folder) and file.endswith(".json"):
                found[file] = about.format(Path(file).stem)
    return found


def library_files(project: Project) -> list[str]:
    """Return the files of the package digs."""
    return [file for file in tracked_files(project.root) if file.startswith(LIBRARY)]


@dataclass(frozen=True)
class StoredProduct:
    """A data product as dvc.lock has it.

    kept: a file with that hash, where it is here; size in bytes, where dvc.lock or such a file tells.
    """

    file: str
    md5: str
    size: int | None
    kept: Path | None

    @property
    def included(self) -> bool:
        """Return whether it is in the payload."""
        return self.kept is not None and self.size is not None and self.size <= LARGEST_PRODUCT


def products(project: Project) -> dict[str, StoredProduct]:
    """Return all data products by name."""
    pipeline, found = project.pipeline, {}
    for stage in pipeline.stages.values():
        sizes = {out["path"]: out.get("size") for out in (pipeline.entry(stage.name) or {}).get("outs", [])}
        for file in stage.outs:
            if file in pipeline.locked:
                kept = pipeline.stored(file)
                size = kept.stat().st_size if kept else sizes.get(file)
                found[file] = StoredProduct(file, pipeline.locked[file], size, kept)
    return found

"""What the project says of itself, from CITATION.cff, pyproject.toml, requirements.lock and ms.tex."""

import re
import tomllib
from functools import cached_property
from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from digs.base.errors import DigsError
from digs.base.git import ask_git
from digs.provenance.audit import Project
from digs.provenance.documents import check_content, read_document, read_text
from digs.provenance.records import run_record

_NAME = re.compile(r"[-_.]+")
_PACKAGE = re.compile(r"[\w.-]*")  # a requirement without its versions


class CitedWork(TypedDict):
    """A work that CITATION.cff names."""

    title: str
    authors: list[dict[str, str]]
    doi: str
    journal: str
    year: int


class Citation(TypedDict):
    """CITATION.cff."""

    title: str
    version: str
    license: str
    authors: Annotated[list[dict[str, str]], Field(min_length=1)]
    references: list[CitedWork]


PackageTable = TypedDict(  # the table `project` of pyproject.toml
    "PackageTable",
    {
        "name": str,
        "description": str,
        "readme": str,
        "requires-python": str,
        "dependencies": list[str],
        "optional-dependencies": dict[str, list[str]],
    },
)


def author_name(author: dict[str, str]) -> str:
    """Return the name of an author of CITATION.cff.

    Example:
        >>> author_name({"family-names": "Khullar", "given-names": "Gourav"}), author_name({"name": "A group"})
        ('Gourav Khullar', 'A group')
    """
    return author.get("name") or f"{author.get('given-names', '')} {author.get('family-names', '')}".strip()


def is_person(author: dict[str, str]) -> bool:
    """Return whether an author of CITATION.cff is a person, not an organisation."""
    return "family-names" in author


def spdx(license_name: str) -> str:
    """Return the address of a licence by its SPDX name.

    Example:
        >>> spdx("MIT")
        'https://spdx.org/licenses/MIT'
    """
    return f"https://spdx.org/licenses/{license_name}"


def doi_url(doi: str) -> str:
    """Return the address of a DOI."""
    return f"https://doi.org/{doi}"


class ProjectFacts:
    """What a tree says of itself.

    Raises:
        DigsError: on use of what is missing or damaged.
    """

    def __init__(self, project: Project) -> None:
        self.project, self.root = project, project.root

    @cached_property
    def citation(self) -> Citation:
        """Return CITATION.cff."""
        return read_document(self.root, "CITATION.cff", Citation)

    @cached_property
    def package(self) -> PackageTable:
        """Return the table `project` of pyproject.toml."""
        try:
            content = tomllib.loads(read_text(self.root, "pyproject.toml"))
        except tomllib.TOMLDecodeError as error:
            raise DigsError(
                f"pyproject.toml is not TOML ({str(error).lower()}); restore it with `git checkout pyproject.toml`."
            ) from None
        check_content(content.get("project"), "pyproject.toml", PackageTable)
        return content["project"]

    @cached_property
    def locked_versions(self) -> dict[str, str]:
        """Return the version of every package in requirements.lock, by its name in lower case with dashes."""
        lines = read_text(self.root, "requirements.lock").split()
        return {normal(name): version for name, _, version in (line.partition("==") for line in lines)}

    @cached_property
    def requirements(self) -> dict[str, str]:
        """Return the packages that the project names, but for its tests, with their locked versions."""
        extras = self.package["optional-dependencies"]
        wanted = [*self.package["dependencies"], *extras["paper"], *extras["simulate"]]
        names = sorted(normal(_PACKAGE.match(each)[0]) for each in wanted)
        return {name: self.locked_versions[name] for name in names if name in self.locked_versions}

    @cached_property
    def paper_title(self) -> str:
        """Return the title of ms.tex."""
        title = re.search(r"\\title\{([^{}]+)\}", read_text(self.root, "src/tex/ms.tex"))
        if title is None:
            raise DigsError(r"ms.tex has no \title; restore it with `git checkout src/tex/ms.tex`.")
        return " ".join(title[1].split())

    @cached_property
    def date(self) -> str:
        """Return the date and time of the commit; outside git, of the last run on record.

        Raises:
            DigsError: there is neither.
        """
        said = ask_git(self.root, "log", "-1", "--format=%cI")
        if said and said.strip():
            return said.decode().strip()
        records = [run_record(self.root, name) for name in self.project.pipeline.stages]
        dates = [record.circumstances["date"] for record in records if record and "date" in record.circumstances]
        if not dates:
            raise DigsError(f"{self.root} has neither a commit nor a record of a run to take a date from; use a clone.")
        return max(dates)


def normal(package: str) -> str:
    """Return the name of a package as registries compare it.

    Example:
        >>> normal("ruamel.yaml"), normal("Jinja2")
        ('ruamel-yaml', 'jinja2')
    """
    return _NAME.sub("-", package).lower()

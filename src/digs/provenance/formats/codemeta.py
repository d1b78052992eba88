"""codemeta.json: the software in the terms of CodeMeta 3.0, from CITATION.cff, pyproject.toml and requirements.lock."""

from typing import Any

from digs.provenance.formats.project_facts import ProjectFacts, author_name, doi_url, is_person, spdx

FILE = "codemeta.json"
CONTEXT = "https://w3id.org/codemeta/3.0"


def codemeta(facts: ProjectFacts) -> dict[str, Any]:
    """Return the content of codemeta.json.

    Where it is published is not in it: nothing in the tree says so.
    """
    citation, package = facts.citation, facts.package
    return {
        "@context": CONTEXT,
        "type": "SoftwareSourceCode",
        "name": citation["title"],
        "identifier": package["name"],
        "description": package["description"],
        "version": citation["version"],
        "dateModified": facts.date[:10],
        "license": spdx(citation["license"]),
        "author": [agent(author) for author in citation["authors"]],
        "programmingLanguage": {"type": "ComputerLanguage", "name": "Python", "version": package["requires-python"]},
        "softwareRequirements": [
            {"type": "SoftwareApplication", "name": name, "version": version}
            for name, version in facts.requirements.items()
        ],
        "readme": package["readme"],
        "citation": [
            {
                "type": "ScholarlyArticle",
                "id": doi_url(work["doi"]),
                "name": work["title"],
                "author": [agent(author) for author in work["authors"]],
                "datePublished": str(work["year"]),
            }
            for work in citation["references"]
        ],
    }


def agent(author: dict[str, str]) -> dict[str, str]:
    """Return an author of CITATION.cff in the terms of schema.org.

    Example:
        >>> agent({"name": "A group"})
        {'type': 'Organization', 'name': 'A group'}
    """
    if not is_person(author):
        return {"type": "Organization", "name": author_name(author)}
    return {
        "type": "Person",
        "name": author_name(author),
        "givenName": author.get("given-names", ""),
        "familyName": author["family-names"],
    }

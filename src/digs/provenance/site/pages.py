"""A page of the site, and how it is filled into its template."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from digs.provenance.site.addresses import picture, product_page, shown_page, upward
from digs.provenance.site.facts import grouped, verdict_css


@dataclass(frozen=True)
class SearchEntry:
    """A thing that the search finds: its kind in a word, its name, words about it, and where it is."""

    kind: str
    name: str
    about: str
    address: str


@dataclass(frozen=True)
class Page:
    """A page: where it is, its text as HTML, what the search finds on it, and scripts of its own by their addresses."""

    address: str
    html: str
    entries: list[SearchEntry] = field(default_factory=list)
    scripts: dict[str, str] = field(default_factory=dict)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("digs.provenance.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {each.__name__: each for each in (grouped, picture, product_page, shown_page, verdict_css)}
    return environment


def filled(template: str, address: str, values: Mapping[str, Any]) -> str:
    """Return the HTML of a page.

    Args:
        template: its file in the folder templates.
        address: of the page; the template sees as `up` what leads from there to the root of the site.
        values: what else the template names. Text is escaped; HTML must come as markupsafe.Markup.
    Raises:
        jinja2.UndefinedError: the template names what is not there.
    """
    return _environment().get_template(template).render(up=upward(address), here=address, **values)

"""The site as a folder: all pages, pictures, data and formats, written whole or not at all."""

import json
import shutil
from collections.abc import Iterable, Iterator
from importlib.resources import as_file, files
from pathlib import Path

from digs.base.errors import DigsError
from digs.base.progress import progress
from digs.provenance.formats.bundle import write_formats
from digs.provenance.formats.payload import built_exhibits
from digs.provenance.site.addresses import picture
from digs.provenance.site.audit_pages import audits_page
from digs.provenance.site.claim_pages import claim_pages, shown_claims
from digs.provenance.site.edition import edition, paper_page
from digs.provenance.site.exhibit_pages import exhibit_pages
from digs.provenance.site.explorer import explorer_page
from digs.provenance.site.facts import Facts
from digs.provenance.site.folder import replacing_folder
from digs.provenance.site.lineage_graph import check_graphviz
from digs.provenance.site.listing import listing_styles
from digs.provenance.site.number_pages import number_pages
from digs.provenance.site.pages import Page, SearchEntry
from digs.provenance.site.product_pages import product_pages
from digs.provenance.site.stage_pages import stage_pages
from digs.provenance.site.start_page import start_page

FORMATS, PDF = "crate", "ms.pdf"


def pages(facts: Facts) -> Iterator[Page]:
    """Yield all pages."""
    paper, claims = edition(facts.project), shown_claims(facts)
    yield start_page(facts, claims)
    yield paper_page(facts, paper)
    yield from exhibit_pages(facts, paper, claims)
    yield from number_pages(facts, paper)
    yield from stage_pages(facts)
    yield from product_pages(facts)
    yield from claim_pages(facts, claims)
    yield audits_page(facts.project, facts.origin)
    yield explorer_page(facts.project, facts.origin)


def search_index(entries: Iterable[SearchEntry]) -> str:
    """Return the script that holds what the search finds."""
    rows = [[entry.kind, entry.name, entry.about, entry.address] for entry in entries]
    return f"window.DIGS_SEARCH = {json.dumps(rows, ensure_ascii=False, separators=(',', ':'))};\n"


def write_site(root: Path, out: Path) -> int:
    """Write the site of a checkout; return how many pages it has.

    Args:
        root: of the checkout, in which `make paper` has built the figures and the PDF.
        out: a folder that is replaced; site_folder says which one may be.
    Raises:
        DigsError: the paper has not been built, a program is missing, or the folder cannot be written.
    """
    check_graphviz()
    facts = Facts(root)
    figures = built_figures(facts)
    built_exhibits(facts.project)  # whatever is missing is said at once
    with replacing_folder(out) as folder:
        entries, count = [], 0
        for page in progress(pages(facts), desc="Pages", unit="page"):
            for address, text in {page.address: page.html, **page.scripts}.items():
                write(folder / address, text)
            entries += page.entries
            count += 1
        for name, source in figures.items():
            copy(source, folder / picture(name))
        copy(root / PDF, folder / PDF)
        write_static(folder)
        write(folder / "static" / "search-index.js", search_index(entries))
        write_formats(facts.project, folder / FORMATS)
    return count


def built_figures(facts: Facts) -> dict[str, Path]:
    """Return the drawing of every figure.

    Raises:
        DigsError: one has not been built, or the PDF has not.
    """
    names = [name for name in facts.project.exhibits if name.startswith("fig_")]
    found = {name: facts.root / "src/tex/figures" / f"{name.removeprefix('fig_')}.svg" for name in names}
    for path in (*found.values(), facts.root / PDF):
        if not path.is_file():
            raise DigsError(f"{path.relative_to(facts.root)} is missing; run `make paper` first.")
    return found


def write_static(folder: Path) -> None:
    """Write what all pages share: styles and scripts."""
    with as_file(files("digs.provenance.site") / "static") as static:
        shutil.copytree(static, folder / "static", dirs_exist_ok=True)
    write(folder / "static" / "listing.css", listing_styles())


def write(path: Path, text: str) -> None:
    """Write a text into a folder that is made where it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy a file into a folder that is made where it is not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)

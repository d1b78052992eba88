"""The pages of the data products: what is in them, who made them, who reads them."""

from collections.abc import Iterator

from digs.base.errors import DigsError
from digs.provenance.site.addresses import product_page
from digs.provenance.site.facts import Facts
from digs.provenance.site.listing import listed
from digs.provenance.site.pages import Page, SearchEntry, filled
from digs.provenance.site.product_contents import Contents, contents

MOST_TEXT = 20_000  # characters of a JSON file that are shown


def product_pages(facts: Facts) -> Iterator[Page]:
    """Yield the page of every data product."""
    pipeline = facts.project.pipeline
    for file in sorted({out for stage in pipeline.stages.values() for out in stage.outs}):
        address = product_page(file)
        found, why = _contents(facts, file)
        readers = [stage.name for stage in pipeline.stages.values() if file in stage.deps]
        values = {
            "origin": facts.origin,
            "file": file,
            "contents": found,
            "why": why,
            "text": listed(_shortened(found.text), "json", numbers=False) if found.text else None,
            "md5": pipeline.locked.get(file, "unknown"),
            "size": stored.stat().st_size if (stored := pipeline.stored(file)) else None,
            "since": facts.since(file),
            "maker": pipeline.maker(file).name,
            "readers": readers,
            "shown": facts.readers(file),
            "finding": facts.checks.data(file),
        }
        names = ", ".join(dataset.name for dataset in found.datasets)
        entry = SearchEntry("data", file.removeprefix("src/data/"), f"made by {values['maker']}; {names}", address)
        yield Page(address, filled("product.html.j2", address, values), [entry])


def _contents(facts: Facts, file: str) -> tuple[Contents, str]:
    """What is in the bytes that dvc.lock names, or why that can't be shown."""
    stored = facts.project.pipeline.stored(file)
    if stored is None:
        return Contents("not here"), "Its bytes, as dvc.lock names them, are not here; `dvc pull` fetches them."
    try:
        return contents(stored, file), ""
    except DigsError as error:
        return Contents("damaged"), str(error)


def _shortened(text: str) -> str:
    left = len(text) - MOST_TEXT
    return text if left <= 0 else f"{text[:MOST_TEXT].rsplit(chr(10), 1)[0]}\n…"

"""The paper as a tree of HTML: pandoc's answer, in which numbers link to their proofs and floats have their numbers."""

import json
import re
from collections.abc import Mapping
from itertools import pairwise, zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pypandoc

from digs.base.errors import DigsError
from digs.provenance.site import addresses
from digs.provenance.site.latex_source import NUMBER, Float, Source

_OPTIONS = ["--mathml", "--citeproc", "--wrap=none", "--shift-heading-level-by=1", "--fail-if-warnings"]
_XMLNS = ' xmlns="http://www.w3.org/1998/Math/MathML"'
_APPLIED = "\u2061"  # stands unseen between a function and its argument
_NARROW, _NARROW_UNBROKEN = "\u2006", "\u202f"  # between a number and its unit no line is to break


def typeset(source: Source, bibliography: Path, proofs: Mapping[str, str], scripts: Mapping[str, str]) -> Element:
    """Return the paper as a tree whose children are its headings, paragraphs, figures and tables.

    Args:
        bibliography: the .bib file.
        proofs: where the proof of every number is, by its NAME.
        scripts: the stem of the script behind figures and tables, by label.
    Raises:
        DigsError: pandoc is missing or cannot read the paper, or a number stands where none can be linked.
    """
    tree = _pandoc(source.latex, bibliography)
    _set_mathematics(tree, source.numbering)
    linked = _link_numbers(tree, proofs)
    if linked != source.used:
        lost = next(used for used, there in zip_longest(source.used, linked) if used != there)
        raise DigsError(
            rf"\variable{{output/{lost}.txt}} of ms.tex cannot become a link where it stands; put it outside of the "
            "command around it."
        )
    _set_floats(tree, source.floats, scripts)
    return tree


# what pandoc leaves out, and may: all else that it skips would be lost in silence
_DISPENSABLE = {r"\quad", r"\clearpage", r"\appendix", r"\begin{notes}", r"\end{notes}"}


def _pandoc(latex: str, bibliography: Path) -> Element:
    options = [*_OPTIONS, "--metadata=link-citations=true", f"--bibliography={bibliography}"]
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        try:
            html = pypandoc.convert_text(latex, "html5", format="latex", extra_args=[*options, f"--log={log}"])
        except OSError:
            raise DigsError("pandoc is missing; `pip install pypandoc-binary` brings it.") from None
        except RuntimeError as error:
            reason = " ".join(str(error).split()).partition("conversion: ")[2].rstrip(".")
            raise DigsError(f"pandoc cannot read src/tex/ms.tex ({reason}); mend that place.") from None
        skipped = [entry["contents"].strip() for entry in json.loads(log.read_text()) if "contents" in entry]
    if lost := next((each for each in skipped if each not in _DISPENSABLE), None):
        raise DigsError(f"pandoc does not know {lost} of src/tex/ms.tex; define it among latex_source's commands.")
    return ET.fromstring(f"<div>{html.replace(_XMLNS, '').replace(_NARROW, _NARROW_UNBROKEN)}</div>")


def _become(element: Element, tag: str, attributes: Mapping[str, str], *children: Element) -> None:
    """Make another element of one, at the same place."""
    tail = element.tail
    element.clear()
    element.tag, element.tail = tag, tail
    element.attrib.update(attributes)
    element.extend(children)


def _element(tag: str, attributes: Mapping[str, str], *children: Element, text: str = "") -> Element:
    made = Element(tag, dict(attributes))
    made.text = text
    made.extend(children)
    return made


def _set_mathematics(tree: Element, numbering: Mapping[str, str]) -> None:
    """Drop the LaTeX behind mathematics, and number the equations."""
    for math in [*tree.iter("math")]:
        content, latex = math[0]
        math[:] = [content]
        if label := re.search(r"\\label\{([^}]+)\}", latex.text):
            equation = _element("math", math.attrib, content)
            number = _element("span", {"class": "equation-number"}, text=f"({numbering[label[1]]})")
            name = f"Equation {numbering[label[1]]}"
            scroll = {"class": "equation", "id": label[1], "role": "group", "tabindex": "0", "aria-label": name}
            _become(math, "span", scroll, equation, number)
    for row in [*tree.iter("mrow"), *tree.iter("math"), *tree.iter("mtd")]:
        _part_functions(row)


def _part_functions(row: Element) -> None:
    """Put the space between a function and its argument that pandoc leaves out."""
    for place, (function, argument) in reversed([*enumerate(pairwise(row), 1)]):
        if function.tag in ("mrow", "msub") and _APPLIED in "".join(function.itertext()) and argument.tag != "mo":
            row.insert(place, _element("mspace", {"width": "0.167em"}))


def _link_numbers(tree: Element, proofs: Mapping[str, str]) -> list[str]:
    """Link the numbers to their proofs, and return their NAMEs as they stand."""
    names = []
    for link in tree.iter("a"):
        scheme, _, name = link.get("href").partition(NUMBER)
        if scheme or not name:
            continue
        names.append(name)
        use = names.count(name)
        link.attrib = {"class": "number", "id": f"n-{name}" if use == 1 else f"n-{name}-{use}", "href": proofs[name]}
        if link.find("math") is not None:
            link.set("aria-label", "".join(link.itertext()))
    return names


def _set_floats(tree: Element, floats: Mapping[str, Float], scripts: Mapping[str, str]) -> None:
    """Set figures with their pictures, tables with headings and notes, both with captions that lead to their pages."""
    for place, block in reversed([*enumerate(tree)]):
        label = block.get("id", "")
        if label not in floats:
            continue
        float_, script = floats[label], scripts.get(label)
        caption = next(each for each in block.iter() if each.tag in ("caption", "figcaption"))
        words = " ".join("".join(caption.itertext()).split())
        caption = _caption(caption, float_.name, script)
        if float_.kind == "Figure":
            if script is None:
                raise DigsError(rf"{float_.name} of ms.tex does not say what draws it; name its file by \script.")
            image = _element("img", {"src": addresses.picture(script), "alt": words})
            picture = _element("span", {"class": "paper-picture"}, image)
            parts = [_element("a", {"href": addresses.exhibit_page(script)}, picture), caption]
        else:
            parts = [caption, _table(block.find("table"), float_)]
            after = tree[place + 1] if place + 1 < len(tree) else block
            if after.get("class") == "notes":
                tree.remove(after)
                parts.append(after)
        width = "wide-float" if float_.wide else "float"
        _become(block, "figure", {"class": f"{width} {float_.kind.lower()}", "id": label}, *parts)


def _caption(caption: Element, name: str, script: str | None) -> Element:
    text = _element("span", {"class": "caption"}, *caption, text=caption.text or "")
    number = _element("a", {"href": addresses.exhibit_page(script)}) if script else _element("span", {})
    number.set("class", "float-number")
    number.text, number.tail = f"{name}.", " "
    return _element("figcaption", {}, number, text)


def _table(table: Element, float_: Float) -> Element:
    """A table that scrolls by itself, with cells of headings."""
    rows = [*table.iter("tr")]
    for row in rows[: float_.head_rows]:
        for cell in row:
            if "".join(cell.itertext()).strip():
                cell.tag = "th"
                cell.set("scope", "colgroup" if cell.get("colspan") else "col")
    for row in rows[float_.head_rows :]:
        if "".join(row[0].itertext()).strip():
            row[0].tag = "th"
            row[0].set("scope", "row")
    head = _element("thead", {}, *rows[: float_.head_rows])
    body = _element("tbody", {}, *rows[float_.head_rows :])
    scroll = {"class": "wide", "role": "region", "tabindex": "0", "aria-label": float_.name}
    return _element("div", scroll, _element("table", {}, head, body))

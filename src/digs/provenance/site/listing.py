"""Scripts as highlighted listings, with the lines marked that draw."""

import ast
from functools import cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

ROWS = {"save_rows"}  # what writes a table


@cache
def _drawing_methods() -> frozenset[str]:
    """The names of what puts something on matplotlib's axes and figures."""
    from matplotlib.axes import Axes  # it takes a second
    from matplotlib.figure import Figure

    silent = (
        "get_",
        "can_",
        "in_",
        "contains",
        "find",
        "has_",
        "is",
        "add_subplot",
        "subplot",
        "format_",
        "start",
        "end",
    )
    return frozenset(
        name
        for kind in (Axes, Figure)
        for name in dir(kind)
        if not name.startswith(("_", *silent)) and callable(getattr(kind, name))
    )


def drawing_lines(source: str) -> list[int]:
    """Return the lines of calls that draw on a figure or write the rows of a table, from 1.

    Example:
        >>> drawing_lines("x = 1\\naxes.plot(x,\\n  x)\\n")
        [2, 3]
    """
    drawing = _drawing_methods() | ROWS | {"corner"}
    lines: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            on_an_object = isinstance(node.func, ast.Attribute)
            if name in drawing and (on_an_object or name in ROWS):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sorted(lines)


def listed(text: str, language: str, marked: list[int] | None = None, first: int = 1, numbers: bool = True) -> Markup:
    """Return a text as a highlighted listing.

    Args:
        language: as pygments calls it.
        marked: lines that stand out, counted from `first`.
        first: the number of the first line.
        numbers: whether lines are numbered.
    """
    formatter = HtmlFormatter(
        cssclass="listing",
        linenos="inline" if numbers else False,
        linenostart=first,
        hl_lines=[line - first + 1 for line in marked or ()],
        wrapcode=True,
    )
    html = highlight(text, get_lexer_by_name(language), formatter)
    return Markup(html.replace("<pre", '<pre tabindex="0"', 1))  # so that keys can scroll long lines


def listing_styles() -> str:
    """Return the style sheet of listings, for light and dark."""
    light = _styles("xcode", ".listing")
    system = _styles("one-dark", ':root:not([data-theme="light"]) .listing')
    chosen = _styles("one-dark", ':root[data-theme="dark"] .listing')
    return f"{light}\n@media screen and (prefers-color-scheme: dark) {{\n{system}\n}}\n@media screen {{\n{chosen}\n}}\n"


def _styles(style: str, prefix: str) -> str:
    """The rules of a style of pygments under a prefix, less those that it would set for the whole page."""
    rules = HtmlFormatter(style=style, cssclass="listing").get_style_defs(prefix).splitlines()
    return "\n".join(rule for rule in rules if rule.startswith(prefix))

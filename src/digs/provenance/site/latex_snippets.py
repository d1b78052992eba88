"""Short pieces of LaTeX, such as numbers and cells of tables, as HTML: all of them by one run of pandoc."""

import re
from collections.abc import Iterable

import pypandoc
from markupsafe import Markup

from digs.base.errors import DigsError
from digs.provenance.site.latex_source import figures_as_text

_MACROS = r"\newcommand{\prospector}{\textsc{Prospector}}\newcommand{\nodata}{...}" + "\n\n"


def snippets(pieces: Iterable[str]) -> dict[str, Markup]:
    """Return the HTML of every piece of LaTeX; equations are MathML.

    Raises:
        DigsError: pandoc fails.

    Example:
        >>> snippets([r"\\emph{so}"])
        {'\\\\emph{so}': Markup('<em>so</em>')}
    """
    pieces = list(dict.fromkeys(pieces))
    text_first = map(figures_as_text, pieces)
    known = (re.sub(r"\{\\rm ([^{}]*)\}", r"{\\mathrm{\1}}", piece) for piece in text_first)  # texmath knows no \rm
    text = _MACROS + "\n\n".join(f"Piece{place}begins {piece}" for place, piece in enumerate(known))
    try:
        html = pypandoc.convert_text(text, "html", format="latex", extra_args=["--mathml", "--wrap=none"])
    except (OSError, RuntimeError) as error:
        raise DigsError(f"pandoc cannot convert the paper's numbers ({str(error).splitlines()[0]}).") from None
    found = re.findall(r"<p>Piece(\d+)begins\s?(.*?)</p>", html, re.DOTALL)
    if [int(place) for place, _ in found] != list(range(len(pieces))):
        raise DigsError("pandoc lost some of the paper's numbers; install the release of requirements.lock.")
    bare = (re.sub(r"<annotation.*?</annotation>", "", piece, flags=re.DOTALL) for _, piece in found)
    return dict(zip(pieces, map(Markup, bare), strict=True))


def as_latex(number: str) -> str:
    """Return a recorded number as LaTeX that stands by itself: those of equations get their dollar signs.

    Example:
        >>> as_latex(r"0.69 \\pm 0.02"), as_latex("1.2 to 3"), as_latex(r"10\\,000")
        ('$0.69 \\\\pm 0.02$', '1.2 to 3', '$10\\\\,000$')
    """
    in_equation = ("\\" in number or "$" in number or number.startswith("-")) and not number.startswith("$")
    return f"${number}$" if in_equation else number

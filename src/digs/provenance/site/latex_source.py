r"""ms.tex as LaTeX that pandoc reads: rows in their tables, numbers as links, references as the numbers of the PDF.

What \variable puts in becomes a link to "number:NAME", by which one knows it in pandoc's answer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from digs.base.errors import DigsError

T = TypeVar("T")

NUMBER = "number:"

_VARIABLE = re.compile(r"\\variable\{output/([\w.-]+)\.txt\}")
_MATH = re.compile(r"(?<!\\)\$([^$]+)\$")
_VARIABLE_OR_POWER = re.compile(rf"(\^\{{)?{_VARIABLE.pattern}(?(1)\}})")
_FIGURES = re.compile(r"(?:[\d\s.,;<>()\[\]+-]|\^(?:\d|\{-?\d+\})|\\[ ,%]|\\pm|\\times|\\mbox\{--\})*")
_TABLE = re.compile(
    r"\\begin\{deluxetable(?P<star>\*?)\}\{(?P<columns>[^\n]*)\}\n.*?"
    r"\\tablecaption\{(?P<caption>.*?)\}\s*\\tablehead\{(?P<head>.*?)\}\s*\\startdata\s*(?P<rows>.*?)\s*\\enddata\s*"
    r"(?:\\tablecomments\{(?P<notes>.*?)\}\s*)?\\end\{deluxetable(?P=star)\}",
    re.DOTALL,
)
_FLOATS = {"figure": "Figure", "deluxetable": "Table"}
_COUNTED = re.compile(
    r"\\(?P<appendix>appendix)\b|\\(?P<heading>(?:sub)?section)\{|\\label\{(?P<label>[^}]+)\}"
    r"|\\begin\{(?P<kind>figure|deluxetable|equation)(?P<star>\*?)\}|\\end\{(?:figure|deluxetable|equation)\*?\}"
)

# what AASTeX and ms.tex define, in words that pandoc knows
_COMMANDS = r"""
\newcommand{\script}[1]{}
\newcommand{\source}[1]{}
\newcommand{\colhead}[1]{#1}
\newcommand{\nodata}{…}
\newcommand{\keywords}[1]{\emph{Keywords:} #1}
\newcommand{\software}[1]{\emph{Software:} #1}
"""
_WORDS = {
    r"\begin{abstract}": r"\section*{Abstract}\label{abstract}",
    r"\end{abstract}": "",
    r"\bibliography{bib}": r"\section*{References}\label{references}",
    r"\begin{centering}": "",
    r"\end{centering}": "",
    r"\protect": "",
    r"\onecolumngrid": "",
}


@dataclass(frozen=True)
class Float:
    """A figure or table as it is numbered: wide ones go over both columns, a table has so many rows of headings."""

    kind: str
    number: str
    wide: bool
    head_rows: int = 0

    @property
    def name(self) -> str:
        """Return its kind and number, as in "Figure 3"."""
        return f"{self.kind} {self.number}"


@dataclass(frozen=True)
class Source:
    r"""The paper for pandoc.

    Attributes:
        latex: the text.
        title: of the paper.
        author: who signs it.
        numbering: the number of every label, as the PDF has it.
        floats: figures and tables by label.
        used: NAME of every \variable{output/NAME.txt}, in their order.
    """

    latex: str
    title: str
    author: str
    numbering: dict[str, str]
    floats: dict[str, Float]
    used: list[str]


def latex_source(tex: str, numbers: Mapping[str, str], rows: Mapping[str, str]) -> Source:
    r"""Return the paper for pandoc.

    Args:
        tex: ms.tex.
        numbers: LaTeX of every \variable{output/NAME.txt}, by NAME.
        rows: LaTeX of every \variable{output/NAME.tex}, by NAME.
    Raises:
        DigsError: ms.tex names a number, a table or a label that is not there, or has a table of another make.
    """
    preamble, _, body = re.sub(r"(?<!\\)%.*", "", tex).partition(r"\begin{document}")
    title, author = _argument("title", body), _argument("author", body)
    numbering, floats, body = _numbered(body)
    used = _VARIABLE.findall(body)
    for name in used:
        _known(numbers, name, r"\variable{output/%s.txt}")
    body = re.sub(
        r"\\variable\{output/(\w+)\.tex\}", lambda match: _known(rows, match[1], r"\variable{output/%s.tex}"), body
    )
    body = re.sub(r"\\ref\{([^}]+)\}", lambda match: _reference(match[1], numbering), body)
    body = re.sub(r"\\multicolumn(\d)(\w)", r"\\multicolumn{\1}{\2}", _TABLE.sub(_table, body))
    body = _with_numbers(body, numbers)
    body = re.sub(r"\(([^()]*)\\citealt\{(\w+)\}([^()]*)\)", r"\\citep[\1][\3]{\2}", body)
    body = re.sub(r"\{\\rm (\w+)\}", r"{\\mathrm{\1}}", body)
    for ours, pandocs in _WORDS.items():
        body = body.replace(ours, pandocs)
    if "sps_label" in numbers:
        body = re.sub(r"\\source\{[^}]*\}", f"[SPS data: {numbers['sps_label']}]", body)
    macros = re.findall(r"^\\newcommand\{\\\w+\}\{.*\}$", preamble, re.MULTILINE)
    return Source("\n".join([_COMMANDS, *macros, r"\begin{document}", body]), title, author, numbering, floats, used)


def _argument(command: str, body: str) -> str:
    found = re.search(rf"\\{command}\{{([^}}]*)\}}", body)
    if found is None:
        raise DigsError(rf"ms.tex has no \{command}; give it one.")
    return found[1]


def _known(values: Mapping[str, T], name: str, command: str) -> T:
    if name not in values:
        raise DigsError(f"ms.tex has {command % name}, and nothing is called that; mend the name, or `digs renew`.")
    return values[name]


def _reference(label: str, numbering: Mapping[str, str]) -> str:
    if label not in numbering:
        raise DigsError(rf"ms.tex has \ref{{{label}}}, and nothing has that label; mend the one or the other.")
    number = numbering[label]
    return rf"\href{{\#{label}}}{{{number}}}"


def _numbered(body: str) -> tuple[dict[str, str], dict[str, Float], str]:
    """The number of every label, every figure and table by label, and the text with numbers before its headings."""
    count = dict.fromkeys(("section", "subsection", "equation", *_FLOATS), 0)
    numbering, floats, pieces, end = {}, {}, [], 0
    lettered, section, within = False, "", None
    for match in _COUNTED.finditer(body):
        pieces.append(body[end : match.end()])
        end = match.end()
        if match["appendix"]:
            lettered, count["section"] = True, 0
        elif heading := match["heading"]:
            count[heading] += 1
            if heading == "section":
                count["subsection"] = 0
                count["equation"] *= not lettered  # each appendix counts its own
            section = chr(ord("A") - 1 + count["section"]) if lettered else str(count["section"])
            section += f".{count['subsection']}" if heading == "subsection" else ""
            pieces.append(f"{section}. ")
        elif match["kind"]:
            within = match
            count[within["kind"]] += 1
        elif label := match["label"]:
            letter = section.partition(".")[0] if lettered and within and within["kind"] == "equation" else ""
            numbering[label] = letter + str(count[within["kind"]]) if within else section
            if within and within["kind"] in _FLOATS:
                floats[label] = _float(body, within, numbering[label])
        else:
            within = None
    if (total := sum(count[kind] for kind in _FLOATS)) != len(floats):
        raise DigsError(
            rf"ms.tex has {total} figures and tables, and {len(floats)} labels for them; give each a \label."
        )
    return numbering, floats, "".join([*pieces, body[end:]])


def _float(body: str, begin: re.Match, number: str) -> Float:
    kind, wide = _FLOATS[begin["kind"]], bool(begin["star"])
    if begin["kind"] == "figure":
        return Float(kind, number, wide)
    table = _TABLE.match(body, begin.start())
    if table is None:
        raise DigsError(
            rf"{kind} {number} of ms.tex cannot be read; give it \tablecaption, \tablehead, \startdata, \enddata and "
            r"\tablecomments in this order."
        )
    return Float(kind, number, wide, table["head"].count(r"\\") + 1)


def _table(match: re.Match) -> str:
    """A deluxetable as a table; its headings are the first rows, since pandoc knows of only one row of them."""
    columns = re.sub(r"L\{[^}]*\}", "l", match["columns"])
    notes = rf"\begin{{notes}}{match['notes']}\end{{notes}}" if match["notes"] else ""
    rows = "\\\\\n".join([match["head"], match["rows"], ""])
    tabular = rf"\begin{{tabular}}{{{columns}}}{rows}\end{{tabular}}"
    return rf"\begin{{table}}\caption{{{match['caption']}}}{tabular}\end{{table}}{notes}"


def _with_numbers(body: str, numbers: Mapping[str, str]) -> str:
    r"""The text with a link in the place of every \variable, outside of mathematics, where links cannot be read out."""

    def link(name: str, value: str) -> str:
        return rf"\href{{{NUMBER}{name}}}{{{_MATH.sub(divided, value)}}}"

    def divided(math: re.Match) -> str:
        first, *others = _VARIABLE_OR_POWER.split(math[1])
        pieces = [_mathematics(first)]
        for power, name, rest in zip(others[::3], others[1::3], others[2::3], strict=True):
            linked = link(name, f"${numbers[name]}$")
            pieces += [rf"\textsuperscript{{{linked}}}" if power else linked, _mathematics(rest)]
        return "".join(pieces)

    return _VARIABLE.sub(lambda variable: link(variable[1], numbers[variable[1]]), _MATH.sub(divided, body))


def _mathematics(piece: str) -> str:
    """A piece of mathematics; what consists of figures is set as text, which can be searched, copied and read out."""
    if piece.count("{") != piece.count("}"):
        raise DigsError(rf"ms.tex has \variable within braces of mathematics, at '{piece}'; put it outside of them.")
    return _in_figures(piece) if _FIGURES.fullmatch(piece) else f"${piece}$"


def figures_as_text(latex: str) -> str:
    r"""Return LaTeX in which mathematics that is but a number is text, which can be searched, copied and read out.

    Example:
        >>> figures_as_text(r"$0.69 \pm 0.02$ of $x$")
        '0.69~±~0.02 of $x$'
    """
    return _MATH.sub(lambda math: _in_figures(math[1]) if _FIGURES.fullmatch(math[1]) else math[0], latex)


def _in_figures(number: str) -> str:
    """A number of mathematics as text, in which no line breaks."""
    text = number.replace(r"\mbox{--}", "–").replace("-", "−").replace(r"\times", "×")
    text = re.sub(r"\^(?:(\d)|\{(.*?)\})", r"\\textsuperscript{\1\2}", text)
    text = re.sub(r"(?<=[\d.)]) *\\pm *", "~±~", text).replace(r"\pm", "±").replace(r"\ ", "~")
    return text.replace("[", "{[}")  # after \\, LaTeX would take it for a length

"""The paper can be read: few numbers in the abstract and in each paragraph, and no number that nothing quotes."""

import re
from collections.abc import Iterator

import pytest

from digs.base import paths
from digs.paper.numbers import groups
from digs.provenance.audit import Project

IN_ABSTRACT, IN_PARAGRAPH = 6, 4
FLOATS = r"\\begin\{(figure|deluxetable)(\*?)\}.*?\\end\{\1\2\}"
EQUATION = r"\\begin\{equation\}.*?\\end\{equation\}"
BREAKS = r"\n\s*\n|\\(?:sub)*section\*?\{|\\item\b|\\(?:begin|end)\{enumerate\}|\\appendix\b"
NOT_READ = r"\\(?:software|keywords|bibliography)\b.*"
VARIABLE = r"\\variable\{output/(\w+)\.txt\}"
# what holds digits and is no number: names, references, units, notation, addresses
NAMES = (
    r"\\(?:ref|label|cite\w*|url)\*?(?:\[[^\]]*\])*\{[^}]*\}|commit \w+|K22|(?:Figure|Table)~\d|\\fsps\{\} \d\.\d"
    r"|L-C2ST|D_n4000|\\log_\{10\}|\^\{-1\}|,2\}|\\chi\^2|\^2|[$(]\d?f|\\frac\S*|t_\{50\}|\\delta\^2/2|3f/\\sqrt"
)
RANGE = r"(?:\$?\s*(?:--|to|\\pm)\s*\$?(?:\\pm)?)"


def paragraphs(tex: str) -> Iterator[str]:
    """The paragraphs of running text, the abstract first; floats and equations aside."""
    tex = re.sub(r"(?<!\\)%.*", "", tex)
    tex = tex[tex.index(r"\begin{document}") : tex.index(r"\end{document}")]
    abstract = re.search(r"\\begin\{abstract\}(.*?)\\end\{abstract\}", tex, re.DOTALL)
    yield abstract[1]
    body = re.sub(FLOATS, "\n\n", tex[abstract.end() :], flags=re.DOTALL)
    body = re.sub(NOT_READ, "", re.sub(EQUATION, "", body, flags=re.DOTALL))
    yield from (part.strip() for part in re.split(BREAKS, body) if part.strip())


def count(text: str, recorded: dict[str, str]) -> int:
    """How many numbers: a value with its error, or a range, is one."""
    put_in = lambda match: " 7 " if re.search(r"\d|infty", recorded.get(match[1], "7")) else "word"
    text = re.sub(VARIABLE, put_in, re.sub(NAMES, " ", text))
    text = re.sub(rf"\d\s*{RANGE}\s*\d", "7", text)
    return len(re.findall(r"(?<![A-Za-z\d.])\d+(?:(?:\.|\\,)\d+)*", text))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (r"K22 find $\variable{output/a.txt}$\,dex in Figure~3 \citep{A2020}.", 1),
        (r"between $\variable{output/a.txt}$ and $\variable{output/b.txt}$", 2),
        (r"from $\variable{output/a.txt}$ to $\variable{output/b.txt}$", 1),
        (r"$\pm\variable{output/a.txt}$, 68\% and $\log_{10} F$ of $10\,000$ km\,s$^{-1}$", 3),
        (r"gas of \variable{output/word.txt}", 0),
    ],
)
def test_numbers_are_counted(text, number):
    assert count(text, {"a": r"0.13 \pm 0.01", "b": r"10\,000", "word": "solar metallicity"}) == number


def test_few_numbers_in_the_abstract_and_in_each_paragraph():
    project = Project(paths.ROOT)
    recorded = {
        name: each["text"] for group in project.groups for name, each in project.recorded[group]["shown"].items()
    }
    abstract, *others = paragraphs((paths.ROOT / "src/tex/ms.tex").read_text())
    assert count(abstract, recorded) <= IN_ABSTRACT
    crowded = {text[:60]: number for text in others if (number := count(text, recorded)) > IN_PARAGRAPH}
    assert not crowded
    assert len(others) > 100


def test_every_number_is_quoted():
    """Of those that are recorded: what waits for a product has none yet."""
    project = Project(paths.ROOT)
    quoted = set(re.findall(VARIABLE, (paths.ROOT / "src/tex/ms.tex").read_text()))
    recorded = {name for group in project.groups for name in project.recorded[group]["shown"]}
    assert recorded <= quoted
    assert groups().keys() >= set(project.groups)

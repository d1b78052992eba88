"""What ms.tex says of itself: figures and tables, sentences, the numbers in them, and numbers that were typed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from digs.base.errors import DigsError

_VARIABLE = re.compile(r"\\variable\{output/([\w.-]+)\.(?:txt|tex)\}")


_REFERENCE = re.compile(r"\\ref\{([^}]+)\}")


_EXHIBIT = re.compile(r"\\begin\{(figure|deluxetable)(\*?)\}.*?\\end\{\1\2\}", re.DOTALL)


_SCRIPT = re.compile(r"\\script\{figures/(\w+)\.py\}|\\variable\{output/(tab_\w+)\.tex\}")


_SENTENCE_END = re.compile(
    r"(?<=[.?!])(?<!Fig\.)\s+(?=[A-Z\\$])|\n\s*\n|\\(?:sub)*section\{[^\n]*|\\(?:begin|end)\{[^\n]*"
    r"|\\(?:startdata|enddata|tablecomments|tablehead|setlength|tabletypesize|tablecaption|caption)\b"
)


# LaTeX in which a digit is no statement; each match is blanked before numbers are looked for
_NO_STATEMENTS = re.compile(
    r"\\(?:variable|ref|label|script|bibliography|keywords|citealp|cite[pt]?)\*?(?:\[[^\]]*\])*\{[^}]*\}"
    r"|\\(?:sub)*section\{[^\n]*"
    r"|\\includegraphics\[[^\]]*\]\{[^}]*\}|\\setlength\{[^}]*\}\{[^}]*\}|\\multicolumn\d\w"
    r"|\\begin\{equation\}.*?\\end\{equation\}|\\begin\{\w+\*?\}(?:\[[^\]]*\])?(?:\{[^}]*\})?|\\end\{[^}]*\}",
    re.DOTALL,
)


_WORDS = "log|ln|tau|theta|chi|sigma|hat|prospector|fsps|sbi|emcee"  # commands that are read out


_SPELLED = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    "|dozen|hundred|thousand|million|billion|twice|twofold|threefold|tenfold|third|quarter|fifth|tenth|hundredth"
)


_NUMBER = re.compile(  # in figures (K22 is a name) or spelled out
    rf"(?<![A-Za-z\d.])\d+(?:(?:\.|\\,)\d+)*|(?<![A-Za-z\\])(?:{_SPELLED})s?(?![A-Za-z])", re.IGNORECASE
)


def _blank(match: re.Match) -> str:
    """As many characters and lines, with nothing on them."""
    return re.sub(r"[^\n]", " ", match[0])


@dataclass(frozen=True)
class Exhibit:
    """A figure or table: the stem of the script that makes it, its label and the line where it starts."""

    script: str
    label: str
    line: int


@dataclass(frozen=True)
class Sentence:
    """A sentence of the text or of a caption, as LaTeX, with the line where it starts."""

    text: str
    line: int

    @property
    def numbers(self) -> set[str]:
        r"""Return the NAMEs of its \variable{output/NAME.txt}."""
        return set(_VARIABLE.findall(self.text))

    @property
    def references(self) -> set[str]:
        """Return the labels that it refers to."""
        return set(_REFERENCE.findall(self.text))

    def read(self, numbers: Mapping[str, str]) -> str:
        """Return it as plain words, with the numbers put in."""
        text = _VARIABLE.sub(lambda match: numbers.get(match[1], f"<{match[1]}>"), self.text)
        text = re.sub(r"\\(?:label|ref|cite\w*)\*?(?:\[[^\]]*\])*\{([^}]*)\}", r"[\1]", text)
        text = text.replace(r"\times", " x ").replace(r"\pm", " +- ")
        text = re.sub(rf"\\({_WORDS})\b", r" \1", text)
        text = re.sub(r"\\[a-zA-Z]+\*?|[{}$]", "", text.replace(r"\,", " ").replace(r"\%", "%"))
        return " ".join(text.replace("~", " ").split()).replace("( ", "(")


@dataclass(frozen=True)
class Typed:
    """A number that was typed into the text, and what stands around it."""

    number: str
    line: int
    context: str

    def __str__(self) -> str:
        return f"ms.tex, line {self.line}: {self.number} is typed in '... {self.context} ...'"


class Manuscript:
    """ms.tex, given as text.

    Raises:
        DigsError: it has no body.
    """

    def __init__(self, text: str) -> None:
        self._text = re.sub(r"(?<!\\)%.*", "", text)
        self._start = self._text.find(r"\begin{document}")
        if self._start < 0:
            raise DigsError(r"ms.tex has no \begin{document}; restore it with `git checkout src/tex/ms.tex`.")

    def _line(self, position: int) -> int:
        return self._text.count("\n", 0, position) + 1

    @cached_property
    def exhibits(self) -> list[Exhibit]:
        """Return every figure and table."""
        found = []
        for match in _EXHIBIT.finditer(self._text):
            script, label = _SCRIPT.search(match[0]), re.search(r"\\label\{([^}]+)\}", match[0])
            if script:
                found.append(Exhibit(script[1] or script[2], label[1] if label else "", self._line(match.start())))
        return found

    @cached_property
    def unsourced(self) -> list[int]:
        """Return the lines of figures that name no script."""
        figures = (match for match in _EXHIBIT.finditer(self._text) if match[1] == "figure")
        return [self._line(match.start()) for match in figures if not _SCRIPT.search(match[0])]

    @cached_property
    def sentences(self) -> list[Sentence]:
        r"""Return every sentence between \begin{document} and its end, captions and table notes too."""
        start, found = self._start, []
        for match in [*_SENTENCE_END.finditer(self._text, start), None]:
            end = match.start() if match else len(self._text)
            chunk = self._text[start:end]
            if chunk.strip():
                found.append(Sentence(chunk.strip(), self._line(start + len(chunk) - len(chunk.lstrip()))))
            start = match.end() if match else end
        return found

    @cached_property
    def numbers(self) -> set[str]:
        r"""Return the NAME of every \variable{output/NAME.txt}."""
        return set(re.findall(r"\\variable\{output/([\w.-]+)\.txt\}", self._text))

    def typed(self, allowed: Sequence[str] = ()) -> Iterator[Typed]:
        """Return numbers in text, captions and tables that are typed, not generated.

        Args:
            allowed: regular expressions of what is no result; numbers inside a match do not count.
        """
        body = re.sub(r"[^\n]", " ", self._text[: self._start]) + self._text[self._start :]
        text = _NO_STATEMENTS.sub(_blank, body)
        for pattern in allowed:
            text = re.sub(pattern, _blank, text)
        for match in _NUMBER.finditer(text):
            around = self._text[max(0, match.start() - 30) : match.end() + 20]
            yield Typed(match[0], self._line(match.start()), " ".join(around.split()))

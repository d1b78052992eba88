"""ms.tex as it is read: its exhibits and sentences, and no number that was typed."""

import re

import pytest
import yaml

from digs.base import paths
from digs.paper.numbers import groups
from digs.provenance.audit import TYPED
from digs.provenance.manuscript import Manuscript

TEXT = r"""
\documentclass[twocolumn]{aastex631}
\begin{document}
\section{Results of 2022} \label{sec:2}
We find $\variable{output/width.txt}$ dex \citep[as in][sec. 4]{Khullar2022}. K22 agree (Figure~\ref{fig:one}). % 77
BODY
\begin{equation} x = 3 y^2 \end{equation}
\begin{figure*}[ht!]
\script{figures/fig_one.py}
\includegraphics[width=0.5\linewidth]{figures/one.pdf}
\caption{CAPTION of $\variable{output/height.txt}$.}
\label{fig:one}
\end{figure*}
\begin{deluxetable*}{lcc}
\tablecaption{A table \label{tab:one}}
\tablehead{\colhead{HEAD} & \multicolumn2c{both}}
\startdata
\variable{output/tab_one.tex}
\enddata
\end{deluxetable*}
\end{document}
"""
SOUND = TEXT.replace("BODY", "").replace("CAPTION", "").replace("HEAD", "")


def numbers(text: str, allowed: tuple[str, ...] = ()) -> list[str]:
    return [typed.number for typed in Manuscript(text).typed(allowed)]


def test_generated_numbers_references_and_names_are_no_typed_ones():
    assert numbers(SOUND) == []


@pytest.mark.parametrize("place", ["BODY", "CAPTION", "HEAD"])
@pytest.mark.parametrize("typed", ["0.17", "68", r"10\,000", "3", "three", "Hundreds"])
def test_typed_number_is_found_wherever_it_is(place, typed):
    text = TEXT.replace(place, f"some ${typed}$ dex")
    text = text.replace("BODY", "").replace("CAPTION", "").replace("HEAD", "")
    assert numbers(text) == [typed]
    assert numbers(text, (r"some \$[^$]*\$ dex",)) == []


@pytest.mark.parametrize("word", ["often", "weight", "someone", "half-width", r"\three"])
def test_words_that_hold_a_number_word_are_none(word):
    assert numbers(TEXT.replace("BODY", f"some {word} more").replace("CAPTION", "").replace("HEAD", "")) == []


def test_typed_number_comes_with_its_line():
    (typed,) = Manuscript(TEXT.replace("BODY", "some 42 dex").replace("CAPTION", "").replace("HEAD", "")).typed()
    assert typed.line == TEXT.splitlines().index("BODY") + 1
    assert "some 42 dex" in str(typed)


def test_exhibits_and_sentences():
    manuscript = Manuscript(SOUND)
    assert [(each.script, each.label) for each in manuscript.exhibits] == [
        ("fig_one", "fig:one"),
        ("tab_one", "tab:one"),
    ]
    assert manuscript.numbers == {"width", "height"}
    (first,) = [sentence for sentence in manuscript.sentences if "width" in sentence.numbers]
    assert first.read({"width": r"0.05 \pm 0.01"}) == "We find 0.05 +- 0.01 dex [Khullar2022]."
    (second,) = [sentence for sentence in manuscript.sentences if "fig:one" in sentence.references]
    assert second.read({}) == "K22 agree (Figure [fig:one])."


@pytest.fixture(scope="module")
def paper() -> Manuscript:
    return Manuscript((paths.ROOT / "src" / "tex" / "ms.tex").read_text())


@pytest.fixture(scope="module")
def allowed() -> list[dict[str, str]]:
    return yaml.safe_load((paths.ROOT / TYPED).read_text())


def test_no_result_is_typed_into_the_paper(paper, allowed):
    found = [str(typed) for typed in paper.typed([entry["pattern"] for entry in allowed])]
    assert not found, "make these numbers variables (src/digs/paper/numbers):\n" + "\n".join(found)


def test_every_table_names_its_script_at_its_caption(paper):
    text = (paths.ROOT / "src" / "tex" / "ms.tex").read_text()
    tables = [exhibit.script for exhibit in paper.exhibits if exhibit.script.startswith("tab_")]
    named = re.findall(r"\\protect\\source\{tables/(\w+)\.py\}", text)
    assert len(tables) > 10
    assert named == tables


def test_list_of_what_may_be_typed_is_short_and_used(paper, allowed):
    assert len(allowed) < 10
    everything = [entry["pattern"] for entry in allowed]
    for entry in allowed:
        assert entry["why"]
        for part in re.split(r"(?<!\\)\|(?![^(]*\))", entry["pattern"]):
            others = [pattern for pattern in everything if pattern != entry["pattern"]]
            rest = entry["pattern"].replace(part, "\0")
            assert list(paper.typed([*others, rest])), f"nothing in ms.tex needs '{part}'"


def test_groups_of_numbers_have_names_of_their_own():
    found = groups()
    assert len(found) > 10
    for name, group in found.items():
        assert name.split(".")[1] == group.__name__
        assert group.__doc__

"""The paper as HTML: no number lost, each linked to its proof, and everything numbered as in the PDF."""

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from string import ascii_uppercase
from xml.etree import ElementTree as ET

import pypandoc
import pytest

from digs.base import paths
from digs.provenance.audit import Project
from digs.provenance.site import addresses
from digs.provenance.site.edition import Edition, Fragment, edition, paper_page
from digs.provenance.site.facts import Facts
from digs.provenance.site.latex_source import latex_source
from digs.provenance.site.typesetting import typeset

VOID = {"img", "br", "hr", "link", "meta", "input"}
VARIABLE = re.compile(r"\\variable\{output/([\w.-]+)\.txt\}")


class Reader(HTMLParser):
    """Reads HTML strictly: links, identifiers, and text; every tag that opens must close in its turn."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.links, self.images, self.cited = [], [], [], [], set()
        self.text = ""
        self.feed(str(html))
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), f"<{tag}> has an attribute twice"
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.cited |= set(attributes.get("data-cites", "").split())
        if tag == "img":
            self.images.append(attributes)
        if tag not in VOID:
            self.open.append((tag, attributes, len(self.text)))

    def handle_endtag(self, tag):
        opened, attributes, start = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        if tag == "a":
            self.links.append((attributes, self.text[start:]))

    def handle_data(self, data):
        self.text += data

    @property
    def numbers(self) -> list[tuple[dict[str, str], str]]:
        return [(attributes, text) for attributes, text in self.links if attributes.get("class") == "number"]


def glyphs(text: str) -> str:
    """What is seen of LaTeX or of HTML's text, without spaces and underscores; a minus is a hyphen."""
    text = re.sub(r"\^\{([^}]*)\}_\{([^}]*)\}", r"_{\2}^{\1}", text)  # HTML's text has the lower index first
    for latex, seen in {
        r"\pm": "±", r"\times": "×", r"\,": "", r"\%": "%", r"\mbox": "", r"\rm": "", r"\AA": "Å", r"\nodata": "…",
        r"\texttt": "", r"\quad": "", r"\mu": "μ", r"\odot": "⊙", r"\tau": "τ", r"\lambda": "λ", r"\theta": "θ",
        r"\log": "log", r"\sigma": "σ", r"\approx": "≈", r"\prospector": "Prospector", "---": "—", "--": "–",
        r"\fsps": "FSPS", "``": "“", "''": "”", "'": "’", "−": "-", "\u2061": "",
    }.items():  # fmt: skip
        text = text.replace(latex, seen)
    return re.sub(r"[\s\\${}^_]", "", text)


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(paths.ROOT)


@pytest.fixture(scope="module")
def paper(project) -> Edition:
    return edition(project)


@pytest.fixture(scope="module")
def read(paper) -> Reader:
    return Reader(paper.html)


@pytest.fixture(scope="module")
def body() -> str:
    """ms.tex without comments, from the title on."""
    tex = re.sub(r"(?<!\\)%.*", "", (paths.ROOT / "src/tex/ms.tex").read_text())
    return tex[tex.index(r"\begin{document}") :]


def test_every_number_is_linked_once_and_in_order(project, read, body):
    group = {name: group for group in project.groups for name in project.recorded[group]["shown"]}
    names = VARIABLE.findall(body)
    assert [attributes["href"] for attributes, _ in read.numbers] == [
        addresses.number_place(name, group[name]) for name in names
    ]
    uses = Counter()
    for name, (attributes, _) in zip(names, read.numbers, strict=True):
        uses[name] += 1
        assert attributes["id"] == (f"n-{name}" if uses[name] == 1 else f"n-{name}-{uses[name]}")


def test_numbers_read_as_recorded(project, read, body):
    for name, (_, text) in zip(VARIABLE.findall(body), read.numbers, strict=True):
        assert glyphs(text) == glyphs(project.numbers[name]), name


def test_the_text_is_all_there(project, read, body):
    """Whole sentences of words and numbers are in the page as they are in ms.tex."""
    page, found = glyphs(read.text), 0
    for sentence in project.manuscript.sentences:
        if sentence.line > 30 and not re.search(r"\\(?!variable\{output/[\w.-]+\.txt|%|,)", sentence.text):
            said = VARIABLE.sub(lambda match: project.numbers[match[1]], sentence.text)
            assert glyphs(re.sub("~", " ", said)) in page, f"line {sentence.line}"
            found += 1
    assert found > 100


def test_no_latex_is_left(read):
    assert not re.findall(r".{20}[\\${}~].{20}", read.text)
    for left_over in ("??", "number:", "variable", "[fig:", "[tab:", "[sec:", "--", "``", "''", "colhead"):
        assert left_over not in read.text
    assert not any(attributes["href"].startswith("number:") for attributes, _ in read.links)


def test_references_have_the_numbers_of_the_pdf(read, body):
    numbers = {}
    for kind in ("figure", "deluxetable", "equation"):
        for place, float_ in enumerate(re.findall(rf"\\begin{{{kind}\*?}}.*?\\end{{{kind}\*?}}", body, re.DOTALL), 1):
            numbers[re.search(r"\\label\{(.*?)\}", float_)[1]] = str(place)
    sections, appendices = body.split("\\appendix\n")
    for letter, appendix in zip(ascii_uppercase, appendices.split("\\section{")[1:], strict=False):
        for place, label in enumerate(re.findall(r"\\begin{equation} \\label\{(.*?)\}", appendix), 1):
            numbers[label] = f"{letter}{place}"
    for part, names in ((sections, [str(n) for n in range(1, 30)]), (appendices, ascii_uppercase)):
        for name, section in zip(names, part.split("\\section{")[1:], strict=False):
            numbers[re.search(r"\\label\{(sec:.*?)\}", section)[1]] = name
            for place, subsection in enumerate(section.split("\\subsection{")[1:], 1):
                numbers[re.search(r"\\label\{(sec:.*?)\}", subsection)[1]] = f"{name}.{place}"
    wanted = [(f"#{label}", numbers[label]) for label in re.findall(r"\\ref\{(.*?)\}", body)]
    labels = {f"#{label}" for label in numbers}
    assert len(wanted) > 60
    assert [(link["href"], text) for link, text in read.links if link["href"] in labels] == wanted
    auxiliary = paths.ROOT / ".showyourwork/compile/ms.aux"
    if auxiliary.is_file():  # where the paper was built here, what LaTeX itself counted
        counted = dict(re.findall(r"\\newlabel\{(.*?)\}\{\{(?:\\hbox \{)?(.*?)\}", auxiliary.read_text()))
        assert numbers.items() <= counted.items()


def test_every_citation_has_its_reference(read, body):
    cited = {key for keys in re.findall(r"\\cite\w+(?:\[[^\]]*\])*\{(.*?)\}", body) for key in keys.split(",")}
    assert read.cited == cited
    assert {f"ref-{key}" for key in cited} == {each for each in read.ids if each.startswith("ref-")}
    known = set(re.findall(r"doi = \{(.*?)\}", (paths.ROOT / "src/tex/bib.bib").read_text()))
    linked = {link["href"].removeprefix("https://doi.org/") for link, _ in read.links if "doi.org" in link["href"]}
    assert linked == known
    assert "Khullar et al. (2022) showed this" in read.text
    assert "(TARP, Lemos et al. 2023)" in read.text
    assert "(SBIPIX; Iglesias-Navarro et al. 2025)" in read.text


def test_identifiers_are_unique_and_links_lead_to_them(read):
    assert max(Counter(read.ids).values()) == 1
    assert {link["href"][1:] for link, _ in read.links if link["href"].startswith("#")} <= set(read.ids)


def test_the_same_every_time(project, paper):
    assert edition(project) == paper


def test_figures_have_their_pictures_with_words(project, read):
    scripts = [exhibit.script for exhibit in project.manuscript.exhibits if exhibit.script.startswith("fig_")]
    assert [image["src"] for image in read.images] == [addresses.picture(script) for script in scripts]
    assert all(len(image["alt"]) > 20 for image in read.images)


def test_exhibits_for_other_pages(project, paper):
    assert set(paper.exhibits) == {exhibit.script for exhibit in project.manuscript.exhibits}
    for script, exhibit in paper.exhibits.items():
        assert re.fullmatch(r"(Figure|Table) \d+", exhibit.kind_and_number)
        assert (exhibit.table is None) == script.startswith("fig_")
        for fragment in (exhibit.caption, exhibit.table, exhibit.notes):
            if fragment is not None:
                shown = Reader(fragment.on(addresses.exhibit_page(script)))
                assert not shown.ids
                assert all(link["href"].startswith("../") for link, _ in shown.links)
    assert paper.exhibits["tab_validation"].kind_and_number == "Table 7"
    assert paper.exhibits["fig_recovery"].caption.html.startswith("Recovered against true parameters")


def test_fragments_lead_from_where_they_are_shown():
    fragment = Fragment(
        '<a id="n-x" href="numbers/a.b.html#x">1</a> <a href="#fig:y">2</a> <a href="https://z.org/">3</a>'
    )
    assert fragment.on("exhibits/fig_y.html") == (
        '<a href="../numbers/a.b.html#x">1</a> <a href="../paper.html#fig:y">2</a> <a href="https://z.org/">3</a>'
    )
    assert 'href="numbers/a.b.html#x"' in fragment.on("exhibits.html")


def test_tables_are_the_recorded_rows(project, paper):
    for script, exhibit in paper.exhibits.items():
        if exhibit.table is None:
            continue
        rows = [row["text"] for row in project.recorded[script]["shown"].values()]
        table = ET.fromstring(exhibit.table.html)
        found = [["".join(cell.itertext()) for cell in row] for row in table.find("table/tbody")]
        for row, cells in zip(rows, found, strict=True):
            texts = re.split(r"(?<!\\)&", re.sub(r"\\\\$", "", re.sub(r"\\multicolumn\dc", "", row)))
            assert [glyphs(cell) for cell in cells] == [glyphs(text) for text in texts]
        width = {sum(int(cell.get("colspan", 1)) for cell in row) for row in table.iter("tr")}
        assert len(width) == 1, f"{script}: rows of different width"
        assert all(cell.get("scope") for cell in table.iter("th"))
        assert table.find("table/thead/tr/th") is not None


def test_places_tell_where_a_number_stands(paper, read):
    assert sum(map(len, paper.places.values())) == len(read.numbers)
    anchors = [place.anchor for place in paper.places["mcmc_seconds"]]
    assert anchors == ["n-mcmc_seconds", "n-mcmc_seconds-2"]
    assert [place.where for place in paper.places["mcmc_seconds"]] == [
        "6. What it costs",
        "11. Conclusions",
    ]
    assert "Figure 27" in [place.where for place in paper.places["edge_share"]]


def test_page(project, paper):
    page = paper_page(Facts(project.root), paper)
    assert page.address == addresses.PAPER
    Reader(page.html.removeprefix("<!DOCTYPE html>"))
    titles = [entry.name for entry in page.entries]
    assert titles[:4] == ["Abstract", "1. Introduction", "2. The problem", "2.1. Spectra"]
    assert titles[-5:] == [
        "K. Other histories",
        "L. The data files of FSPS",
        "M. The claims, one by one",
        "References",
        "Table 17",
    ]
    for entry in page.entries:
        assert f'id="{entry.address.partition("#")[2]}"' in page.html


SMALL = r"""\newcommand{\fsps}{\textsc{FSPS}}
\begin{document}
\title{On %s} \author{A} \section{One} \label{sec:one}
We find %s.
\end{document}
"""
NUMBERS = {"mass": r"1.2 \pm 0.1", "tiny": r"4\times10^{-5}", "range": "3$--$4", "who": "a_b" + "?", "log": r"\log x"}


def small(text: str, tmp_path: Path) -> str:
    (tmp_path / "bib.bib").write_text("@book{A2020, author = {A, B}, title = {C}, year = 2020}")
    source = latex_source(SMALL % ("all", text), NUMBERS, {})
    tree = typeset(source, tmp_path / "bib.bib", {name: f"n.html#{name}" for name in NUMBERS}, {})
    return ET.tostring(tree, encoding="unicode", method="html")


def test_tables_name_their_populations(tmp_path, monkeypatch):
    monkeypatch.setitem(NUMBERS, "sps_label", "a stand-in")
    assert "Costs [SPS data: a stand-in]" in small(r"Costs \protect\source{tables/tab_timing.py}", tmp_path)


@pytest.mark.parametrize(
    ("latex", "html"),
    [
        (r"$\variable{output/mass.txt}$", ">1.2\xa0±\xa00.1</a>"),
        (r"$\pm\variable{output/mass.txt}\%$", "±<a"),
        (r"$\variable{output/tiny.txt}$", ">4×10<sup>−5</sup></a>"),
        (r"$\variable{output/range.txt}$", ">3–4</a>"),
        (r"$\variable{output/log.txt}$", 'aria-label="log\u2061x"><math display="inline">'),
        (
            r"$x=\variable{output/mass.txt}$",
            '<mo>=</mo></mrow></math><a class="number" id="n-mass" href="n.html#mass">',
        ),
        (r"$x^{\variable{output/mass.txt}}$", '</math><sup><a class="number"'),
        (r"\emph{$\variable{output/mass.txt}$}", '<em><a class="number"'),
        (r"$<10^3$ and \citet{A2020}", "&lt;10<sup>3</sup> and "),
        (r"all of $\ln x$", '<mspace width="0.167em"></mspace><mi>x</mi>'),
    ],
)
def test_numbers_in_text_and_in_mathematics(latex, html, tmp_path):
    assert html in small(latex, tmp_path)


@pytest.mark.parametrize(
    ("latex", "mentions"),
    [
        (r"$\variable{output/size.txt}$", [r"\variable{output/size.txt}", "digs renew"]),
        (r"\variable{output/tab_x.tex}", [r"\variable{output/tab_x.tex}"]),
        (r"Figure~\ref{fig:x}", [r"\ref{fig:x}"]),
        (r"$x\text{\variable{output/mass.txt}}$", [r"\variable", r"x\text{"]),
        (r"\includegraphics[width=\variable{output/mass.txt}]{a.pdf}", [r"\variable{output/mass.txt}"]),
        (r"$\undefined x$", ["pandoc", "undefined"]),
        (r"\citep{Nobody2020}", ["pandoc", "Nobody2020"]),
        (r"\begin{figure}\includegraphics{a.pdf}\caption{A}\end{figure}", [r"\label"]),
        (r"\begin{figure}\includegraphics{a.pdf}\caption{A}\label{fig:a}\end{figure}", ["Figure 1", r"\script"]),
        (
            "\\begin{deluxetable}{l}\n\\label{tab:a}\\startdata\na\n\\enddata\n\\end{deluxetable}",
            ["Table 1", r"\tablehead"],
        ),
    ],
)
def test_what_cannot_be_shown_is_said(latex, mentions, tmp_path, refused):
    with refused(*mentions):
        small(latex, tmp_path)


def test_without_a_title(refused):
    with refused(r"\title"):
        latex_source(r"\begin{document} \author{A}", {}, {})


def test_without_pandoc(tmp_path, monkeypatch, refused):
    def missing(*_args, **_options):
        raise OSError("No pandoc was found")

    monkeypatch.setattr(pypandoc, "convert_text", missing)
    with refused("pypandoc-binary"):
        small("nothing", tmp_path)

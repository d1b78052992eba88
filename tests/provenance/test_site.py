"""The pages for reviewers: whole, no link broken, quiet in a browser, readable by all, and red where it is due."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import build_in_name, command, edit
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from digs.base import paths
from digs.files.atomic import md5
from digs.provenance.audit import AuditVerdict, Finding, Project
from digs.provenance.site.addresses import exhibit_page, group_page, number_place, product_page, stage_page
from digs.provenance.site.build import write_site
from digs.provenance.site.facts import Facts, grouped, worst
from digs.provenance.site.folder import MARK, replacing_folder, site_folder

MOST_BYTES = 25e6
WIDTHS = (360, 1280)
ONE_OF_EACH_KIND = (
    "index.html",
    "paper.html",
    "exhibits.html",
    "exhibits/fig_corner.html",
    "exhibits/tab_widths.html",
    "numbers.html",
    "numbers/networks.fiducial.html",
    "stages.html",
    "stages/lookup_experiment.html",
    "stages/reference.html",
    "products/reference.h5.html",
    "products/timing.json.html",
    "claims.html",
    "claims/claim-3.html",
    "audits.html",
    "explorer.html",
)


@pytest.fixture(scope="module")
def site(pristine, tmp_path_factory) -> Path:
    """The site of a sound copy of the tree."""
    tree = build_in_name(Path(shutil.copytree(pristine, tmp_path_factory.mktemp("sound") / "tree")))
    ended = command(tree, "site")
    assert ended.returncode == 0, ended.stderr
    return tree / "site"


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    """A window of Debian's Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is not on PATH; tools/ensure-programs installs it (`make test` does)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser.new_context()
        browser.close()


@pytest.fixture
def page(context) -> Iterator[Page]:
    opened = context.new_page()
    yield opened
    opened.close()


def addresses_of(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


# whole


class Links(HTMLParser):
    """What a page links to, and what can be linked to on it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value and not value.startswith(("https:", "http:", "data:")):
                self.targets.append(value)
            if name == "id":
                self.ids.append(value)


def test_no_link_is_broken(site):
    pages = {address: Links((site / address).read_text()) for address in addresses_of(site)}
    places = {(site / address).resolve(): set(links.ids) for address, links in pages.items()}
    broken = []
    for address, links in pages.items():
        for target in set(links.targets):
            file, anchor = urldefrag(target)
            path = (site / address).parent / unquote(file) if file else site / address
            if not path.resolve().is_file():
                broken.append(f"{address} -> {target}")
            elif anchor and path.suffix == ".html" and unquote(anchor) not in places[path.resolve()]:
                broken.append(f"{address} -> {target}: no such place")
    assert not broken[:20]


def test_nothing_on_a_page_has_the_name_of_another_thing(site):
    for address in addresses_of(site):
        twice = [name for name, count in Counter(Links((site / address).read_text()).ids).items() if count > 1]
        assert not twice, address


def test_everything_has_its_page(site):
    project = Project(paths.ROOT)
    wanted = [
        *map(exhibit_page, project.declared),
        *map(stage_page, project.pipeline.stages),
        *map(product_page, project.pipeline.locked),
        *(number_place(number, group) for group in project.groups for number in project.recorded[group]["shown"]),
    ]
    ids = {}
    for address in wanted:
        file, anchor = urldefrag(address)
        if file not in ids:
            ids[file] = Links((site / file).read_text()).ids
        assert not anchor or anchor in ids[file], address


def test_site_is_small(site):
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < MOST_BYTES


def test_search_finds_every_kind_of_thing(site):
    text = (site / "static/search-index.js").read_text()
    for kind in ("figure", "table", "number", "numbers", "stage", "data", "claim", "section", "page"):
        assert f'["{kind}",' in text


# in a browser


def test_every_page_is_quiet_and_asks_nobody(site, page):
    heard: list[str] = []
    page.on("console", lambda message: heard.append(f"{page.url}: {message.text}") if _bad(message) else None)
    page.on("pageerror", lambda error: heard.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: heard.append(f"{page.url}: {request.url} failed") if _lost(request) else 0)
    page.on("request", lambda request: None if _at_home(request.url) else heard.append(f"{page.url}: {request.url}"))
    for address in addresses_of(site):
        page.goto(f"file://{site}/{address}")
    assert not heard


def _bad(message: ConsoleMessage) -> bool:
    return message.type in ("error", "warning")


def _lost(request: Request) -> bool:
    """Whether a request failed by itself: those that leaving the page cuts off do not count."""
    return request.failure != "net::ERR_ABORTED"


def _at_home(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


@pytest.mark.parametrize(("theme", "rules"), [("light", None), ("dark", ["color-contrast"])])
def test_pages_are_accessible(site, page, theme, rules):
    page.emulate_media(color_scheme=theme)
    options = {"resultTypes": ["violations"], "preload": False} | ({"runOnly": rules} if rules else {})
    axe, serious = Axe(), []
    for address in ONE_OF_EACH_KIND:
        page.goto(f"file://{site}/{address}")
        for found in axe.run(page, options=options).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                where = found["nodes"][0]["html"][:200]
                serious.append(f"{address}: {found['id']} ({len(found['nodes'])}): {where}")
    assert not serious, "\n".join(serious)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(site, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    too_wide = []
    for address in ONE_OF_EACH_KIND:
        page.goto(f"file://{site}/{address}")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            too_wide.append(address)
    assert not too_wide


def test_search_leads_to_a_page(site, page):
    page.goto(f"file://{site}/stages/reference.html")
    page.fill("#search", "fig_corner")
    page.press("#search", "Enter")
    page.wait_for_url("**/exhibits/fig_corner.html")
    page.fill("#search", "xyzzy")
    assert page.inner_text("#search-results") == "Nothing has these words."
    assert page.inner_text("#search-status") == "Nothing has these words."


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("which seed made the reference chains?", "stages/reference.html"),
        ("table 17", "paper.html#tab:sps"),
        ("vouched", "index.html#audit"),
        ("how do I rebuild everything", "index.html#rebuild"),
        ("corner", "exhibits/fig_corner.html"),
    ],
)
def test_search_answers_questions(site, page, asked, address):
    page.goto(f"file://{site}/index.html")
    page.fill("#search", asked)
    found = [each.get_attribute("href") for each in page.locator("#search-results a").all()]
    assert address in found[:5], found


def test_results_of_a_search_are_in_sight_and_go_with_the_focus(site, page):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"file://{site}/stages/reference.html")
    page.keyboard.press("/")
    page.keyboard.type("corner")
    assert page.locator("#search-results").bounding_box()["y"] < 300
    page.keyboard.press("Tab")
    assert not page.locator("#search-results").is_visible()


def test_theme_is_chosen_and_kept(site, page):
    page.emulate_media(color_scheme="light")
    page.goto(f"file://{site}/index.html")
    ground = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = ground()
    page.click("#theme")
    assert ground() != light
    page.goto(f"file://{site}/stages.html")
    assert ground() != light
    assert page.get_attribute("#theme", "aria-pressed") == "true"
    page.emulate_media(media="print")
    assert ground() == light


def test_pictures_grow_at_a_click(site, page):
    page.goto(f"file://{site}/exhibits/fig_corner.html")
    page.click("a.enlarge")
    page.wait_for_function("document.querySelector('dialog img').style.width.endsWith('%')")
    before = page.locator("dialog img").bounding_box()["width"]
    page.click("dialog button[aria-label=Larger]")
    assert page.locator("dialog img").bounding_box()["width"] > before
    page.click("dialog button[aria-label=Close]")
    page.wait_for_selector("dialog", state="detached")


def test_a_number_of_the_paper_leads_to_its_proof(site, page):
    page.goto(f"file://{site}/paper.html")
    link = page.locator("a.number").first
    text = link.inner_text()
    link.click()
    name = page.url.partition("#")[2]
    assert text.split("±")[0].strip() in page.locator(f"[id='{name}'] dt").inner_text().replace("\u2009", " ")


# red where it is due


def test_tampering_turns_the_page_red_with_the_words_of_the_terminal(tree):
    build_in_name(tree)
    edit(tree / "src/data/calibration.json", '"galaxies": 1000', '"galaxies": 1001')
    edit(tree / "src/scripts/figures/fig_sbc.py", "    save(figure", "    # changed\n    save(figure")
    number = tree / "src/tex/output/test_size.txt"
    number.parent.mkdir(parents=True, exist_ok=True)
    number.write_text("4321")
    ended = command(tree, "audit")
    said = re.findall(r"^  \[WRONG\] (.*)$", ended.stdout, re.MULTILINE)
    assert len(said) >= 3
    write_site(tree, tree / "pages")
    start = words(tree / "pages/index.html")
    for text in said:
        assert text in start
    for address in (
        product_page("src/data/calibration.json"),
        exhibit_page("fig_sbc"),
        exhibit_page("tab_calibration"),
        group_page(Facts(tree).group_of["test_size"]),
    ):
        heading = (tree / "pages" / address).read_text().partition("</h1>")[0]
        assert 'class="verdict verdict-wrong"' in heading, address

    assert "WRONG" in words(tree / "pages/paper.html").partition("Contents")[0]
    paper = (tree / "pages/paper.html").read_text()
    assert re.search(r'data-verdict="WRONG" href="numbers/[\w.]+#test_size"', paper.replace(".html#", "#"))
    assert not re.search(r'data-verdict="WRONG" href="numbers/published.stated.html', paper)


def words(path: Path) -> str:
    """The words of a page."""
    found: list[str] = []
    parser = HTMLParser()
    parser.handle_data = found.append
    parser.feed(path.read_text())
    return " ".join(" ".join(found).split())


def test_sound_tree_has_no_red(site):
    assert (
        "verdict-wrong" not in (site / "index.html").read_text().partition('<h2 id="audit">')[2].partition("</h2>")[0]
    )
    assert "verdict-wrong" not in (site / "exhibits/fig_corner.html").read_text()


# the folder


def test_a_folder_with_other_things_is_left_alone(tmp_path, refused):
    (tmp_path / "thesis.tex").write_text("years of work")
    with refused(str(tmp_path), "--out"):
        site_folder(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_is_no_folder(tmp_path, refused):
    (tmp_path / "site").write_text("")
    with refused("site", "--out"):
        site_folder(tmp_path / "site")


def test_a_link_leads_to_the_folder_that_is_replaced(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling").symlink_to(tmp_path / "later")
    assert site_folder(tmp_path / "link") == tmp_path / "real"
    assert site_folder(tmp_path / "dangling") == tmp_path / "later"
    with replacing_folder(site_folder(tmp_path / "link")) as folder:
        (folder / "index.html").write_text("here")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "link" / "index.html").read_text() == "here"


def test_no_site_within_a_site_in_a_file_or_at_a_mount_point(tmp_path, refused):
    with replacing_folder(tmp_path / "site"):
        pass
    assert site_folder(tmp_path / "site") == tmp_path / "site"
    with refused(str(tmp_path / "site"), "as a whole"):
        site_folder(tmp_path / "site" / "inside")
    with refused(str(tmp_path / "site" / MARK), "is a file"):
        site_folder(tmp_path / "site" / MARK / "below")
    with refused("/proc", "mount point"):
        site_folder(Path("/proc"))


def test_a_site_that_cannot_be_put_in_place_leaves_the_one_before(tmp_path, monkeypatch, refused):
    out = tmp_path / "site"
    with replacing_folder(out) as folder:
        (folder / "index.html").write_text("first")
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if self.name == "site" and self != out:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with refused(str(out), "No space left"), replacing_folder(out) as folder:
        (folder / "index.html").write_text("second")
    assert (out / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_an_interrupted_site_leaves_the_one_before(tmp_path):
    out = tmp_path / "site"
    with replacing_folder(out) as folder:
        (folder / "index.html").write_text("first")
    with pytest.raises(KeyboardInterrupt), replacing_folder(out) as folder:
        (folder / "index.html").write_text("second")
        raise KeyboardInterrupt
    assert (out / "index.html").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_without_the_paper_it_says_what_to_do(tree, refused):
    with refused("run `make paper` first"):
        write_site(tree, tree / "site")
    assert not (tree / "site").exists()


def test_same_tree_gives_the_same_site(site):
    """Where git tells no commit, at least; the pages say of which one they are."""
    tree = site.parent
    write_site(tree, tree / "again")
    files = lambda folder: {path.relative_to(folder): md5(path) for path in folder.rglob("*") if path.is_file()}
    assert files(tree / "again") == files(site)


# facts


def finding(verdict: AuditVerdict, text: str) -> Finding:
    return Finding(verdict, text)


def test_worst_verdict():
    assert worst([]) is AuditVerdict.FINE
    found = [finding(verdict, "x") for verdict in AuditVerdict]
    assert worst(found) is AuditVerdict.WRONG
    assert worst(found[:2]) is AuditVerdict.VOUCHED


def test_findings_that_say_the_same_stand_together():
    found = grouped(
        [
            finding(AuditVerdict.FINE, "a: as recorded"),
            finding(AuditVerdict.VOUCHED, "stage x: moved"),
            finding(AuditVerdict.WRONG, "b: md5 differs"),
            finding(AuditVerdict.VOUCHED, "stage y: moved"),
        ]
    )
    assert [each.verdict for each in found] == [AuditVerdict.WRONG, AuditVerdict.VOUCHED, AuditVerdict.FINE]
    assert (found[1].text, found[1].about) == ("moved", ["stage x", "stage y"])
    assert found[0].text == "b: md5 differs"


def test_facts_say_what_rests_on_a_stage():
    facts = Facts(paths.ROOT)
    assert {"fig_corner", "tab_widths"} <= set(facts.resting_on("chains"))
    assert "fig_corner" in facts.readers("src/data/chains.h5")
    assert "fig_corner" not in facts.resting_on("timing")

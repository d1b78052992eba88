"""The explorer: what the browser computes and shows equals what the package computes and the products hold."""

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pytest
import torch
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import Request, sync_playwright

from digs.base import paths
from digs.config.params import load_params
from digs.config.theta import MEANINGS, NAMES
from digs.files.product import Product, read_product
from digs.files.schemas.chains_schema import CHAINS
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference.posterior import Posterior
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.audit import Project
from digs.provenance.pipeline import Pipeline
from digs.provenance.site import explorer
from digs.provenance.site.build import write_static
from digs.provenance.site.explorer import explorer_page, plain
from digs.provenance.site.pages import Page as SitePage
from digs.provenance.site.population_data import RATIO_STEP, STEP, Populations, bound, variable_length
from digs.provenance.site.reference_draws import EVERY, SAMPLED, SEED, SHOWN, evenly, in_levels
from digs.provenance.site.stored_products import read_stored

TOLERANCE = 5e-6  # as the page says
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def site_page(tracked) -> SitePage:
    tracked("reference.h5")
    return explorer_page(Project(paths.ROOT), "a test")


@pytest.fixture(scope="module")
def scripts(site_page) -> dict[str, str]:
    """The scripts that hold the data."""
    return site_page.scripts


def value_of(script: str) -> dict:
    """What a data script sets."""
    return json.loads(script[script.index("{") : script.rindex("}") + 1])


@pytest.fixture(scope="module")
def packed(scripts) -> dict:
    return value_of(scripts[explorer.DRAWS_SCRIPT])


@pytest.fixture(scope="module")
def browser_page(scripts, site_page, tmp_path_factory) -> Iterator[tuple[BrowserPage, list[str]]]:
    """The page in a browser, and what it complains of or asks the network for."""
    folder = tmp_path_factory.mktemp("site")
    (folder / site_page.address).write_text(site_page.html, encoding="utf-8")
    write_static(folder)
    (folder / "static/search-index.js").write_text("window.DIGS_SEARCH = [];")
    for address, text in scripts.items():
        (folder / address).parent.mkdir(exist_ok=True)
        (folder / address).write_text(text, encoding="utf-8")
    assert CHROMIUM, "Debian's chromium is missing: install it with `apt-get install chromium`."
    complaints: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(("file:", "data:")):
            complaints.append(request.url)

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", asked)
        page.goto((folder / site_page.address).as_uri())
        page.wait_for_function("document.getElementById('chi-squared').textContent !== ''")
        yield page, complaints
        browser.close()


@pytest.fixture
def page(browser_page) -> BrowserPage:
    """The page with the first galaxy and all sets chosen."""
    page = browser_page[0]
    page.select_option("#galaxy", "0")
    for key in explorer._SETS:
        page.check(f"#set-{key}")
    settle(page)
    return page


def settle(page: BrowserPage) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.fixture(scope="module")
def thetas() -> torch.Tensor:
    """All corners of the prior, points of its faces and inside it, more of them young."""
    prior, random = Prior.over(load_params().prior), torch.Generator().manual_seed(4)
    unit = torch.rand(200, len(NAMES), generator=random, dtype=torch.float64)
    unit[:80, NAMES.index("tage")] **= 3
    faces = torch.rand(40, len(NAMES), generator=random, dtype=torch.float64)
    faces[range(40), [place % len(NAMES) for place in range(40)]] = torch.arange(40).remainder(2).double()
    corners = torch.tensor(list(product((0.0, 1.0), repeat=len(NAMES))), dtype=torch.float64)
    return prior.from_unit(torch.cat([unit, faces, corners]))


# what the browser computes


def test_spectra_equal_the_simulators(page, thetas):
    ours = Simulator(dtype=torch.float64)(thetas).numpy()
    theirs = page.evaluate("(all) => all.map((theta) => [...DIGS.spectrum(theta)])", thetas.tolist())
    assert np.abs(np.array(theirs) / ours - 1).max() < TOLERANCE


def test_chi_squared_equals_ours(page, thetas, tracked, test_set):
    galaxy = read_product(tracked("galaxy.h5"), OBSERVATIONS)
    fraction = load_params().noise.fraction
    model = Simulator(dtype=torch.float64)(thetas[:20]).numpy()
    for place, data in ((0, galaxy["noisy_flux"][0]), (1, test_set["noisy_flux"][0]), (3, test_set["noisy_flux"][12])):
        expected = (((data - model) / (fraction * model)) ** 2).sum(1)
        shown = page.evaluate(
            "([all, galaxy]) => all.map((theta) => DIGS.chi_squared(theta, galaxy))", [thetas[:20].tolist(), place]
        )
        np.testing.assert_allclose(shown, expected, rtol=1e-3)


# what moves


def test_a_slider_moves_spectrum_and_chi_squared(page):
    before = page.inner_text("#chi-squared")
    picture = page.evaluate("document.getElementById('spectrum').toDataURL()")
    page.focus("#range-dust2")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.inner_text("#chi-squared") != before
    assert page.evaluate("document.getElementById('spectrum').toDataURL()") != picture
    page.click("#to-truth")
    settle(page)
    assert page.inner_text("#chi-squared") == before


def test_numbers_outside_the_prior_are_brought_back(page):
    page.fill("#number-logmass", "99")
    page.press("#number-logmass", "Enter")
    assert page.input_value("#number-logmass") == "13"
    assert page.evaluate("DIGS.state.theta[0]") == 13


def test_a_click_in_the_corner_plot_moves_two_sliders(page):
    before = page.evaluate("DIGS.state.theta")
    text = page.inner_text("#chi-squared")
    box = page.locator("#corner").bounding_box()
    page.click("#corner", position={"x": box["width"] * 0.2, "y": box["height"] * 0.5})  # third row, first column
    settle(page)
    after = page.evaluate("DIGS.state.theta")
    assert [place for place in range(5) if after[place] != before[place]] == [0, 2]
    assert float(page.input_value("#range-dust2")) == pytest.approx(after[2], abs=1e-6)
    assert page.inner_text("#chi-squared") != text


def test_the_best_draw_fits_better_than_the_truth(page):
    truth = float(page.inner_text("#chi-squared"))
    page.click("#to-best")
    settle(page)
    assert float(page.inner_text("#chi-squared")) < truth


def test_another_galaxy_another_truth(page, packed):
    page.click("[data-step='1']")
    assert page.evaluate("DIGS.state.theta") == packed["theta"][1]
    page.click("[data-step='-1']")
    page.click("[data-step='-1']")
    settle(page)
    last = len(packed["rows"]) - 1
    assert page.input_value("#galaxy") == str(last)
    assert page.inner_text("#galaxy-again") == f"test galaxy {packed['rows'][last]}"


def test_the_table_follows_the_sets(page, packed):
    page.uncheck("#set-paper")
    cells = page.locator("#medians tbody tr").first.locator("th, td").all_inner_texts()
    low, median, high = (packed["quantiles"][0][0][level][0] for level in range(3))
    assert cells[2] == f"{median:.3f} ± {(high - low) / 2:.3f}"
    assert len(cells) == 4


@pytest.fixture
def open_at(page) -> Callable[[str], BrowserPage]:
    """Open the page anew at an address with `#fragment`."""
    address = page.url.partition("#")[0]

    def opened(fragment: str) -> BrowserPage:
        page.goto("about:blank")
        page.goto(f"{address}#{fragment}")
        settle(page)
        return page

    return opened


def test_an_address_can_be_shared(page, open_at, packed):
    before = page.url
    page.click("[data-step='1']")
    page.fill("#number-dust2", "0.7654")
    page.press("#number-dust2", "Enter")
    page.wait_for_function("(before) => location.href !== before", arg=before)
    fragment, chi_squared = page.url.partition("#")[2], page.inner_text("#chi-squared")
    assert fragment.startswith(f"galaxy={packed['rows'][1]}&logmass=")
    expected = [*packed["theta"][1][:2], 0.7654, *packed["theta"][1][3:]]
    assert open_at("").evaluate("DIGS.state.galaxy") == 0
    open_at(fragment)
    assert page.evaluate("DIGS.state.theta") == pytest.approx(expected, abs=1e-6)
    assert page.input_value("#galaxy") == "1"
    assert page.input_value("#number-dust2") == "0.7654"
    assert page.inner_text("#chi-squared") == chi_squared


def test_an_address_typed_over_is_followed(page, packed):
    page.evaluate("location.hash = 'galaxy=12&dust2=0.5'")
    page.wait_for_function("DIGS.state.theta[2] === 0.5")
    assert packed["rows"][page.evaluate("DIGS.state.galaxy")] == 12
    page.evaluate("location.hash = 'content'")  # a place on the page
    settle(page)
    assert page.evaluate("DIGS.state.theta[2]") == 0.5


@pytest.mark.parametrize(
    "fragment",
    [
        "content",
        "galaxy=7&logmass=&tage=old",
        "galaxy=-1&dust2=NaN&logtau=Infinity",
        "%E0%A4%A&=&&galaxy",
        "galaxy=fig3&galaxy=6&theta=<b>",
    ],
)
def test_nonsense_in_the_address_is_passed_over(open_at, packed, fragment):
    assert open_at(fragment).evaluate("DIGS.state") == {"galaxy": 0, "theta": packed["theta"][0]}


def test_an_address_outside_the_prior_is_brought_back(open_at, packed):
    prior = load_params().prior
    theta = open_at("galaxy=6&logmass=99&dust2=-1e9").evaluate("DIGS.state.theta")
    assert theta == [prior.logmass[1], packed["theta"][2][1], prior.dust2[0], *packed["theta"][2][3:]]


def test_a_theme_is_drawn_anew(page):
    light = page.evaluate("[...document.querySelectorAll('canvas')].map((each) => each.toDataURL())")
    page.click("#theme")
    settle(page)
    dark = page.evaluate("[...document.querySelectorAll('canvas')].map((each) => each.toDataURL())")
    page.click("#theme")
    assert all(one != other for one, other in zip(light, dark, strict=True))


def test_a_screen_reader_hears_the_outcome(page):
    page.click("#to-best")
    for heard in ("getElementById('said').textContent", "getElementById('spectrum').getAttribute('aria-label')"):
        page.wait_for_function(f"document.{heard}.includes(document.getElementById('chi-squared').textContent)")


def test_it_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.set_viewport_size({"width": 1280, "height": 900})


def test_no_complaint_and_no_request(page, browser_page):
    assert not browser_page[1]


# what the data scripts hold


def decoded(packed: dict) -> np.ndarray:
    """Draws, shape (sets, galaxies, SHOWN, 5)."""
    steps = np.frombuffer(base64.b64decode(packed["draws"]), "<u2").reshape(len(packed["sets"]), -1, 5, SHOWN)
    low, high = np.array(packed["low"]), np.array(packed["high"])
    return low + (high - low) / packed["levels"] * steps.swapaxes(-1, -2)


def test_draws_are_the_products_to_the_stated_rounding(packed, tracked, test_set, site_page):
    galaxy = read_product(tracked("galaxy.h5"), OBSERVATIONS)
    flux = np.concatenate([galaxy["noisy_flux"], test_set["noisy_flux"][:300:EVERY]])
    reference, posteriors = (
        read_product(tracked(f"{name}.h5"), schema)
        for name, schema in (("reference", REFERENCE), ("posteriors", POSTERIORS))
    )
    walks = read_product(tracked("chains.h5"), CHAINS)["reference_theta"].reshape(-1, 5)
    rows = packed["rows"][1:]
    assert len(rows) == 50
    shown = dict(zip(packed["sets"], decoded(packed), strict=True))
    limit = (np.array(packed["high"]) - packed["low"]) / packed["levels"] / 2 * 1.01
    assert limit.max() < 5e-5  # four decimals
    assert "4 decimals" in site_page.html
    for theirs, ours in (
        (shown["mcmc"][1:], reference["draws"][rows][:, ::2]),
        (shown["paper"][1:], posteriors["draws"][rows][:, ::2]),
        (shown["mcmc"][0], walks[::65][:SHOWN]),
        (shown["fiducial"], Posterior.load("fiducial").sample(flux, SAMPLED, SEED).numpy()[:, ::2]),
    ):
        inside = ours.clip(packed["low"], packed["high"])  # the products' own rounding oversteps ends of the prior
        assert np.abs(ours - inside).max() < 1e-3
        assert (np.abs(theirs - inside) <= limit).all()
    np.testing.assert_array_equal(np.frombuffer(base64.b64decode(packed["flux"]), "<f4").reshape(51, -1), flux)
    np.testing.assert_array_equal(packed["theta"][1:], test_set["theta"][rows])


def test_the_data_are_small(scripts):
    assert sum(len(text) for text in scripts.values()) < 2.6e6


def test_what_is_stored_bounds_the_error(scripts):
    """The spectra of bursts, put together again from what is stored."""
    stored, prior = value_of(scripts[explorer.POPULATIONS_SCRIPT]), load_params().prior
    simulator = Simulator(history=SingleBurst, dtype=torch.float64)
    populations = Populations.of(POPULATIONS_FILE, prior)
    for dust2 in prior.dust2:
        theta = np.stack(np.broadcast_arrays(0.0, np.array(stored["logzsol"])[:, None], dust2, stored["age"]), -1)
        expected = simulator(theta.reshape(-1, 4)).numpy().reshape(populations.flux.shape)
        flux = STEP * np.round(np.log(populations.flux) / STEP)
        ratio = np.zeros_like(flux)
        ratio[:, : stored["young"]] = RATIO_STEP * np.round(populations.ratio / RATIO_STEP)
        found = np.exp(flux - dust2 * populations.curve) * (1 + (stored["dust"] - dust2) * ratio)
        assert np.abs(found / expected - 1).max() < 1.01 * bound(prior) < TOLERANCE


def test_the_page_is_the_same_each_time(site_page):
    assert explorer_page(Project(paths.ROOT), "a test") == site_page


def test_variable_length_integers():
    values = np.array([0, -1, 1, 63, -64, 64, 8191, 8192, -8192, 2**30, -(2**30)])
    rest, found = iter(variable_length(values).tolist()), []
    for byte in rest:
        number, shift = byte % 128, 7
        while byte >= 128:
            byte = next(rest)
            number, shift = number + (byte % 128 << shift), shift + 7
        found.append(-(number + 1) // 2 if number % 2 else number // 2)
    assert found == values.tolist()


def test_levels_reach_from_end_to_end():
    low, high = [0.0], [0.2]
    assert in_levels(np.array([[0.0], [np.float32(0.2)], [-1e-9]]), low, high).ravel().tolist() == [0, 65535, 0]


def test_too_few_draws_are_refused(refused):
    with refused("499 draws", "draw more"):
        evenly(np.zeros((SHOWN - 1, 5)))


# the page


def test_labels_are_plain():
    for meaning in MEANINGS:
        assert not set(plain(meaning.label) + plain(meaning.description)) & set("\\${}")
    assert plain(MEANINGS[0].label) == "log M/M⊙"


def test_the_page_says_what_it_rests_on(site_page, tracked):
    for words in (
        "products/reference.h5.html",
        "stages/flow_fiducial.html",
        "products/populations.h5.html",
        "stages/populations.html",
        "a stand-in for the FSPS v3.2",
        "gas of solar metallicity, log U = −2",
        "every sixth",
        f"to {TOLERANCE:.0e}".replace("e-0", "e-"),
    ):
        assert words in site_page.html
    assert site_page.address == "explorer.html"
    assert [entry.kind for entry in site_page.entries] == ["page"]


def test_a_missing_product_is_named(refused, monkeypatch):
    pipeline = Pipeline(paths.ROOT)
    monkeypatch.setattr(Pipeline, "stored", lambda self, file: None)
    with refused("src/data/reference.h5", "dvc checkout"):
        read_stored(pipeline, "src/data/reference.h5", REFERENCE)


def test_different_galaxies_are_refused(refused, monkeypatch):
    from digs.provenance.site import reference_draws

    def shifted(pipeline: Pipeline, file: str, schema) -> Product:
        found = read_stored(pipeline, file, schema)
        return (
            Product({**found.arrays, "theta": found["theta"][::-1]}, found.attributes) if "test.h5" in file else found
        )

    monkeypatch.setattr(reference_draws, "read_stored", shifted)
    with refused("reference.h5", "test.h5", "different galaxies"):
        reference_draws.read_reference(Pipeline(paths.ROOT))

"""What the tests share: synthetic populations, the tracked data, and one Prospector for all tests that run FSPS."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.git import git_commit
from digs.config.model import Architecture
from digs.config.params import load_params
from digs.files.atomic import write_json
from digs.files.product import Product, read_product, write_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.populations_schema import POPULATIONS
from digs.flows.flow import Flow
from digs.inference.posterior import Posterior
from digs.inference.results.galaxy_draws import OUTSIDE, TRUSTED, GalaxyDraws
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.spectra import wavelength_grid
from digs.provenance import fingerprints
from digs.provenance.clean_copy import tracked_files
from digs.provenance.pipeline import Pipeline

torch.set_num_threads(1)  # the tests' tensors are small: threads would only fight each other

AGE = 10 ** (np.arange(5.0, 10.3001, 0.05) - 9)  # Gyr, FSPS's 107 ages with MIST
FAKE_PIXELS = 24
PATIENCE = 900  # seconds for a process that a test starts, on a busy machine


def density_by_autograd(flow: Flow, noise: torch.Tensor, flux: torch.Tensor) -> torch.Tensor:
    """ln q(theta) at theta = T(n), which is ln N(n) - ln |dT/dn|, shape (N, draws), of noise n, (N, draws, 5)."""
    transform = flow.sampler()
    expected = torch.distributions.Normal(0, 1).log_prob(noise).sum(-1)
    for row, draw in np.ndindex(*noise.shape[:2]):
        one = lambda n, row=row: transform(n[None, None], flux[row : row + 1])[0, 0]
        jacobian = torch.autograd.functional.jacobian(one, noise[row, draw])
        expected[row, draw] -= torch.linalg.slogdet(jacobian)[1]
    return expected


def check_the_seed_is_all_there_is(walk: Callable[[], np.ndarray]) -> None:
    """Nobody else's use of numpy's global random numbers changes a walk, nor are they changed by one."""
    walks = []
    for seed in (5, 6):
        np.random.seed(seed)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        walks.append(walk())
        np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(*walks)


# files of tests that take ten seconds or more, the longest first: processes that work side by side then end together
LONGEST = (
    "test_site.py",
    "test_determinism.py",
    "test_showyourwork.py",
    "test_records.py",
    "test_broken_clones.py",
    "test_dvc.py",
    "test_audit.py",
    "test_formats.py",
    "test_explorer.py",
    "test_edition.py",
    "test_nested.py",
    "test_public_faults.py",
    "test_workers.py",
    "test_params.py",
    "test_flow.py",
)
FSPS = "FSPS"  # the group of the files in which a test starts it, for minutes, where there are data for it
STARTS_FSPS = {
    "test_continuity.py",
    "test_delayed_tau.py",
    "test_derived.py",
    "test_dust.py",
    "test_native_agreement.py",
    "test_prospector_library.py",
    "test_prospector_processes.py",
    "test_simulator.py",
}


def group_of(nodeid: str) -> str:
    """The tests that share a process where several work side by side: those of a file, and all that start FSPS."""
    file = nodeid.partition("::")[0].rpartition("/")[2]
    return FSPS if file in STARTS_FSPS else file


def pytest_configure(config: pytest.Config) -> None:
    config.option.loadscopereorder = False  # else pytest-xdist begins with the groups of many tests, not the long ones


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {group: number for number, group in enumerate((FSPS, *LONGEST))}
    items.sort(key=lambda item: place.get(group_of(item.nodeid), len(place)))
    unlisted = {item.path.name for item in items if "sps_home" in item.fixturenames} - STARTS_FSPS
    assert not unlisted, f"add {unlisted} to STARTS_FSPS"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Send the tests of a group to one process (pytest 9.2 does not let pytest-xdist 3.8 mark groups itself)."""
    from xdist.scheduler import LoadScopeScheduling

    class ByGroup(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)


LONG = Path(__file__).with_name("long.json")  # the outcome of the last `make test-long`


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Keep the outcome of the long tests, which few people run."""
    reports = {kind: terminalreporter.stats.get(kind, []) for kind in ("passed", "failed", "error", "skipped")}
    if config.option.markexpr != "long" or not any(reports.values()):
        return
    outcome = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": git_commit(),
        **{kind: sorted(report.nodeid for report in found) for kind, found in reports.items()},
        "seconds": round(sum(report.duration for report in reports["passed"] + reports["failed"]), 1),
    }
    write_json(LONG, outcome)


@pytest.fixture(autouse=True)
def closed_figures() -> Iterator[None]:
    """Figures of a test are closed after it."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture(autouse=True)
def path_of_imports() -> Iterator[None]:
    """Scripts put the digs of their checkout first on sys.path, in the place of what is there."""
    before = sys.path.copy()
    yield
    sys.path[:] = before


def command(tree: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the `digs` of a tree."""
    environment = os.environ | {"PYTHONPATH": str(tree / "src")}
    return subprocess.run(
        [sys.executable, "-m", "digs", *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def child_process(command: Sequence[str | Path], **settings: Any) -> Iterator[subprocess.Popen]:
    """A process that is killed at the end, and after PATIENCE, so that whoever waits for it goes on."""
    with subprocess.Popen(command, **settings) as child:
        alarm = threading.Timer(PATIENCE, child.kill)
        alarm.start()
        try:
            yield child
        finally:
            alarm.cancel()
            child.kill()


def edit(path: Path, old: str, new: str) -> None:
    """Replace words of a file, which must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def pristine(tmp_path_factory, tracked) -> Path:
    """A copy of the tree with its data, nothing built, no git and no store."""
    tree = tmp_path_factory.mktemp("pristine") / "tree"
    files = [name for name in tracked_files(paths.ROOT) if not name.startswith(("data-store/", "tests/"))]
    data = [name for name in Pipeline(paths.ROOT).locked if tracked(name.removeprefix("src/data/"))]
    for name in [*files, *data]:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(paths.ROOT / name, tree / name)
    return tree


def build_in_name(tree: Path) -> Path:
    """Put recorded tables, and small stand-ins for figures and the PDF, which take a minute to make, into a tree."""
    made = tree / "src" / "tex"
    for kind in ("figures", "output"):
        (made / kind).mkdir(exist_ok=True)
    for name, record in fingerprints.load(tree).items():
        figure = made / "figures" / name.removeprefix("fig_")
        if name.startswith("fig_"):
            figure.with_suffix(".svg").write_text(PICTURE)
            figure.with_suffix(".pdf").write_bytes(PDF)
        elif name.startswith("tab_"):
            rows = "".join(f"{row['text']}\n" for row in record["shown"].values())
            (made / "output" / f"{name}.tex").write_text(rows)
    (tree / "ms.pdf").write_bytes(PDF)
    return tree


PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path d="M1 1L9 9" stroke="black"/></svg>'
PDF = b"%PDF-1.4\n"


@pytest.fixture
def tree(pristine, tmp_path) -> Path:
    """A copy of the tree to tamper with."""
    return Path(shutil.copytree(pristine, tmp_path / "tree"))


Refused = Callable[..., AbstractContextManager[None]]


@pytest.fixture
def refused() -> Refused:
    """`with refused("this", "that"):` wants a DigsError of one line and one sentence that mentions these words."""

    @contextmanager
    def check(*mentions: str) -> Iterator[None]:
        with pytest.raises(DigsError) as caught:
            yield
        message = str(caught.value)
        assert "\n" not in message
        assert message.endswith(".")
        for mention in mentions:
            assert mention in message

    return check


@pytest.fixture(scope="session")
def fake_populations(tmp_path_factory) -> Path:
    """Populations that fade and redden with age, and gas whose lines change with all that they may change with."""
    random = np.random.default_rng(3)
    wavelength = np.concatenate([np.arange(3000.0, 9000, 2), np.arange(9000.0, 12000, 20)])
    logzsol, logz, age, logu = (
        np.array([-2.5, -1.0, 0.0, 0.5]),
        np.array([-1.0, -0.4, 0.3]),
        [1e-3, 5e-3, 0.02],
        [-4.0, -1],
    )
    basis = np.stack([(wavelength / 5500) ** power for power in (-2.0, 0.0, 1.0)])
    basis[1] *= 1 + 0.3 * np.sin(wavelength / 30)
    coefficients = 1e-16 * AGE[:, None] ** -0.7 * np.stack([1 / (1 + AGE), np.ones_like(AGE), AGE**0.3], 1)
    lines = np.array([3728.0, 4341.0, 4862.0, 5008.0, 6564.0, 9533.0])
    log_lines = random.uniform(0.0, 1.5, (3, 3, 2, len(lines)))
    path = tmp_path_factory.mktemp("fake") / "populations.h5"
    arrays = {
        "wavelength": wavelength,
        "resolution": np.full(len(wavelength), 60.0),
        "age": AGE,
        "logzsol": logzsol,
        "coefficients": coefficients * (1 + 0.1 * logzsol[:, None, None]),
        "basis": basis,
        "percentile": np.array([50.0]),
        "compression_error": np.zeros((1, len(wavelength))),
        "photons": 0.5 * np.exp(-AGE / 0.003) * (1 - 0.1 * logzsol[:, None]) + 1e-8,
        "surviving_mass": 0.6 + 0.4 * np.exp(-AGE) * np.ones((4, 1)),
        "gas_logz": logz,
        "gas_age": np.array(age),
        "gas_logu": np.array(logu),
        "line_wavelength": lines,
        "line_sigma": np.full(len(lines), 4.0),
        "log_lines": log_lines,
        "log_continuum": random.uniform(-14.5, -14.0, (3, 3, 2, 2)),
        "continuum_shape": np.stack([wavelength / 5000, 5000 / wavelength]),
    }
    settings = load_params().model_dump(include={"spectrum", "gas"})
    settings["spectrum"]["pixels"] = FAKE_PIXELS
    write_product(path, POPULATIONS, arrays, parameters=settings, sps_label="synthetic", sps_fingerprint="0")
    return path


@pytest.fixture
def wide_theta() -> Callable[[int, int], torch.Tensor]:
    """theta of so many galaxies, float64, over the prior of params.yaml, from a seed."""
    return lambda number, seed: Prior.over(load_params().prior).sample(number, torch.Generator().manual_seed(seed))


@pytest.fixture
def observations() -> dict[str, np.ndarray]:
    """A few noisy spectra as the arrays of the product OBSERVATIONS."""
    random = np.random.default_rng(4)
    flux = random.uniform(1.0, 2.0, (6, 10))
    return {
        "wavelength": np.linspace(4000.0, 5000.0, 10),
        "theta": random.uniform(size=(6, 5)),
        "flux": flux,
        "noisy_flux": flux * random.uniform(0.9, 1.1, flux.shape),
    }


@pytest.fixture(scope="session")
def tracked() -> Callable[[str], Path]:
    """The path of a tracked data product."""

    def find(name: str) -> Path:
        path = paths.DATA / name
        if not path.exists():
            pytest.fail(f"{paths.shown(path)} is missing: run `dvc pull` before the tests (`make test` does).")
        return path

    return find


@pytest.fixture(scope="module")
def simulator(tracked) -> Simulator:
    """The simulator of the paper's pixels, from the tracked populations."""
    return Simulator(path=tracked("populations.h5"))


@pytest.fixture(scope="module")
def prior() -> Prior:
    """The prior of params.yaml."""
    return Prior.over(load_params().prior)


@pytest.fixture(scope="session")
def test_set(tracked) -> Product:
    """Prospector's 1000 test spectra."""
    return read_product(tracked("test.h5"), OBSERVATIONS)


@pytest.fixture(scope="session")
def sps_home() -> Path:
    """FSPS's data directory; tests that want it are skipped where there is none."""
    if not os.environ.get("SPS_HOME"):
        pytest.skip("SPS_HOME is not set: this test runs FSPS")
    from digs.sps.home import sps_home

    return sps_home()


@pytest.fixture(scope="session")
def prospector(sps_home):
    """The reference simulator on the pixels of params.yaml."""
    from digs.sps.prospector import Prospector

    return Prospector(load_params().spectrum, load_params().gas)


@pytest.fixture
def fsps_population(prospector):
    """Prospector's FSPS without dust, to be set as a test likes; set back afterwards.

    One for all, as FSPS is Fortran with one global state and takes its time for every metallicity.
    """
    population = prospector.sps.ssp
    before = dict(population.params.iteritems())
    settings = {"add_neb_emission": True, "add_neb_continuum": True, "nebemlineinspec": True, "gas_logu": -2.0}
    settings |= {"dust_type": 2, "dust1": 0.0, "dust2": 0.0, "logzsol": 0.0, "gas_logz": 0.0, "zred": 0.0}
    settings |= {"imf_type": 2, "sfh": 0, "tage": 0.0}
    for name, value in settings.items():
        population.params[name] = value
    yield population
    for name, value in before.items():
        population.params[name] = value


@pytest.fixture
def tiny_flow() -> Callable[..., Flow]:
    """An untrained flow over so many pixels, its weights spread out so that it is far from a Gaussian."""

    def build(pixels: int = 6, spread: float = 0.3, seed: int = 0) -> Flow:
        prior, random = Prior.over(load_params().prior), torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        theta = prior.sample(500, random)
        flux = torch.exp(0.5 * torch.randn(500, pixels, generator=random))
        flow = Flow(Architecture(hidden_features=8, num_transforms=2), prior, pixels, (theta, flux))
        with torch.no_grad():
            for weight in flow.parameters():
                weight += spread * torch.randn(weight.shape, generator=random)
        return flow.eval().requires_grad_(False)

    return build


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """The wavelengths of params.yaml."""
    return wavelength_grid(load_params().spectrum)


@pytest.fixture(scope="module")
def flux(test_set) -> np.ndarray:
    """Spectra of the first galaxies of the test set."""
    return test_set["noisy_flux"][:4]


@pytest.fixture(scope="module")
def networks() -> dict[str, Posterior]:
    """One with mass and dust in closed form, and one whose draws are made by compiled code."""
    return {name: Posterior.load(name) for name in ("fiducial", "paper")}


@pytest.fixture
def suspicious(monkeypatch) -> Callable[[str], None]:
    """suspicious(name): the light of that name is always on."""
    infer_module = import_module("digs.inference.network_inference")
    return lambda name: monkeypatch.setitem(infer_module._warning_lights().judge.thresholds, name, -np.inf)


@pytest.fixture(scope="session")
def made_catalogue() -> Callable[..., GalaxyDraws]:
    """made_catalogue(draws, names): posteriors of these draws, all trusted but for those in rows `outside`."""

    def make(
        draws: np.ndarray,
        names: Sequence[str],
        log_weight: np.ndarray | None = None,
        outside: Sequence[int] = (),
        kind: type[GalaxyDraws] = GalaxyDraws,
    ) -> GalaxyDraws:
        number = len(draws)
        draws, log_weight = draws.copy(), np.zeros(draws.shape[:2]) if log_weight is None else log_weight.copy()
        verdict, reason = np.full(number, TRUSTED, dtype=object), np.full(number, "", dtype=object)
        evidence = np.zeros(number)
        for row in outside:
            draws[row] = log_weight[row] = evidence[row] = np.nan
            verdict[row], reason[row] = OUTSIDE, "no fit"
        lights = {"chi_squared": np.isin(np.arange(number), outside)}
        ids = np.arange(number)
        return kind(draws, names, log_weight, evidence, evidence, verdict, reason, lights, ids, "synthetic")

    return make

"""The public API called by those who have settings of their own: types, threads, random numbers and processes."""

import json
import logging
import os
import pickle
import subprocess
import sys
import warnings

import matplotlib
import numba
import numpy as np
import pytest
import torch
from conftest import PATIENCE

import digs
from digs.inference.network_inference import REFITTED

infer_module = sys.modules["digs.inference.network_inference"]  # whose function has its name


@pytest.fixture
def float64_by_default():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def answers(flux: np.ndarray, name: str) -> list[np.ndarray]:
    """What the public API says, of a network that is loaded anew."""
    posterior = digs.Posterior.load(name)
    draws = posterior.sample(flux, 5, seed=1)
    spectra = digs.Simulator()(draws[0])
    noisy = digs.add_noise(spectra, torch.Generator("cpu").manual_seed(1))
    return [each.numpy() for each in (draws, posterior.log_prob(draws, flux), spectra, noisy)]


@pytest.mark.parametrize("name", ["fiducial", "paper"])
def test_the_default_type_is_the_callers(flux, networks, name, float64_by_default):
    torch.set_default_dtype(torch.float32)
    expected = answers(flux, name)
    torch.set_default_dtype(torch.float64)
    for found, wanted in zip(answers(flux, name), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert torch.equal(networks[name].sample(flux, 5, seed=1), torch.as_tensor(expected[0]))
    assert torch.get_default_dtype() == torch.float64


def test_inferences_do_not_depend_on_the_default_type(flux, suspicious, float64_by_default):
    suspicious("novelty")
    found = []
    for kind in (torch.float32, torch.float64):
        torch.set_default_dtype(kind)
        infer_module._warning_lights.cache_clear()
        infer_module._warning_lights().judge.thresholds["novelty"] = -np.inf
        found.append(digs.infer(flux, draws=5, seed=2))
    infer_module._warning_lights.cache_clear()
    assert (found[0].verdict == REFITTED).all()
    np.testing.assert_array_equal(found[0].draws, found[1].draws)
    for name, values in found[0].statistics.items():
        np.testing.assert_array_equal(found[1].statistics[name], values)


@pytest.mark.parametrize(
    "setting",
    [
        lambda: torch.inference_mode(),
        lambda: torch.autocast("cpu", dtype=torch.bfloat16),
        lambda: torch.set_grad_enabled(True),
        lambda: torch.device("meta"),
    ],
)
def test_other_settings_are_the_callers(flux, setting):
    expected = answers(flux, "fiducial")
    with setting():
        found = answers(flux, "fiducial")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_are_the_callers(flux, networks):
    most = numba.config.NUMBA_NUM_THREADS
    before, found = (torch.get_num_threads(), numba.get_num_threads()), []
    try:
        for threads in {1, most}:
            torch.set_num_threads(threads)
            numba.set_num_threads(most)
            draws = networks["paper"].sample(flux[:3], 5, seed=1)
            assert (torch.get_num_threads(), numba.get_num_threads()) == (threads, most)
            found.append(draws)
        np.testing.assert_allclose(found[0], found[-1], atol=3e-4)
    finally:
        torch.set_num_threads(before[0])
        numba.set_num_threads(before[1])


def test_random_numbers_are_the_callers(flux):
    import random

    torch.manual_seed(1), np.random.seed(1), random.seed(1)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    infer_module._warning_lights.cache_clear()
    answers(flux, "paper"), digs.infer(flux, draws=5)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert random.getstate() == before[2]


def test_whoever_has_no_terminal_is_told_of_what_is_set_up(flux, suspicious, caplog):
    digs.infer(flux[:1], draws=5)
    assert not caplog.records
    suspicious("novelty")
    infer_module._grid.cache_clear()
    with caplog.at_level(logging.WARNING, "digs"):
        digs.infer(flux[:2], draws=5)
        digs.infer(flux[:2], draws=5)
    (record,) = caplog.records
    assert "sets up exact posteriors" in record.getMessage()


# other processes


@pytest.mark.parametrize("name", ["fiducial", "paper"])
def test_a_copy_by_pickle_has_the_same_draws(flux, networks, name):
    copy = pickle.loads(pickle.dumps(networks[name]))
    draws = networks[name].sample(flux, 50, seed=4)
    assert torch.equal(copy.sample(flux, 50, seed=4), draws)
    assert torch.equal(copy.log_prob(draws, flux), networks[name].log_prob(draws, flux))
    np.testing.assert_array_equal(copy.wavelength, networks[name].wavelength)


OTHER_PROCESS = """
import json, pickle, random, sys
import numpy as np, torch

random.seed(1), np.random.seed(1), torch.manual_seed(1)
state = lambda: [random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist(), np.geterr()]
before = state()

from numba.core import caching
for locator in ("InTreeCacheLocator", "UserWideCacheLocator"):  # as where neither tree nor home can be written
    setattr(getattr(caching, locator), "ensure_cache_path", lambda self: (_ for _ in ()).throw(OSError()))

import digs
digs.Posterior.load("paper")
flux, copy = pickle.load(sys.stdin.buffer)
draws = copy.sample(flux, 3, seed=1).tolist()
from digs.exact.ensembles import effective_sample_size
size = effective_sample_size(np.random.default_rng(1).normal(size=(2, 2, 100, 1))).tolist()
print(json.dumps([draws, size, state() == before]))
"""


def test_another_process_that_can_write_nowhere(flux, networks):
    """It draws the same from a copy, loads what is compiled, and leaves its caller's random numbers alone."""
    nowhere = {"HOME": "/proc/nowhere", "XDG_CACHE_HOME": "/proc/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS],
        input=pickle.dumps((flux, networks["fiducial"])),
        env=os.environ | nowhere | {"MPLCONFIGDIR": matplotlib.get_cachedir()},  # to find no fonts anew
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr.decode()
    draws, size, untouched = json.loads(done.stdout)
    assert untouched
    assert draws == networks["fiducial"].sample(flux, 3, seed=1).tolist()
    assert np.isfinite(size).all()


def test_compiled_code_can_do_without_a_cache(monkeypatch):
    from numba.core import caching

    from digs.base.compilation import compiled

    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert compiled(_double)(2) == 4


def _double(x: float) -> float:
    return 2 * x


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_draws_the_same(flux, networks):
    """Although it has none of the threads of its parent, who has used them."""
    import multiprocessing

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        expected = [networks[name].sample(flux, 200, seed=1).numpy() for name in networks]
        with multiprocessing.get_context("fork").Pool(1) as pool, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = pool.apply_async(_all_draws, (networks, flux)).get(timeout=60)
    finally:
        torch.set_num_threads(before)
    for one, other in zip(found, expected, strict=True):
        # one thread adds up in another order than two do, on some processors: the last bits
        np.testing.assert_allclose(one, other, rtol=2e-6)


def _all_draws(networks: dict[str, digs.Posterior], flux: np.ndarray) -> list[np.ndarray]:
    return [posterior.sample(flux, 200, seed=1).numpy() for posterior in networks.values()]

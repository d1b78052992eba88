"""digs.infer: verdicts, the fallback's posterior against the reference, messages for bad input."""

import numpy as np
import pytest
import torch

import digs
from digs.base import paths
from digs.base.statistics import QUANTILES, ratio_and_shift
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference import infer as fallback
from digs.inference.infer import OUTSIDE, REFITTED, TRUSTED, infer

FEW = 3


@pytest.fixture(scope="module")
def flux() -> np.ndarray:
    return read_product(paths.DATA / "test.h5", OBSERVATIONS)["noisy_flux"]


@pytest.fixture(scope="module")
def trusted(flux) -> fallback.Inference:
    return infer(flux[:FEW], draws=400, seed=3)


@pytest.fixture
def short_chains(monkeypatch):
    """Chains that are long enough for the tests' tolerances."""
    changes = {
        "burn_in": 150,
        "steps": 400,
        "thin": 4,
        "ensembles": 2,
        "sample_size": 100,
        "r_hat": 1.1,
        "extensions": 1,
    }
    monkeypatch.setattr(fallback, "REFIT", fallback.REFIT.model_copy(update=changes))


@pytest.fixture
def suspicious(monkeypatch):
    """suspicious(name): the light of that name is always on."""

    def switch_on(name: str) -> None:
        lights = fallback._warning_lights()
        monkeypatch.setitem(lights.judge.thresholds, name, -np.inf)

    return switch_on


def test_healthy_galaxies_are_trusted(trusted):
    assert digs.infer is infer
    assert trusted.draws.shape == (FEW, 400, 5)
    assert (trusted.verdict == TRUSTED).all()
    assert not np.any(list(trusted.lights.values()))
    assert np.isnan(trusted.statistics["best_fit_probability"]).all()
    assert set(trusted.lights) < set(trusted.statistics)


def test_trusted_draws_are_the_networks(flux, trusted):
    posterior = digs.Posterior.load("fiducial")
    np.testing.assert_array_equal(trusted.draws, posterior.sample(flux[:FEW], 400, 3).numpy())


def test_the_seed_is_all_there_is(flux, trusted):
    np.testing.assert_array_equal(infer(flux[:FEW], draws=400, seed=3).draws, trusted.draws)
    assert not np.array_equal(infer(flux[:FEW], draws=400, seed=4).draws, trusted.draws)


def test_one_spectrum_and_few_draws_will_do(flux):
    found = infer(torch.as_tensor(flux[0]), draws=7)
    assert found.draws.shape == (1, 7, 5)


def test_a_healthy_galaxy_forced_into_the_fallback_has_the_posterior_of_the_reference(flux, suspicious, short_chains):
    suspicious("novelty")
    found = infer(flux[:FEW], draws=2000, seed=5)
    assert (found.verdict == REFITTED).all()
    assert found.lights["novelty"].all()
    assert (found.statistics["best_fit_probability"] > 1e-3).all()
    assert (found.statistics["r_hat"] < 1.1).all()
    assert (found.statistics["sample_size"] > 100).all()
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)["quantiles"][:FEW].astype(float)
    quantiles = np.quantile(found.draws, QUANTILES, axis=1).swapaxes(0, 1)
    ratio, shift = ratio_and_shift(quantiles, reference)
    np.testing.assert_allclose(ratio, 1, atol=0.25)
    np.testing.assert_allclose(shift, 0, atol=0.25)


def test_what_no_theta_fits_is_outside_the_model(flux):
    spoiled = flux[:FEW].copy()
    spoiled[0, 60] *= 2.0
    spoiled[1] *= 1 + 0.2 * (-1.0) ** np.arange(spoiled.shape[1])
    found = infer(spoiled, draws=100, seed=3)
    assert found.verdict.tolist() == [OUTSIDE, OUTSIDE, TRUSTED]
    assert found.lights["pull"][0]
    assert found.lights["misfit"][1]
    assert np.isnan(found.draws[:2]).all()
    assert np.isfinite(found.draws[2]).all()
    assert found.statistics["best_fit_probability"][1] < 1e-6


def test_chains_that_do_not_converge_are_said_so(flux, suspicious, monkeypatch):
    suspicious("weights")
    changes = {"burn_in": 2, "steps": 40, "thin": 4, "extensions": 0, "ensembles": 2}
    monkeypatch.setattr(fallback, "REFIT", fallback.REFIT.model_copy(update=changes))
    with pytest.warns(UserWarning, match="chains of galaxy 0 have not converged"):
        infer(flux[:1], draws=50)

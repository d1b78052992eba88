"""digs.infer: verdicts, the fallback's posterior against the reference, messages for bad input."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import digs
from digs.base import paths
from digs.base.errors import DigsError
from digs.base.statistics import QUANTILES, ratio_and_shift
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.inference import network_inference as fallback
from digs.inference.network_inference import OUTSIDE, REFITTED, TRUSTED, infer

FEW = 3


@pytest.fixture(scope="module")
def flux() -> np.ndarray:
    return read_product(paths.DATA / "test.h5", OBSERVATIONS)["noisy_flux"]


@pytest.fixture(scope="module")
def trusted(flux) -> fallback.Inference:
    return infer(flux[:FEW], draws=400, seed=3)


def test_the_public_name_gives_arrays_the_same(flux, trusted):
    np.testing.assert_array_equal(digs.infer(flux[:FEW], draws=400, seed=3).draws, trusted.draws)
    with pytest.raises(DigsError, match="'dispersion' is an option"):
        digs.infer(flux[:FEW], dispersion=100.0)


def test_healthy_galaxies_are_trusted(trusted):
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


def test_a_healthy_galaxy_forced_into_the_fallback_has_the_posterior_of_the_reference(flux, suspicious):
    suspicious("novelty")
    found = infer(flux[:FEW], draws=2000, seed=5)
    assert (found.verdict == REFITTED).all()
    assert found.lights["novelty"].all()
    assert (found.statistics["best_fit_probability"] > 1e-3).all()
    assert (found.statistics["effective"] > 4000).all()
    assert len(np.unique(found.draws[0], axis=0)) > 1900
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)["quantiles"][:FEW].astype(float)
    quantiles = np.quantile(found.draws, QUANTILES, axis=1).swapaxes(0, 1)
    ratio, shift = ratio_and_shift(quantiles, reference)
    np.testing.assert_allclose(ratio, 1, atol=0.1)
    np.testing.assert_allclose(shift, 0, atol=0.1)
    # in no order: those of a part are draws of the whole
    part = np.quantile(found.draws[:, :500], QUANTILES, axis=1).swapaxes(0, 1)
    np.testing.assert_allclose(ratio_and_shift(part, quantiles)[1], 0, atol=0.3)


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


def test_few_effective_draws_are_said_so(flux, suspicious, monkeypatch):
    suspicious("weights")
    posterior = fallback._grid().posterior(flux[:1], 200, 1)
    uneven = replace(posterior, log_weight=posterior.log_weight + 30 * torch.rand(1, 200).double())
    monkeypatch.setattr(fallback.Grid, "posterior", lambda *_, **__: uneven)
    with pytest.warns(UserWarning, match="posterior of galaxy 0 rests on fewer effective draws"):
        found = infer(flux[:1], draws=50)
    assert found.statistics["effective"][0] < 50
    assert np.isfinite(found.draws).all()

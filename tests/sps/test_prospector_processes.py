"""Prospector's own posterior against that of the exact simulator, and its parameters against theta."""

import numpy as np
import pytest
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.library_settings import GalaxySettings
from digs.config.theta import NAMES, index
from digs.exact.likelihood import PosteriorDensity
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.sps import prospector_processes
from digs.sps.prospector import ProspectorPosterior


def test_prospectors_posterior_is_that_of_the_exact_simulator(prospector):
    """But for a constant, as Prospector's fluxes have another unit."""
    flux = read_product(paths.DATA / "galaxy.h5", OBSERVATIONS)["noisy_flux"][0].astype(float)
    fraction, prior, random = load_params().noise.fraction, Prior.over(load_params().prior), np.random.default_rng(4)
    theta = load_params(GalaxySettings).galaxy.theta + random.normal(size=(12, len(NAMES))) * [
        0.02,
        0.01,
        0.03,
        0.1,
        0.05,
    ]
    theta = theta.clip(prior.low.numpy(), prior.high.numpy())
    slow = ProspectorPosterior(prospector, prior, flux, fraction)
    exact = PosteriorDensity(Simulator(), prior, flux, fraction, "data")(torch.as_tensor(theta)).numpy()
    vectors = prospector.vector(theta)
    found = np.array([slow(vector) for vector in vectors]) + prospector.log_jacobian(theta)
    assert np.ptp(exact) > 10
    assert np.std(found - exact) < 0.1
    outside = theta[0].copy()
    outside[index("tage")] = 4.5
    assert slow(prospector.vector(outside)) == -np.inf


def test_prospectors_parameters_and_theta(prospector):
    theta = Prior.over(load_params().prior).sample(20, torch.Generator().manual_seed(5)).numpy()
    vectors = prospector.vector(theta)
    np.testing.assert_allclose(prospector.theta(vectors), theta, rtol=1e-12)
    for row, vector in zip(theta, vectors, strict=True):
        step = 1e-6
        slopes = [(prospector.vector(row + step * unit) - vector) / step for unit in np.eye(len(NAMES))]
        log_volume = np.linalg.slogdet(slopes / vector)[1] + np.log(np.abs(vector)).sum()
        assert log_volume == pytest.approx(prospector.log_jacobian(row), abs=1e-4)


class Inline:
    """A process pool that works in this process."""

    def __init__(self, processes, context, initializer, arguments):
        initializer(*arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map(self, function, *arguments, chunksize):
        return map(function, *arguments)


def test_densities_are_those_in_theta(prospector, monkeypatch):
    monkeypatch.setattr(prospector_processes, "ProcessPoolExecutor", Inline)
    monkeypatch.setattr(prospector_processes, "Prospector", lambda *_: prospector)
    params = load_params()
    prior = Prior.over(params.prior)
    theta = prior.sample(3, torch.Generator().manual_seed(6)).double()
    flux = Simulator()(theta).double().numpy()
    with prospector_processes.prospector_densities(params.spectrum, params.gas, 1) as log_prob:
        found = log_prob(theta.numpy(), prior, flux[0], 0.05)
        outside = log_prob(np.add(theta.numpy(), [0, 9, 0, 0, 0]), prior, flux[0], 0.05)
    # Prospector's unit of flux, and the volume of the prior that it leaves out: a constant
    exact = PosteriorDensity(Simulator(), prior, flux[0], 0.05, "data")(theta).numpy()
    assert np.ptp(exact) > 100
    np.testing.assert_allclose(found - exact, (found - exact)[0], atol=1e-3 * np.ptp(exact))
    assert (outside == -np.inf).all()

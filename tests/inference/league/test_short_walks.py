"""Short walks: right where the density is normal, and each galaxy's as if it were alone."""

import numpy as np
import torch

from digs.base.random_streams import stream
from digs.config.params import load_params
from digs.exact.likelihood import PosteriorDensity
from digs.inference.league.short_walks import ThetaDensity, short_walk
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

WALKERS, STEPS = 32, 300
MEAN, SCALE = np.array([[0.0, 0.0], [3.0, -2.0]]), np.array([[1.0, 0.2], [0.5, 2.0]])


def walk(galaxies):
    """The walks of some galaxies whose densities are normal."""
    mean, scale = MEAN[galaxies], SCALE[galaxies]

    def log_prob(rows):
        pull = (rows.reshape(len(galaxies), -1, 2) - mean[:, None]) / scale[:, None]
        return -0.5 * np.square(pull).sum(2).ravel()

    streams = [stream(5, "a test", bytes([galaxy])) for galaxy in galaxies]
    start = np.stack([random.uniform(-10, 10, (WALKERS, 2)) for random in streams])
    return short_walk(log_prob, lambda rows: np.zeros(len(rows)), start, [100, 100], STEPS, streams)


def test_walks_of_normal_densities_are_normal():
    found = walk([0, 1])
    assert found.shape == (2, WALKERS * STEPS, 2)
    np.testing.assert_allclose((found.mean(1) - MEAN) / SCALE, 0, atol=0.15)
    np.testing.assert_allclose(found.std(1) / SCALE, 1, atol=0.1)


def test_a_walk_is_the_same_in_other_company():
    np.testing.assert_array_equal(walk([1])[0], walk([0, 1])[1])


def test_the_density_is_the_exact_one():
    prior, simulator = Prior.over(load_params().prior), Simulator()
    theta = prior.sample(12, torch.Generator().manual_seed(2))
    flux = simulator(theta[:2])
    outside = theta.clone()
    outside[3, 2] = prior.high[2] + 0.1
    density = ThetaDensity(CompiledSpectra(simulator), prior, 0.05, flux.numpy())
    expected = PosteriorDensity(simulator, prior, flux, 0.05)(outside).numpy()
    found = density(outside.numpy())
    assert found[3] == expected[3] == -np.inf
    np.testing.assert_allclose(np.delete(found, 3), np.delete(expected, 3), rtol=1e-4, atol=0.01)

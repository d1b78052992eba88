"""Nested sampling: of a density with a known evidence, and of a spectrum."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from digs.base.random_streams import generator
from digs.base.statistics import weighted_quantiles
from digs.config.params import load_params
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.exact.nested import NestedSample, nested_sample
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

TRUTH = torch.tensor([[10.5, -0.4, 0.5, 1.6, -0.5]])


class Bent:
    """A normal distribution around a parabola in phi, times exp(EVIDENCE), which is its integral."""

    EVIDENCE, MIDDLE, SPREAD = 7.0, (0.0, -1.0, 0.5, 2.0, 0.0), (0.004, 0.1, 0.06, 0.3, 0.15)

    def __init__(self):
        self.density = SimpleNamespace(prior=Prior.over(load_params().prior))

    def theta(self, phi: torch.Tensor) -> torch.Tensor:
        return phi

    def __call__(self, phi: torch.Tensor) -> torch.Tensor:
        pull = (phi - torch.tensor(self.MIDDLE)) / torch.tensor(self.SPREAD)
        pull[:, 0] -= pull[:, 3].square() - 1
        return self.EVIDENCE - pull.square().sum(1) / 2 - sum(math.log(math.sqrt(2 * math.pi) * s) for s in self.SPREAD)


@pytest.fixture(scope="module")
def bent() -> NestedSample:
    return nested_sample(Bent(), live=300, networks=1, size=3000, seed=1)


def test_known_evidence(bent):
    assert bent.log_evidence == pytest.approx(Bent.EVIDENCE, abs=0.06)
    assert bent.size >= 3000


def test_known_quantiles(bent):
    low, median, high = weighted_quantiles(bent.theta, bent.weight, (0.16, 0.5, 0.84))
    spread = np.array(Bent.SPREAD)[1:]
    np.testing.assert_allclose((median[1:] - Bent.MIDDLE[1:]) / spread, 0, atol=0.06)
    np.testing.assert_allclose((high - low)[1:] / 2 / spread, 0.994, atol=0.06)


def test_draws_of_a_spectrum_are_around_the_truth_and_inside_the_prior():
    prior = Prior.over(load_params().prior)
    flux = add_noise(Simulator()(TRUTH), generator(3, "nested"), 0.14)
    density = PosteriorDensity(Simulator(), prior, flux, 0.14)
    sample = nested_sample(RelativeDensity(density), live=200, networks=1, size=500, seed=1)
    low, high = weighted_quantiles(sample.theta, sample.weight, (0.005, 0.995))
    assert (low <= TRUTH[0].numpy()).all() and (TRUTH[0].numpy() <= high).all()
    assert prior.contains(torch.as_tensor(sample.theta)).all()

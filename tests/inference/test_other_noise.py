"""The exact posterior at another noise: the same whatever proposes it."""

import numpy as np
import pytest
import torch

from digs.base.statistics import efficiency, log_evidence, weighted_quantiles
from digs.config.params import load_params
from digs.inference.importance import log_weights
from digs.inference.other_noise import stretched_draws
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.training.pairs import exact_sample

DRAWS = 4000


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return Posterior.load("fiducial")


def flux_at(fraction: float, number: int = 4) -> torch.Tensor:
    return exact_sample(Simulator(), Prior.over(load_params().prior), fraction, number, 12, "test")[1]


def test_without_stretch_or_other_noise_they_are_the_networks_own_draws_and_weights(posterior):
    fraction = posterior.record.noise_fraction
    flux = flux_at(fraction)
    theta, log_weight = stretched_draws(posterior, Simulator(), flux, fraction, 1.0, DRAWS, 3)
    own = log_weights(posterior, Simulator(), posterior.sample(flux, DRAWS, 4), flux)
    assert (efficiency(log_weight) > 0.5).all()
    torch.testing.assert_close(log_evidence(log_weight), log_evidence(own), rtol=0, atol=0.1)
    again = log_weights(posterior, Simulator(), theta, flux)
    torch.testing.assert_close(log_weight, again, rtol=0, atol=0.02)


@pytest.mark.parametrize("signal_to_noise", [15, 30])
def test_evidence_and_widths_do_not_depend_on_the_stretch(posterior, signal_to_noise):
    fraction = 1 / signal_to_noise
    flux = flux_at(fraction)
    evidences, widths, sizes = [], [], []
    for stretch in (0.9, 1.1):
        theta, log_weight = stretched_draws(posterior, Simulator(), flux, fraction, stretch, DRAWS, 5)
        evidences.append(log_evidence(log_weight).numpy())
        weight = torch.softmax(log_weight, 1).numpy()
        quantiles = [weighted_quantiles(*each, (0.16, 0.84)) for each in zip(theta.numpy(), weight, strict=True)]
        widths.append(np.diff(quantiles, axis=1)[:, 0])
        sizes.append(DRAWS * efficiency(log_weight).numpy())
    enough = np.min(sizes, 0) > 200
    assert enough.sum() >= 2
    np.testing.assert_allclose(*(each[enough] for each in evidences), atol=0.3)
    np.testing.assert_allclose(*(each[enough] for each in widths), rtol=0.3)


def test_draws_of_more_noise_are_wider(posterior):
    widths = []
    for fraction in (1 / 30, 1 / 15):
        theta, _ = stretched_draws(posterior, Simulator(), flux_at(fraction), fraction, 20 * fraction, DRAWS, 5)
        assert Prior.over(load_params().prior).contains(theta).all()
        widths.append(theta.std(1).mean(0))
    assert (widths[1] > widths[0]).all()


def test_a_network_without_the_closed_form_is_refused(refused):
    with refused("paper", "fiducial"):
        stretched_draws(Posterior.load("paper"), Simulator(), flux_at(0.05), 0.05, 1.0, 10, 1)

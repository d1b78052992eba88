"""Quickly trained networks on pairs from libraries of any size."""

import pytest
import torch

from digs.config.params import load_params
from digs.config.stages.jitter_settings import JitterSettings
from digs.config.theta import MASS
from digs.physics.simulator import Simulator
from digs.training import jittered_networks
from digs.training.jittered_networks import Labels, features, simulated, trained_network
from digs.training.pairs import nearest_member

TINY = {"pairs": 3000, "epochs": 3, "held_out": 400, "units": 12, "transforms": 3}
FRACTION = 0.05


def test_labels_of_a_library_have_its_nearest_members(prior):
    labels = Labels.draw(prior, 300, 50, seed=1)
    assert labels.own.shape == (50, 5)
    assert torch.equal(labels.rows, nearest_member(labels.label, labels.own))


def test_exact_labels_are_their_own(prior):
    labels = Labels.draw(prior, 300, None, seed=1)
    assert torch.equal(labels.own[labels.rows], labels.label)


def test_coordinates_lead_back_to_theta(prior):
    theta = prior.sample(200, torch.Generator().manual_seed(2))
    context = torch.randn(200, 4, generator=torch.Generator().manual_seed(3))
    z = jittered_networks._coordinates(theta, context, prior)
    torch.testing.assert_close(jittered_networks._theta(z, context[:, 0], prior), theta, rtol=0, atol=1e-5)


@pytest.fixture(scope="module")
def trained(fake_populations, prior, tmp_path_factory):
    settings = load_params(JitterSettings).jitter.network.model_copy(update=TINY)
    simulator, labels = Simulator(path=fake_populations), Labels.draw(prior, 3400, None, seed=1)
    checkpoint = tmp_path_factory.mktemp("jitter") / "network.npz"
    flux = simulated(simulator, labels.own)
    return trained_network(labels, flux, prior, FRACTION, settings, 1, checkpoint, "test"), simulator


def test_a_network_has_learned_the_mass(trained, prior):
    network, simulator = trained
    theta = prior.sample(100, torch.Generator().manual_seed(5))
    draws = network.draw(simulated(simulator, theta), 50, seed=1)
    assert draws.shape == (100, 50, 5)
    assert prior.contains(draws).all()
    off = draws[..., MASS].median(1).values - theta[:, MASS]
    assert off.abs().median() < 0.15 * theta[:, MASS].std()


def test_the_flux_scale_is_in_one_feature_alone(fake_populations, prior):
    flux = simulated(Simulator(path=fake_populations), prior.sample(20, torch.Generator().manual_seed(6)))
    one, ten = features(flux), features(10 * flux)
    torch.testing.assert_close(ten[:, 0], one[:, 0] + 1, rtol=0, atol=1e-4)
    torch.testing.assert_close(ten[:, 1:], one[:, 1:], rtol=0, atol=1e-4)

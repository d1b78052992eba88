"""The engine's network, beside the general network that it is made of."""

import torch

from digs.inference.engine.one_pass_network import stored_one_pass_network
from digs.inference.general.general_network import stored_general_network
from digs.inference.general.general_pairs import LEARNED


def test_theta_and_its_density_are_those_of_the_general_network():
    network, plain = stored_one_pass_network(), stored_general_network()
    random = torch.Generator().manual_seed(1)
    noise = torch.randn(500, len(LEARNED), generator=random)
    for known in (False, True):
        features = plain.flow.mean + 0.5 * plain.flow.std * torch.randn(len(plain.flow.mean), generator=random)
        (theta, log_q), (expected, log_density) = (each.theta(features, noise, known) for each in (network, plain))
        torch.testing.assert_close(theta, expected, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(log_q, log_density, rtol=0, atol=2e-3)  # the latter's rounding


def test_a_draw_hardly_depends_on_those_beside_it():
    network = stored_one_pass_network()
    noise = torch.randn(300, len(LEARNED), generator=torch.Generator().manual_seed(2))
    all_draws, few = (network.theta(network.flow.mean, noise[:number], False) for number in (300, 7))
    torch.testing.assert_close(all_draws[0][:7], few[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(all_draws[1][:7], few[1], rtol=0, atol=1e-4)

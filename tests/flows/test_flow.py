"""The flow: one density seen from both sides, files that survive or are refused, and a posterior that is known."""

import json

import numpy as np
import pytest
import torch
from conftest import density_by_autograd
from scipy import stats

from digs.config.model import Architecture
from digs.config.params import load_params
from digs.config.theta import NAMES
from digs.flows.features import DataVector
from digs.flows.flow import Flow
from digs.flows.network_files import load_flow, load_record, save_network
from digs.inference.posterior import Posterior
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.training.loop import train
from digs.training.pairs import LibraryPairs

PIXELS = 6


def some_flux(number: int, seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.exp(0.5 * torch.randn(number, PIXELS, generator=random, dtype=dtype))


def record_of() -> dict:
    """What save_network wants to know of an untrained flow."""
    return {
        "architecture": Architecture(hidden_features=8, num_transforms=2),
        "wavelength": np.linspace(4000.0, 5000.0, PIXELS).tolist(),
        "noise_fraction": 0.05,
        "training": {"epochs": 0},
        "provenance": {"git_commit": "none"},
    }


@pytest.fixture
def folder(tmp_path, tiny_flow):
    """A folder with one network, 'tiny'."""
    save_network(tmp_path, "tiny", tiny_flow(), **record_of())
    return tmp_path


@pytest.fixture
def posterior(folder) -> Posterior:
    return Posterior.load("tiny", folder=folder)


def test_the_data_vector_keeps_all_that_is_in_the_spectrum():
    flux = some_flux(300, 1, torch.float64) * 1e-17
    data = DataVector(PIXELS).double()
    data.fit(flux)
    features = data(flux)
    assert features.shape == (300, PIXELS + 1)
    torch.testing.assert_close(features.mean(0), torch.zeros(PIXELS + 1, dtype=torch.float64), rtol=0, atol=1e-10)
    torch.testing.assert_close(features.std(0), torch.ones(PIXELS + 1, dtype=torch.float64))
    raw = features * data.std + data.mean
    torch.testing.assert_close(10 ** (raw[:, :1] + raw[:, 1:]), flux)


def test_brighter_spectra_differ_in_level_alone():
    flux, data = some_flux(20, 2, torch.float64), DataVector(PIXELS).double()
    change = data(1e4 * flux) - data(flux)
    torch.testing.assert_close(change[:, 0], torch.full((20,), 4.0, dtype=torch.float64))
    torch.testing.assert_close(change[:, 1:], torch.zeros(20, PIXELS, dtype=torch.float64), rtol=0, atol=1e-12)


def test_change_of_variables_against_autograd(tiny_flow):
    flow, flux = tiny_flow().double(), some_flux(4, 3, torch.float64)
    noise = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    theta = flow.sampler()(noise, flux)
    expected = density_by_autograd(flow, noise, flux)
    torch.testing.assert_close(flow.log_prob(theta, flux), expected, rtol=1e-6, atol=1e-6)


def test_loss_and_log_prob_are_the_same_density(tiny_flow, wide_theta):
    flow, flux = tiny_flow().double(), some_flux(30, 5, torch.float64)
    theta = wide_theta(30, 6)
    z = flow.prior.to_unbounded(theta)
    torch.testing.assert_close(
        flow.log_prob(theta[:, None], flux)[:, 0], flow.prior.log_jacobian(z) - flow.loss(theta, flux)
    )


def test_density_integrates_to_one_over_the_prior(tiny_flow, wide_theta):
    """The mean of q / prior over draws from the prior is 1, for several spectra."""
    flow, theta = tiny_flow(spread=0.05), wide_theta(60_000, 7)
    log_ratio = flow.log_prob(theta.expand(4, -1, -1), some_flux(4, 8)) - flow.prior.log_prob(theta)
    ratio = torch.exp(log_ratio)
    error = ratio.std(1) / len(theta) ** 0.5
    assert (error < 0.05).all()
    assert ((ratio.mean(1) - 1).abs() < 4 * error).all()


def test_draws_have_the_density_that_log_prob_says(tiny_flow):
    """The mean of prior / q over draws from q is 1 too: the flow leaves no part of the prior out."""
    flow, flux = tiny_flow(spread=0.05), some_flux(3, 9)
    noise = torch.randn(3, 40_000, 5, generator=torch.Generator().manual_seed(10))
    theta = flow.sampler()(noise, flux)
    inverse = torch.exp(flow.prior.log_prob(theta) - flow.log_prob(theta, flux))
    # the tails of the logit prior are heavier than a Gaussian's, so the mean converges from below
    assert (inverse.mean(1) < 1.1).all()
    assert (inverse.mean(1) > 0.6).all()


def test_every_draw_is_inside_the_prior(tiny_flow):
    flow = tiny_flow(spread=1.0)
    noise = 5 * torch.randn(5, 2000, 5, generator=torch.Generator().manual_seed(11))
    theta = flow.sampler()(noise, some_flux(5, 12))
    assert flow.prior.contains(theta).all()


def test_outside_the_prior_the_density_is_zero(posterior):
    flux = some_flux(2, 13)
    theta = posterior.sample(flux, 10, seed=1)
    theta[:, :, 2] += 2.0
    assert (posterior.log_prob(theta, flux) == -torch.inf).all()


def test_gradients_reach_every_weight(tiny_flow, wide_theta):
    flow = tiny_flow().requires_grad_(True)
    flow.loss(wide_theta(200, 14), some_flux(200, 15)).mean().backward()
    for name, weight in flow.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
        assert weight.grad.any(), name


def test_save_and_load(folder, tiny_flow, wide_theta):
    flow, (loaded, record) = tiny_flow(), load_flow("tiny", folder)
    theta, flux = wide_theta(40, 16)[:, None], some_flux(40, 17)
    assert torch.equal(flow.log_prob(theta, flux), loaded.log_prob(theta, flux))
    assert record.architecture == record_of()["architecture"]
    assert record.prior_low == flow.prior.low.tolist()
    assert not any(weight.requires_grad for weight in loaded.parameters(load_params().prior))


def test_a_network_keeps_the_prior_that_it_was_trained_with(tmp_path, tiny_flow, monkeypatch):
    """However params.yaml changes afterwards."""
    flow = tiny_flow()
    flow.prior = Prior([0.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    save_network(tmp_path, "other", flow, **record_of())
    draws = Posterior.load("other", folder=tmp_path).sample(some_flux(1, 18), 500, seed=1)
    assert flow.prior.contains(draws).all()


def test_the_same_seed_gives_the_same_draws(posterior):
    flux = some_flux(3, 19)
    first, again, other = (posterior.sample(flux, 50, seed) for seed in (1, 1, 2))
    assert first.shape == (3, 50, 5)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(posterior.sample(flux.numpy(), 50, 1), first)


def test_a_galaxy_is_not_touched_by_those_behind_it(posterior):
    flux = some_flux(6, 20)
    alone, together = posterior.sample(flux[:2], 200, 1), posterior.sample(flux, 200, 1)
    torch.testing.assert_close(together[:2], alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("at_once", [60, 20])  # draws of two galaxies, and some of the draws of one
def test_batches_change_nothing(posterior, monkeypatch, at_once):
    flux = some_flux(7, 21)
    theta = posterior.sample(flux, 30, 1)
    log_prob = posterior.log_prob(theta, flux)
    monkeypatch.setattr("digs.flows.flow.DRAWS_AT_ONCE", at_once)
    torch.testing.assert_close(posterior.sample(flux, 30, 1), theta, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(posterior.log_prob(theta, flux), log_prob, rtol=1e-4, atol=1e-4)


def test_one_spectrum_may_come_without_its_row(posterior):
    flux = some_flux(1, 22)
    assert torch.equal(posterior.sample(flux[0], 20, 1), posterior.sample(flux, 20, 1))


@pytest.mark.parametrize("draws", [0, 1])
def test_few_draws(posterior, draws):
    assert posterior.sample(some_flux(2, 23), draws, 1).shape == (2, draws, 5)


@pytest.mark.parametrize("value", [float("nan"), -1.0, 0.0])
def test_spectra_that_have_no_logarithm_are_refused(posterior, refused, value):
    flux = some_flux(3, 24)
    flux[1, 2] = value
    with refused("pixel 2 of row 1"):
        posterior.sample(flux, 10, 1)
    with refused("pixel 2 of row 1"):
        posterior.log_prob(torch.zeros(3, 1, 5), flux)


def test_other_pixels_and_other_shapes_are_refused(posterior, refused):
    with refused("5 pixels, not 6"):
        posterior.sample(torch.ones(2, 5), 10, 1)
    for shape in ((2, 5), (3, 4, 5), (2, 4, 3)):
        with refused(str(shape)):
            posterior.log_prob(torch.zeros(shape), some_flux(2, 25))


def test_an_unknown_network_is_refused_with_the_known_ones(folder, tmp_path, refused):
    with refused("'huge'", "tiny"):
        Posterior.load("huge", folder=folder)
    with refused("'huge'", "dvc pull"):
        load_record("huge", tmp_path / "empty")


def change_record(folder, **changes) -> None:
    path = folder / "tiny.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_missing_weights_are_refused(folder, refused):
    (folder / "tiny.safetensors").unlink()
    with refused("tiny.safetensors", "missing"):
        load_flow("tiny", folder)


@pytest.mark.parametrize("cut", [0, 10, -1])
def test_truncated_weights_are_refused(folder, refused, cut):
    path = folder / "tiny.safetensors"
    path.write_bytes(path.read_bytes()[:cut])
    with refused("tiny.safetensors", "damaged"):
        load_flow("tiny", folder)


def test_one_wrong_bit_in_the_weights_is_refused(folder, refused):
    path = folder / "tiny.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with refused("tiny.safetensors", "damaged"):
        load_flow("tiny", folder)


def test_weights_of_another_architecture_are_refused(folder, refused):
    change_record(folder, architecture={"density_estimator": "maf", "hidden_features": 9, "num_transforms": 2})
    with refused("tiny.safetensors", "architecture"):
        load_flow("tiny", folder)


def test_an_unknown_estimator_is_refused(folder, refused):
    change_record(folder, architecture={"density_estimator": "magic", "hidden_features": 8, "num_transforms": 2})
    with refused("tiny", "magic"):
        load_flow("tiny", folder)


@pytest.mark.parametrize(
    ("changes", "mention"),
    [({"format": "digs/network/0"}, "digs/network/0"), ({"wavelength": "red"}, "wavelength"), ({"extra": 1}, "extra")],
)
def test_damaged_records_are_refused(folder, refused, changes, mention):
    change_record(folder, **changes)
    with refused("tiny.json", mention):
        load_flow("tiny", folder)


def test_a_record_that_is_not_json_is_refused(folder, refused):
    (folder / "tiny.json").write_text("{")
    with refused("tiny.json", "JSON"):
        load_flow("tiny", folder)


class Toy:
    """ln flux = A z + c with 5% noise, and its posterior by importance sampling.

    The columns of A are orthogonal, so that the noise alone leaves z uncertain by WIDTH in every coordinate.
    """

    WIDTH, FRACTION, PIXELS = 0.5, 0.05, 10

    def __init__(self):
        self.prior = Prior([0.0] * 5, [1.0, 2.0, 4.0, 1.0, 1.0])
        orthogonal = torch.linalg.qr(torch.randn(self.PIXELS, 5, generator=torch.Generator().manual_seed(1)))[0]
        self.matrix = orthogonal * self.FRACTION / self.WIDTH

    def flux(self, theta: torch.Tensor) -> torch.Tensor:
        return torch.exp(self.prior.to_unbounded(theta).float() @ self.matrix.T)

    def exact(self, noisy: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and standard deviation of z given one noisy spectrum, shape (5,) each."""
        centre = torch.log(noisy) @ self.matrix * (self.WIDTH / self.FRACTION) ** 2
        scale = 1.3 * self.WIDTH
        z = centre + scale * torch.randn(40_000, 5, generator=torch.Generator().manual_seed(2))
        model = torch.exp(z @ self.matrix.T)
        pull = (noisy - model) / (self.FRACTION * model)
        log_weight = -(pull**2).sum(1) / 2 - torch.log(model).sum(1)
        log_weight += (torch.nn.functional.logsigmoid(z) + torch.nn.functional.logsigmoid(-z)).sum(1)
        weight = torch.softmax(log_weight + (((z - centre) / scale) ** 2).sum(1) / 2, 0)[:, None]
        mean = (weight * z).sum(0)
        return mean, (weight * (z - mean) ** 2).sum(0).sqrt()


def test_training_finds_a_known_posterior(tmp_path):
    """Means within a fifth of the posterior's width, widths to 10%, calibrated ranks."""
    toy, random = Toy(), torch.Generator().manual_seed(3)
    theta = toy.prior.sample(40_000, random)
    flux = toy.flux(theta)
    noisy = add_noise(flux, random, toy.FRACTION)
    torch.manual_seed(4)
    flow = Flow(Architecture(hidden_features=32, num_transforms=3), toy.prior, toy.PIXELS, (theta, noisy))
    settings = (
        load_params()
        .network("paper")
        .model_copy(update={"pairs": 80_000, "batch_size": 500, "learning_rate": 3e-3, "epochs": 12})
    )
    pairs = LibraryPairs(theta[2000:], flux[2000:], toy.FRACTION, random)
    train(flow, pairs, (theta[:2000], noisy[:2000]), settings, tmp_path / "checkpoint")

    flow.requires_grad_(False)
    truth = toy.prior.sample(400, random)
    data = add_noise(toy.flux(truth), random, toy.FRACTION)
    draws = flow.sampler()(torch.randn(400, 500, 5, generator=random), data)
    z = toy.prior.to_unbounded(draws).float()
    exact = [toy.exact(row) for row in data[:60]]
    mean, width = torch.stack([m for m, _ in exact]), torch.stack([w for _, w in exact])
    offset = (z[:60].mean(1) - mean) / width
    ratio = z[:60].std(1) / width
    assert offset.pow(2).mean().sqrt() < 0.2
    assert offset.mean(0).abs().max() < 0.1
    assert (ratio.mean(0) - 1).abs().max() < 0.1

    for place in range(len(NAMES)):
        rank = (draws[:, :, place] < truth[:, None, place]).double().mean(1)
        assert stats.kstest(rank, "uniform").pvalue > 1e-3

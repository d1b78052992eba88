"""Brute force with other numbers of axes than three: analytic cases, emcee, and three to the bit as ever."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import three_axes
import torch
from torch import nn

from digs.config.params import load_params
from digs.config.theta import NAMES
from digs.exact.brute_force import axes, candidates
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.nodes import Nodes
from digs.exact.brute_force.templates import make_templates, places_of
from digs.exact.ensembles import effective_sample_size, split_r_hat, walk
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.physics.named_prior import NamedPrior
from digs.physics.nested_problems import problem
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

RANGES = {
    "logmass": (8.0, 13.0),
    "logzsol": (-2.0, 0.2),
    "dust2": (0.1, 1.0),
    "tage": (0.01, 4.0),
    "logtau": (-1.0, 1.0),
    "gas_logu": (-4.0, -1.0),
}
VALUES = {"tage": 1.63, "logtau": -0.96, "gas_logz": 0.0}
FRACTION = 0.05


class StraightSpectra(nn.Module):
    """Galaxies whose ln flux is linear in logzsol, ln tage, ln tau and other columns, as it is in mass and dust."""

    def __init__(self, names):
        super().__init__()
        stored = Simulator()
        self.names, self.instrument, self.pixels = tuple(names), stored.instrument, stored.pixels
        none = torch.empty(0)
        self.curve, self.logzsol, self.gas = stored.curve, none, SimpleNamespace(logz=none, logu=none)
        self.domain = torch.tensor([[-30.0], [30.0]]).repeat(1, len(names))
        self.domain[0, 3:4] = 1e-4
        random = torch.Generator().manual_seed(3)
        self.slopes = torch.randn(len(names), self.pixels, generator=random, dtype=torch.float64) / 200
        self.slopes[0], self.slopes[2] = math.log(10), -self.curve.double()

    def straight(self, theta):
        """Theta in the coordinates that ln flux is linear in."""
        theta = torch.as_tensor(theta).double().clone()
        theta[:, 3:4] = theta[:, 3:4].log()
        return theta

    def forward(self, theta):
        return (self.straight(theta) @ self.slopes).exp()


@pytest.mark.parametrize("free", [1, 2, 3, 4])
def test_straight_spectra_have_normal_posteriors(free):
    """With little noise, whose evidence and widths are known but for the noise's square."""
    names, noise = list(RANGES)[: free + 2], 0.004
    simulator, prior = StraightSpectra(names), NamedPrior({name: RANGES[name] for name in names})
    truth = torch.tensor([[10.5, -0.7, 0.5, 1.2, 0.1, -2.3]])[:, : free + 2].double()
    flux = add_noise(simulator(truth), torch.Generator().manual_seed(1), noise)
    found = Grid(simulator, prior, noise).posterior(flux, draws=4000, seed=1)
    assert found.effective.item() > 1000
    slopes = simulator.slopes / noise
    covariance = torch.linalg.inv(slopes @ slopes.T)
    weight = found.log_weight.softmax(1)[0]
    at = simulator.straight(found.draws[0])
    mean = weight @ at
    ours = (at - mean).T @ (weight[:, None] * (at - mean))
    expected = mean.clone()
    pull = torch.zeros(1)
    for _ in range(3):  # Newton's steps to the maximum
        ratio = flux[0] / (expected @ simulator.slopes).exp()
        pull = slopes @ ((ratio**2 - ratio) / noise - noise)
        expected = expected + covariance @ pull
    sigma = covariance.diagonal().sqrt()
    np.testing.assert_allclose((mean - expected) / sigma, 0, atol=0.15)
    np.testing.assert_allclose(ours.diagonal().sqrt() / sigma, 1, atol=0.1)
    # ln of the integral: the density at the maximum times the volume of the normal distribution
    theta = expected.clone()
    theta[3:4] = theta[3:4].exp()
    peak = PosteriorDensity(simulator, prior, flux, noise)(theta[None]).item() + expected[3:4].sum().item()
    volume = (len(names) * math.log(2 * math.pi) + torch.logdet(covariance).item()) / 2
    assert found.log_evidence.item() == pytest.approx(peak + volume, abs=0.1)


def test_three_axes_are_what_they_were_to_the_bit(tracked):
    prior = Prior.over(load_params().prior)
    templates = make_templates(Simulator(path=tracked("populations.h5")), prior, 3 * FRACTION)
    nodes, random, many = Nodes.of(templates, prior), np.random.default_rng(1), 3000
    density = random.random(len(nodes.volume), dtype=np.float32)
    which = np.sort(random.choice(len(density), 500, replace=False)).astype(np.int32)
    share = random.random(500)
    share /= share.sum()
    uniform = random.random((many, 3), dtype=np.float32)
    ours, theirs = (
        (
            np.full((many, 3), np.nan),
            np.zeros((many, 4), dtype=np.int64),
            np.zeros((many, 8), dtype=np.float32),
            np.zeros((many, nodes.features.shape[1]), dtype=np.float32),
            np.zeros(many, dtype=np.float32),
        )
        for _ in range(2)
    )
    candidates._place(nodes, which, share, uniform, 0.3, *ours[:3])
    candidates._interpolate(nodes.features, density, *ours[1:])
    plane = (templates.number >= 0).nonzero()
    ends = nodes.low[4], nodes.high[4]
    three_axes.place(templates.axes.nodes, templates.number, *plane, *ends, which, share, uniform, 0.3, *theirs[:3])
    three_axes.interpolate(nodes.features, density, *theirs[1:])
    inside = theirs[1][:, 0] >= 0
    assert 0.5 < inside.mean() < 1
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one[inside], other[inside])
    assert (ours[1][~inside, 0] < 0).all()


@pytest.mark.parametrize("free", [1, 2, 3, 4])
def test_nodes_are_the_product_of_their_axes(free, tracked, monkeypatch):
    tracked("populations.h5")
    monkeypatch.setattr(axes, "MOST_NODES", 20_000)
    ours = problem(free, RANGES, VALUES)
    templates = make_templates(ours.simulator, ours.prior, FRACTION)
    size = len(templates.features)
    places = places_of(templates.axes, templates.number, np.arange(size))
    assert size == templates.axes.size(ours.prior)
    assert free < 4 or 10_000 < size <= 20_000
    assert len(np.unique(places, axis=0)) == size
    assert (places.max(0) == [len(axis) - 1 for axis in templates.axes.nodes]).all()


def test_four_parameters_as_emcee_has_them(tracked, monkeypatch):
    tracked("populations.h5")
    monkeypatch.setattr(axes, "MOST_NODES", 60_000)
    ours, galaxies = problem(4, RANGES, VALUES), 3
    theta = ours.prior.sample(galaxies, torch.Generator().manual_seed(5))
    flux = add_noise(ours.simulator(theta), torch.Generator().manual_seed(6), FRACTION)
    found = Grid(ours.simulator, ours.prior, FRACTION).posterior(flux, draws=2000, seed=1, effective=1000)
    density = RelativeDensity(PosteriorDensity(ours.simulator, ours.prior, flux, FRACTION))
    chosen = torch.multinomial(found.log_weight.softmax(1), 2 * 32, generator=torch.Generator().manual_seed(7))
    start = torch.stack([draws[rows] for draws, rows in zip(found.draws, chosen, strict=True)])
    phi = density.phi(start.flatten(0, 1)).reshape(galaxies, 2, 32, -1).numpy()
    streams = [np.random.default_rng(galaxy) for galaxy in range(galaxies)]
    chains, _ = walk(lambda rows: density(torch.as_tensor(rows)).numpy(), phi, 200, 1500, 5, 1, streams)
    columns = [place for place in range(len(ours.simulator.names)) if place != 0]  # the mass of phi is relative
    for galaxy, chain in enumerate(chains):
        assert split_r_hat(chain)[columns].max() < 1.1
        size = effective_sample_size(chain)[columns]
        walked = chain.reshape(-1, chain.shape[-1])[:, columns]
        weight, draws = found.log_weight[galaxy].softmax(0).numpy(), found.draws[galaxy, :, columns].numpy()
        mean = weight @ draws
        sigma = np.sqrt(weight @ (draws - mean) ** 2)
        error = np.sqrt(1 / size + 1 / found.effective[galaxy].item())
        assert (np.abs(walked.mean(0) - mean) / sigma < 5 * error).all()
        np.testing.assert_allclose(walked.std(0) / sigma, 1, atol=0.2)


def test_fixed_columns_have_the_slice_of_the_whole_posterior(tracked):
    """Draws of two parameters lie where the density with the third fixed is that of the whole model."""
    tracked("populations.h5")
    ours = problem(2, RANGES, VALUES)
    flux = ours.simulator(torch.tensor([[10.5, -0.4, 0.6, 1.6]]))
    found = Grid(ours.simulator, ours.prior, FRACTION).posterior(flux, draws=1000, seed=1)
    assert found.draws.shape == (1, 1000, 4)
    assert found.effective.item() > 900
    whole = ours.simulator.whole(found.draws[0])
    assert (whole[:, NAMES.index("logtau")] == VALUES["logtau"]).all()
    torch.testing.assert_close(Simulator()(whole), ours.simulator(found.draws[0]))

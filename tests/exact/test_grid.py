"""Brute force: exact posteriors, evidences without bias, the same to the bit in any company."""

import math
from itertools import product

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import efficiency, weighted_quantiles
from digs.config.theta import REST
from digs.exact.brute_force import axes
from digs.exact.brute_force.grid import Grid
from digs.exact.brute_force.weights import log_likelihoods
from digs.exact.likelihood import PosteriorDensity, log_joint, log_likelihood
from digs.flows.mass_and_dust import MassAndDust
from digs.physics.histories.continuity import Continuity
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

FRACTION, GALAXIES = 0.05, 200
ONE = torch.tensor([[10.3, -0.7, 0.55, 1.8, 0.1]])


@pytest.fixture(scope="module")
def grid(simulator, prior):
    return Grid(simulator, prior, FRACTION)


@pytest.fixture(scope="module")
def given(simulator, prior):
    return Grid(simulator, prior, FRACTION, sigma="given")


@pytest.fixture(scope="module")
def theta(prior):
    return prior.sample(GALAXIES, torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def flux(simulator, theta):
    return add_noise(simulator(theta), torch.Generator().manual_seed(2), FRACTION)


@pytest.fixture(scope="module")
def found(grid, flux):
    return grid.posterior(flux, draws=400, seed=1)


@pytest.fixture(scope="module")
def one_flux(simulator):
    return add_noise(simulator(ONE), torch.Generator().manual_seed(3), FRACTION)


@pytest.fixture(scope="module")
def integral(grid, simulator, prior, one_flux):
    """ln of the evidence of one galaxy: a dense grid in three parameters, Gauss-Hermite quadrature in mass and dust."""
    rest = grid.posterior(one_flux, 1000, seed=5).draws[0][:, REST]
    low, high = rest.amin(0), rest.amax(0)
    margin = 0.15 * (high - low)
    low = torch.maximum(low - margin, prior.low[list(REST)])
    high = torch.minimum(high + margin, prior.high[list(REST)])
    points = (30, 26, 26)
    edges = [torch.linspace(a, b, n + 1, dtype=torch.float64) for a, b, n in zip(low, high, points, strict=True)]
    middles = torch.stack(torch.meshgrid(*((e[1:] + e[:-1]) / 2 for e in edges), indexing="ij"), -1).reshape(-1, 3)
    volume = math.prod((e[1] - e[0]).item() for e in edges)
    expansion = MassAndDust(simulator, prior, FRACTION).expand(middles.float(), one_flux.expand(len(middles), -1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(3)
    total = []
    for (a, wa), (b, wb) in product(zip(nodes, weights, strict=True), repeat=2):
        dust = expansion.dust + a * expansion.dust_std
        mass = expansion.mass + expansion.mass_slope * (dust - expansion.dust) + b * expansion.mass_std
        at = torch.empty(len(middles), 5, dtype=torch.float64)
        at[:, REST], at[:, 0], at[:, 2] = middles, mass / math.log(10), dust
        inside = prior.contains(at)
        joint = log_joint(simulator, prior, at[None], one_flux, FRACTION)[0]
        # the quadrature's weights belong to e^(-z^2 / 2)
        scale = torch.log(expansion.dust_std * expansion.mass_std / math.log(10)) + (a**2 + b**2) / 2
        total.append(torch.where(inside, joint + scale, -torch.inf) + math.log(wa * wb * volume))
    return torch.logsumexp(torch.cat(total), 0).item()


def test_evidence_is_the_integral(grid, one_flux, integral):
    found = grid.posterior(one_flux, draws=4000, seed=1)
    assert found.log_evidence.item() == pytest.approx(integral, abs=0.02)
    assert found.log_evidence_error.item() < 0.01


def test_evidence_is_unbiased_whatever_the_grid(simulator, prior, one_flux, integral, monkeypatch):
    """One that is much too coarse has uneven weights, and errors that say so."""
    monkeypatch.setattr(axes, "SPACING", 12.0)
    monkeypatch.setattr(axes, "CURVING", 0.5)
    times = 400
    coarse = Grid(simulator, prior, FRACTION).posterior(one_flux.repeat(times, 1), draws=50, seed=1, ids=range(times))
    ratio = torch.exp(coarse.log_evidence - integral)
    assert coarse.effective.median() < 42
    assert abs(ratio.mean().item() - 1) < 4 * ratio.std().item() / math.sqrt(times) + 0.01
    pull = (coarse.log_evidence - integral) / coarse.log_evidence_error
    assert 0.4 < pull.std().item() < 1.6


def test_weights_are_nearly_even(found):
    share = efficiency(found.log_weight)
    assert share.median() > 0.97
    assert share.quantile(0.05) > 0.8


def test_ranks_of_truths_are_uniform(found, theta):
    weight = found.log_weight.softmax(1)[..., None]
    ranks = (weight * (found.draws < theta[:, None])).sum(1).numpy()
    for column in ranks.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_draws_lie_in_the_prior(found, prior):
    assert prior.contains(found.draws).all()


def test_a_galaxy_is_the_same_to_the_bit_in_any_company(grid, flux, found):
    rows = [150, 3, 77]
    some = grid.posterior(flux[rows], draws=400, seed=1)
    for name in ("draws", "log_weight", "log_evidence", "log_evidence_error"):
        assert torch.equal(getattr(some, name), getattr(found, name)[rows])
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    threads = grid.posterior(flux[:20], draws=400, seed=1)
    torch.set_num_threads(before)
    assert torch.equal(threads.log_weight, found.log_weight[:20])


def test_seeds_and_ids_tell_draws_apart(grid, flux):
    first, other = (grid.posterior(flux[:1], draws=50, seed=seed).draws for seed in (1, 2))
    assert not torch.equal(first, other)
    twins = grid.posterior(flux[[0, 0]], draws=50, seed=1, ids=["a", "b"]).draws
    assert not torch.equal(*twins)


def test_weights_are_of_the_exact_likelihood(simulator, prior, flux):
    theta = prior.sample(20, torch.Generator().manual_seed(4))
    model, none = simulator(theta), np.empty((1, 0))
    expected = log_likelihood(flux[:1].double(), model.double(), FRACTION)
    ours = log_likelihoods(flux[:1].double().numpy(), none, FRACTION, model[None].numpy())[0]
    np.testing.assert_allclose(ours, expected, rtol=1e-6)
    sigma = 0.1 * flux[:1].double()
    sigma[0, 5:30] = torch.inf
    seen = torch.isfinite(sigma[0])
    normal = torch.distributions.Normal(model.double()[:, seen], sigma[:, seen])
    ours = log_likelihoods(flux[:1].double().numpy(), sigma.numpy(), FRACTION, model[None].numpy())[0]
    np.testing.assert_allclose(ours, normal.log_prob(flux[:1, seen].double()).sum(1), rtol=1e-6)


def test_given_sigmas_agree_with_weighted_draws_of_the_other_noise(grid, given, simulator, prior, flux):
    some = flux[:20]
    sigma = FRACTION * some.double()
    ours = given.posterior(some, draws=1000, seed=1, sigma=sigma)
    model = grid.posterior(some, draws=4000, seed=1)
    rows = model.draws.flatten(0, 1)
    data, own = (PosteriorDensity(simulator, prior, some, FRACTION, kind)(rows) for kind in ("data", "model"))
    log_weight = model.log_weight + (data - own).nan_to_num(nan=-torch.inf).reshape(20, -1)
    evidence = torch.logsumexp(log_weight, 1) - math.log(4000)
    trusted = efficiency(log_weight) > 0.05
    assert trusted.sum() > 10
    assert (ours.log_evidence - evidence)[trusted].abs().median() < 0.06
    for galaxy in trusted.nonzero()[:5, 0].tolist():
        (low, high), (lower, higher) = (
            weighted_quantiles(each.draws[galaxy].numpy(), weight.softmax(0).numpy(), (0.16, 0.84))
            for each, weight in ((ours, ours.log_weight[galaxy]), (model, log_weight[galaxy]))
        )
        np.testing.assert_allclose((high - low) / (higher - lower), 1, atol=0.25)


def test_gaps_and_negative_fluxes_with_given_sigmas(given, simulator, theta):
    model = simulator(theta[:40]).double()
    sigma = model.mean(1, keepdim=True) / 4 * torch.ones_like(model)
    flux = model + sigma * torch.randn(model.shape, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    sigma[:, 40:70], flux[:, 40:70] = torch.inf, torch.nan
    assert (flux < 0).any()
    found = given.posterior(flux, draws=300, seed=1, sigma=sigma)
    assert efficiency(found.log_weight).median() > 0.8
    assert given.posterior(flux[:2], 300, 1, sigma[:2]).log_evidence.tolist() == found.log_evidence[:2].tolist()


@pytest.mark.parametrize("fraction", [1e-5, 1e-20])
def test_a_galaxy_that_no_node_can_be_has_no_draws_and_spoils_no_other(given, flux, fraction):
    sigma = FRACTION * flux[:2].abs()
    alone = given.posterior(flux[1:2], draws=50, seed=1, sigma=sigma[1:])
    sigma[0] *= fraction
    both = given.posterior(flux[:2], draws=50, seed=1, sigma=sigma)
    assert both.effective[0] <= 1
    assert torch.equal(both.draws[1], alone.draws[0])
    assert both.effective[1] > 10


def test_masses_beyond_the_prior_end_at_it(grid, simulator, prior):
    flux = 10**0.1 * simulator([[13.0, -0.5, 0.5, 2.0, 0.0]])
    found = grid.posterior(flux, draws=1000, seed=1)
    assert prior.contains(found.draws).all()
    assert found.effective.item() > 100
    assert found.draws[0, :, 0].median() > 12.9


def test_draws_are_made_until_enough_are_effective(simulator, prior, flux, monkeypatch):
    monkeypatch.setattr(axes, "SPACING", 12.0)
    monkeypatch.setattr(axes, "CURVING", 0.3)
    coarse = Grid(simulator, prior, FRACTION)
    before = coarse.posterior(flux[:60], draws=300, seed=1)
    after = coarse.posterior(flux[:60], draws=300, seed=1, effective=240)
    assert before.effective.quantile(0.1) < 170
    assert after.effective.quantile(0.1) > 230
    assert after.draws.shape == before.draws.shape
    assert ((after.log_evidence - before.log_evidence) / before.log_evidence_error).abs().median() < 1.5
    alone = coarse.posterior(flux[7:8], draws=300, seed=1, effective=240)
    assert torch.equal(alone.draws, after.draws[7:8])


def test_spectra_that_compiled_code_does_not_make(tracked, prior, flux, found):
    """In a call each: the same to the bit in any company there too, and the same posteriors but for rounding."""
    grid = Grid(Simulator(path=tracked("populations.h5"), dtype=torch.float64), prior, FRACTION)
    ours = grid.posterior(flux[:4], draws=400, seed=1)
    assert torch.equal(grid.posterior(flux[2:3], draws=400, seed=1).log_weight, ours.log_weight[2:3])
    np.testing.assert_allclose(ours.log_evidence, found.log_evidence[:4], atol=0.1)


def test_no_galaxies(grid):
    assert grid.posterior(np.empty((0, 138)), draws=10).draws.shape == (0, 10, 5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, ("type 'NoneType'", "Prior")),
        ({"high": [13.0, 0.2]}, ("parameters",)),
        ({"low": [8.0, 0.3, 0.1, 0.01, -1.0]}, ("logzsol", "0.3 to 0.2")),
        ({"low": [8.0, -2.0, 0.1, 0.0, -1.0]}, ("tage", "from 0 to 4", "inside")),
        ({"high": [13.0, 0.2, float("nan"), 4.0, 1.0]}, ("dust2", "nan")),
        ({"high": [13.0, 0.9, 1.0, 4.0, 1.0]}, ("logzsol", "0.9", "0.5")),
    ],
    ids=["none", "two ends", "reversed", "no age", "nan", "too metal-rich"],
)
def test_priors_without_spectra_end_in_one_sentence(simulator, prior, change, words, refused):
    ends = {"low": prior.low.tolist(), "high": prior.high.tolist()} | change
    with refused(*words):
        Grid(simulator, Prior(**ends) if change else None, FRACTION)


def test_wrong_arguments_end_in_one_sentence(grid, given, simulator, prior, flux, tracked, refused):
    with refused("The noise"):
        Grid(simulator, prior, 0.0)
    with refused("The noise is 5", "0.05"):
        Grid(simulator, prior, 5.0)
    with refused("noise of 0.001", "larger noise"):
        Grid(simulator, prior, 1e-3)
    for none in (None, Simulator):
        with refused("The simulator is of type", "digs.Simulator()"):
            Grid(none, prior, FRACTION)
    with refused("'data'", "'given'"):
        Grid(simulator, prior, FRACTION, sigma="data")
    with refused("5 parameters", "has 7"):
        Grid(Simulator(path=tracked("populations.h5"), gas="free"), prior, FRACTION)
    with refused("logsfr_ratio_1"):
        Grid(Simulator(path=tracked("populations.h5"), history=Continuity), prior, FRACTION)
    with refused("number of draws"):
        grid.posterior(flux[:1], draws=0)
    with refused("The seed"):
        grid.posterior(flux[:1], seed=-1)
    with refused("effective"):
        grid.posterior(flux[:1], draws=100, effective=100)
    with refused("137 pixels"):
        grid.posterior(flux[:1, 1:])
    with refused("positive"):
        grid.posterior(-flux[:1])
    with refused("without sigmas"):
        grid.posterior(flux[:1], sigma=flux[:1])
    with refused("the sigma of each pixel"):
        given.posterior(flux[:1])
    with refused("their sigmas (1, 137)"):
        given.posterior(flux[:1], sigma=flux[:1, 1:])
    with refused("pixel 4"):
        given.posterior(flux[:1], sigma=torch.where(torch.arange(138) == 4, -1.0, flux[:1]))
    with refused("fewer than 5 pixels"):
        given.posterior(flux[:1], sigma=torch.where(torch.arange(138) < 135, torch.inf, flux[:1]))

"""The law of jittered labels where the answer is known."""

import numpy as np
import pytest
import torch

from digs.diagnostics.jitter_law import jittered, of_members
from digs.diagnostics.jitter_toy import exact_std, toy
from digs.diagnostics.jitter_widths import log_likelihoods_of_members
from digs.diagnostics.label_jitter import jitter_of
from digs.exact.likelihood import log_likelihood

LOW, HIGH = np.array([-50.0, -50.0]), np.array([50.0, 50.0])


@pytest.fixture
def random():
    return np.random.default_rng(7)


@pytest.mark.parametrize("local", [True, False])
def test_variances_add_where_jitter_is_independent(random, local):
    own = random.uniform(-5, 5, (20_000, 2))
    label = own + random.normal(0, [0.3, 0.1], own.shape)
    draws = random.normal(0, [0.4, 0.2], (3, 4000, 2))
    wider = jittered(draws, label, own, LOW, HIGH, 1, local)
    np.testing.assert_allclose(wider.std(1), np.broadcast_to([0.5, 0.05**0.5], (3, 2)), rtol=0.05)


def test_local_jitter_is_that_of_pairs_nearby(random):
    own = random.uniform(-5, 5, (20_000, 2))
    label = own + 0.01 * (own[:, :1] > 0) * random.standard_normal(own.shape)  # on one side labels are right
    draws = np.array([[[-2.0]], [[2.0]]]) + random.uniform(-1, 1, (2, 500, 2))
    wider = jittered(draws, label, own, LOW / 10, HIGH / 10, 1, local=True)
    assert (wider[0] == draws[0]).all()
    np.testing.assert_allclose((wider[1] - draws[1]).std(0), 0.01, rtol=0.2)


@pytest.mark.parametrize("local", [True, False])
def test_labels_stay_inside_the_prior(random, local):
    own = random.uniform(-1, 1, (2000, 2))
    label = np.clip(own + random.normal(0, 0.5, own.shape), -1, 1)
    draws = random.uniform(0.9, 1, (2, 300, 2))
    wider = jittered(draws, label, own, np.array([-1.0, -1.0]), np.array([1.0, 1.0]), 1, local)
    assert (np.abs(wider) <= 1).all()


def test_the_same_seed_gives_the_same_draws(random):
    own = random.uniform(-1, 1, (500, 2))
    given = random.normal(0, 0.1, (2, 50, 2)), own + random.normal(0, 0.1, own.shape), own, LOW, HIGH
    assert np.array_equal(jittered(*given, 3, True), jittered(*given, 3, True))
    assert not np.array_equal(jittered(*given, 3, True), jittered(*given, 4, True))


def test_likelihoods_of_members_are_those_of_the_noise():
    model = 1e-15 * (1 + torch.rand(20, 30, generator=torch.Generator().manual_seed(1)))
    flux = model[:4] * (1 + 0.05 * torch.randn(4, 30, generator=torch.Generator().manual_seed(2)))
    found = log_likelihoods_of_members(flux, model, 0.05)
    exact = log_likelihood(flux.double()[:, None], model.double(), 0.05).numpy()
    np.testing.assert_allclose(found - found[:, :1], exact - exact[:, :1], atol=0.05)


def test_without_limit_labels_are_those_of_the_members_that_fit():
    log_likelihood = np.log(np.array([[0.75, 0.25, 1e-30]]))
    label, member = np.arange(6.0)[:, None], np.array([0, 0, 1, 1, 2, 2])
    drawn = of_members(log_likelihood, label, member, 20_000, 1)[0, :, 0]
    counts = np.bincount(drawn.astype(int), minlength=6) / len(drawn)
    np.testing.assert_allclose(counts, [0.375, 0.375, 0.125, 0.125, 0, 0], atol=0.015)


def test_in_the_toy_independent_jitter_obeys_the_law():
    found = toy(None, jitter=0.3, dimensions=3, noise=0.2, pairs=100_000, seed=1)
    assert found["measured"] == pytest.approx(found["predicted"], rel=0.01)
    assert found["predicted"] == pytest.approx((1 + 0.09 / exact_std(0.2) ** 2) ** 0.5, rel=0.01)


def test_in_the_toy_right_labels_leave_the_exact_posterior():
    found = toy(None, jitter=0.0, dimensions=3, noise=0.2, pairs=100_000, seed=1)
    assert found["measured"] == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("members", [100, 3000])
def test_in_the_toy_the_lookup_obeys_the_law(members):
    found = toy(members, jitter=0.0, dimensions=3, noise=0.2, pairs=50_000, seed=1)
    assert found["predicted"] > 1.1
    assert found["measured"] == pytest.approx(found["predicted"], rel=0.05)


def test_the_diagnostic_tells_jitter_from_none(random):
    mean, std = random.normal(0, 1, (2000, 2)), np.full((2000, 2), 0.2)
    truth = mean + std * random.standard_normal(mean.shape)
    label = truth + [0.0, 0.15] * random.standard_normal(mean.shape)
    found = jitter_of(label, mean, std)
    assert abs(found.z[0]) < 3 < found.z[1]
    assert found.jitter[1] == pytest.approx(0.15, abs=4 * found.jitter_error[1])
    assert found.widening[1] == pytest.approx(1.25, abs=0.03)
    assert found.widening[0] == pytest.approx(1, abs=0.05)

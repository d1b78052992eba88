"""The weights of SSPs in delayed-tau galaxies: against numerical integration, closed forms, autograd and FSPS."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import AGE
from scipy import integrate, special

from digs.physics.histories.delayed_tau import LOGTAU_DOMAIN, DelayedTau

EXTREMES = [
    (tage, logtau) for tage in (0.01, 0.1, 1.0, 4.0, 13.0) for logtau in (LOGTAU_DOMAIN[0], 0.0, LOGTAU_DOMAIN[1])
]


def random_galaxies(number: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    random = np.random.default_rng(seed)
    tage = 10 ** random.uniform(-2, np.log10(13), number)
    return torch.as_tensor(tage), torch.as_tensor(random.uniform(*LOGTAU_DOMAIN, number))


def weigh(weights: DelayedTau, tage: torch.Tensor, logtau: torch.Tensor) -> torch.Tensor:
    """The weights of all SSPs: the oldest, which no galaxy holds, have none."""
    found = weights(tage, logtau)
    return torch.nn.functional.pad(found, (0, len(weights.age) - found.shape[1]))


def numerical_weights(tage: float, tau: float) -> np.ndarray:
    """The definition: mass formed at each lookback time, shared between the nodes around it linearly in log age."""
    rate = lambda s: (tage - s) * np.exp(-(tage - s) / tau)
    weights = np.zeros(len(AGE))
    options = {"epsabs": 0.0, "epsrel": 1e-9, "limit": 200}
    young = min(tage, AGE[0])
    weights[0] += integrate.quad(rate, 0, young, **options)[0]
    for node, (start, stop) in enumerate(pairwise(AGE)):
        if start >= tage * (1 - 1e-12):
            break
        share = lambda s, start=start, stop=stop: np.log(s / start) / np.log(stop / start)
        whole = integrate.quad(rate, start, min(stop, tage), **options)[0]
        older = integrate.quad(lambda s, share=share: rate(s) * share(s), start, min(stop, tage), **options)[0]
        weights[node] += whole - older
        weights[node + 1] += older
    return weights / integrate.quad(rate, 0, tage, points=[max(0, tage - tau)], **options)[0]


@pytest.fixture(scope="module")
def weights64() -> DelayedTau:
    return DelayedTau(AGE, torch.float64)


@pytest.mark.parametrize(("tage", "logtau"), EXTREMES)
def test_numerical_integration_at_the_extremes(weights64, tage, logtau):
    exact = weigh(weights64, *torch.tensor([[tage], [logtau]], dtype=torch.float64))[0].numpy()
    np.testing.assert_allclose(exact, numerical_weights(tage, 10**logtau), rtol=1e-5, atol=1e-9)


def test_numerical_integration_at_random(weights64):
    tage, logtau = random_galaxies(25, seed=1)
    exact = weigh(weights64, tage, logtau).numpy()
    for row, age, log in zip(exact, tage.tolist(), logtau.tolist(), strict=True):
        np.testing.assert_allclose(row, numerical_weights(age, 10**log), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 3e-6), (torch.float32, 1e-5)])
def test_weights_share_out_the_mass(dtype, tolerance):
    tage, logtau = random_galaxies(5000, seed=2)
    weights = weigh(DelayedTau(AGE, dtype), tage.to(dtype), logtau.to(dtype))
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(1), torch.ones(5000, dtype=dtype), rtol=0, atol=tolerance)


def test_no_star_is_older_than_its_galaxy(weights64):
    tage, logtau = random_galaxies(2000, seed=3)
    weights = weigh(weights64, tage, logtau)
    first_older = torch.searchsorted(weights64.age, tage)
    impossible = torch.arange(len(AGE)) > first_older[:, None]
    assert (weights[impossible] == 0).all()


def test_there_are_as_many_weights_as_the_oldest_galaxy_needs(weights64):
    tage = torch.tensor([0.01, AGE[60] * 1.001], dtype=torch.float64)
    weights = weights64(tage, torch.zeros(2, dtype=torch.float64))
    assert weights.shape == (2, 62)
    assert (weights[1] > 0).all()


@pytest.mark.parametrize("node", [0, 1, 60, 104, 105, 106])
def test_nothing_jumps_where_the_age_meets_a_node(weights64, node):
    """Also at the youngest and the oldest SSP, the ends of the domain."""
    nearby = AGE[node] * (1 + np.array([-1e-9, 0.0, 1e-9 if node < len(AGE) - 1 else 0.0]))
    weights = weigh(weights64, torch.as_tensor(nearby), torch.full((3,), 0.3, dtype=torch.float64))
    torch.testing.assert_close(weights, weights[:1].expand(3, -1), rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(weights.sum(1), torch.ones(3, dtype=torch.float64), rtol=0, atol=1e-6)


def test_single_precision_is_enough(weights64):
    tage, logtau = random_galaxies(5000, seed=4)
    single = weigh(DelayedTau(AGE, torch.float32), tage.float(), logtau.float()).double()
    # the arguments' own rounding moves mass between the two nodes around tage, hence the absolute part
    torch.testing.assert_close(single, weigh(weights64, tage, logtau), rtol=1e-4, atol=1e-5)


def test_mixtures_of_young_stars_are_as_good_as_the_stars(weights64):
    """A galaxy younger than the mixtures makes all of its batch do without them; nothing else may come of it."""
    tage, logtau = random_galaxies(500, seed=6)
    young = torch.tensor([AGE[weights64.young] / 2]), torch.zeros(1)
    mixed, which = weights64.amounts(tage, logtau)
    alone, which_alone = weights64.amounts(*(torch.cat(both) for both in zip((tage, logtau), young, strict=True)))
    assert mixed.shape[1] < alone.shape[1] and which != which_alone
    expected = weights64(*(torch.cat(both) for both in zip((tage, logtau), young, strict=True)))[:-1]
    torch.testing.assert_close(weights64(tage, logtau), expected, rtol=1e-7, atol=1e-10)


def test_gradients_are_finite_differences(weights64):
    tage, logtau = random_galaxies(12, seed=5)
    assert torch.autograd.gradcheck(
        weights64, (tage.requires_grad_(), logtau.requires_grad_()), eps=1e-7, atol=1e-5, rtol=1e-4
    )


def test_gradients_are_finite_at_the_ends_of_the_domain(weights64):
    tage = torch.tensor([0.01, 13.0], dtype=torch.float64, requires_grad=True)
    logtau = torch.tensor(LOGTAU_DOMAIN, dtype=torch.float64, requires_grad=True)
    (weights64(tage, logtau) ** 2).sum().backward()
    assert torch.isfinite(tage.grad).all()
    assert torch.isfinite(logtau.grad).all()


def test_mean_age(weights64):
    """<s> = T - tau 2 P(3, T/tau) / P(2, T/tau); log-linear interpolation overestimates ages by at most 0.2%."""
    tage, logtau = random_galaxies(500, seed=6)
    x, tau = tage / 10**logtau, 10**logtau
    formed = special.gammainc(3, x.numpy()) / special.gammainc(2, x.numpy())
    expected = tage - tau * 2 * torch.as_tensor(formed)
    mean = weigh(weights64, tage, logtau) @ weights64.age
    excess = (mean / expected - 1)[expected > 0.01 * tage]
    assert excess.min() > -1e-6
    assert excess.max() < 5e-3


def test_mean_log_age_of_old_bursts(weights64):
    """With tau far below T all stars formed 2 tau after the start, spread by sqrt(2) tau."""
    tau = 10 ** LOGTAU_DOMAIN[0]
    weights = weigh(weights64, *torch.tensor([[13.0], [LOGTAU_DOMAIN[0]]], dtype=torch.float64))
    mean = (weights[0] @ torch.log(weights64.age)).item()
    assert mean == pytest.approx(np.log(13.0 - 2 * tau), abs=1e-4)


@pytest.mark.parametrize(("tage", "logtau"), [(0.03, 0.5), (0.4, -1.0), (1.63, -0.9586), (4.0, 1.0), (12.0, 0.0)])
def test_fsps(fsps_population, tage, logtau):
    """Spectra of FSPS's own delayed-tau galaxies (sfh=4), sums over its SSPs."""
    wavelength, populations = fsps_population.get_spectrum(tage=0, peraa=False)
    weights = DelayedTau(10 ** (fsps_population.log_age - 9), torch.float64)
    for name, value in {"sfh": 4, "tau": 10**logtau, "const": 0.0, "fburst": 0.0, "sf_start": 0.0}.items():
        fsps_population.params[name] = value
    _, galaxy = fsps_population.get_spectrum(tage=tage, peraa=False)
    mine = weigh(weights, *torch.tensor([[tage], [logtau]], dtype=torch.float64))[0].numpy() @ populations
    optical = (wavelength > 3600) & (wavelength < 9600)
    difference = np.abs(mine / galaxy - 1)[optical]
    assert np.median(difference) < 1e-4
    assert difference.max() < 1e-3


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_beyond_the_last_age_by_rounding_a_galaxy_is_that_of_the_last_age(dtype):
    weights, logtau = DelayedTau(AGE, dtype), torch.zeros(2, dtype=dtype)
    last, beyond = weights(torch.tensor([AGE[-1], AGE[-1] * (1 + 5e-7)], dtype=dtype), logtau)
    torch.testing.assert_close(beyond, last)
    assert last.sum() == pytest.approx(1.0, abs=1e-6)
    before, _ = weights(torch.tensor([AGE[-1] * (1 - 1e-4), AGE[-1]], dtype=dtype), logtau)
    assert (before - last).abs().max() < 1e-3

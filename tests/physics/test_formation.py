"""Masses, rates and ages of delayed-tau galaxies, against numerical integration."""

import numpy as np
import pytest
import torch

from digs.physics.formation import formation_quantities, formed_between, formed_by, mean_time
from digs.physics.stored_populations import stored_populations

X = torch.logspace(-5, 2.5, 60, dtype=torch.float64)  # age by tau


def history(x: float) -> tuple[np.ndarray, np.ndarray]:
    """Times in units of tau until x, and the mass formed until each, by the trapezoidal rule."""
    time = np.linspace(0, min(x, 60.0), 200_001)
    rate = time * np.exp(-time)
    return time, np.append(0, np.cumsum((rate[1:] + rate[:-1]) / 2 * np.diff(time)))


@pytest.mark.parametrize("fraction", [0.5, 0.9])
def test_when_a_fraction_had_formed(fraction):
    found = formed_by(fraction, X)
    for x, one in zip(X.tolist(), found.tolist(), strict=True):
        time, mass = history(x)
        assert one == pytest.approx(np.interp(fraction * mass[-1], mass, time), rel=1e-4)


def test_the_mean_time():
    for x, one in zip(X.tolist(), mean_time(X).tolist(), strict=True):
        time, mass = history(x)
        middle = (time[1:] + time[:-1]) / 2
        assert one == pytest.approx(np.average(middle, weights=np.diff(mass)), rel=1e-4)


def test_what_forms_late_keeps_its_digits():
    a = torch.tensor([1e-6, 0.5, 40.0], dtype=torch.float64)
    step = torch.full_like(a, 1e-7)
    found, middle = formed_between(a, a + step), a + step / 2
    torch.testing.assert_close(found, step * middle * torch.exp(-middle), rtol=1e-6, atol=0)


@pytest.fixture
def populations(tracked):
    return stored_populations(tracked("populations.h5"))


def test_rates_and_masses_are_those_of_the_history(populations, wide_theta):
    theta = wide_theta(30, 3).double()
    found = formation_quantities(theta, populations)
    for row, (logmass, _, _, tage, logtau) in enumerate(theta.tolist()):
        time = np.linspace(0, tage, 400_001)
        rate = time * np.exp(-time / 10**logtau)
        total = np.trapezoid(rate, time)
        assert found["sfr"][row].item() == pytest.approx(10**logmass * rate[-1] / total / 1e9, rel=1e-4)
        for name, span in (("sfr_10", 0.01), ("sfr_100", 0.1)):
            recent = np.linspace(max(tage - span, 0), tage, 20_001)
            formed = np.trapezoid(recent * np.exp(-recent / 10**logtau), recent) / total
            assert found[name][row].item() == pytest.approx(10**logmass * formed / (span * 1e9), rel=1e-4)
    survive = found["surviving_mass"] / 10 ** theta[:, 0]
    assert ((survive > 0.4) & (survive < 1.0)).all()
    torch.testing.assert_close(found["ssfr"], found["sfr"] / found["surviving_mass"])
    assert (found["t50"] > found["t90"]).all()
    assert (found["t90"] > 0).all()


def test_gradients(populations):
    theta = torch.tensor([[0.4, -0.3, 0.5, 1.2, -0.2]], dtype=torch.float64, requires_grad=True)
    quantities = lambda x: torch.stack(list(formation_quantities(x, populations).values())).log()
    assert torch.autograd.gradcheck(quantities, theta, eps=1e-6, atol=1e-4)

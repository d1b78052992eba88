"""Spectra by compiled code: those of the simulator, and each the same to the bit in any company."""

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.config.params import load_params
from digs.physics.compiled_spectra import CompiledSpectra
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.instrument import Instrument
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

ROUNDING = 2e-6
LOGZSOL, DUST2, TAGE, LOGTAU = range(1, 5)


@pytest.fixture(scope="module")
def path(tracked):
    return tracked("populations.h5")


@pytest.fixture(scope="module")
def exact(path) -> Simulator:
    return Simulator(path=path, dtype=torch.float64)


@pytest.fixture(scope="module")
def compiled(path) -> CompiledSpectra:
    return CompiledSpectra(Simulator(path=path))


@pytest.fixture(scope="module")
def theta() -> torch.Tensor:
    """Draws of the prior, to single precision, and galaxies at the ends of what the simulator knows."""
    draws = Prior.over(load_params().prior).sample(700, torch.Generator().manual_seed(1)).float()
    draws[:40, TAGE] = torch.logspace(-4.001, -1.8, 40)  # from below the youngest population on
    draws[40:60, TAGE] = 13.9
    draws[60:80, LOGTAU], draws[80:100, LOGTAU] = -1.5, 1.5
    draws[100:120, DUST2], draws[120:130, DUST2] = 0.0, 4.0
    return draws


def test_spectra_are_the_simulators(compiled, exact, theta):
    nodes = compiled.simulator.logzsol
    theta = theta.clone()
    theta[200 : 200 + len(nodes), LOGZSOL] = nodes
    assert theta[:40, TAGE].min() < compiled.simulator.history.age[0]
    found = compiled(theta)
    torch.testing.assert_close(found.double(), exact(theta.double()), rtol=ROUNDING, atol=0)
    torch.testing.assert_close(found, compiled.simulator(theta), rtol=1.5 * ROUNDING, atol=0)


@pytest.mark.parametrize("gas", ["solar", "stars"])
def test_spectra_of_another_instrument_and_gas(path, gas, theta):
    """At a redshift, with a number of pixels that is no multiple of anything."""
    options = {"instrument": Instrument(np.linspace(4000.0, 7000.0, 71), sigma_kms=300.0), "redshift": 0.1}
    exact = Simulator(path=path, gas=gas, dtype=torch.float64, **options)
    found = CompiledSpectra(Simulator(path=path, gas=gas, **options))(theta)
    assert found.shape == (700, 71)
    torch.testing.assert_close(found.double(), exact(theta.double()), rtol=ROUNDING, atol=0)


def test_the_ages_at_which_populations_begin(compiled, exact, theta):
    """On nodes, and a bit of a 32-bit float beside them."""
    age = compiled.simulator.history.age
    at = torch.cat([age, torch.nextafter(age, 2 * age), torch.nextafter(age, 0 * age)])
    galaxies = theta[-1:].repeat(len(at), 1)
    galaxies[:, TAGE] = at.clamp_max(age[-1] * (1 - 1e-6))
    torch.testing.assert_close(compiled(galaxies).double(), exact(galaxies.double()), rtol=ROUNDING, atol=0)


def test_a_spectrum_is_the_same_to_the_bit_in_any_company(compiled, theta):
    together = compiled(theta)
    order = torch.randperm(len(theta), generator=torch.Generator().manual_seed(2))
    assert torch.equal(compiled(theta[order]), together[order])
    assert torch.equal(torch.cat([compiled(part) for part in theta[:100].split(7)]), together[:100])
    assert torch.equal(torch.cat([compiled(one[None]) for one in theta[:50]]), together[:50])
    assert torch.equal(compiled(theta.repeat(3, 1)), together.repeat(3, 1))


def test_a_spectrum_is_the_same_to_the_bit_by_any_number_of_threads(compiled, theta):
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append(compiled(theta))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])


def test_no_galaxies_have_no_spectra(compiled, theta):
    assert compiled(theta[:0]).shape == (0, compiled.simulator.pixels)


def test_galaxies_outside_the_populations(compiled, theta):
    old = theta[:3].clone()
    old[1, TAGE] = 40.0
    with pytest.raises(DigsError, match="tage = 40 in row 1"):
        compiled(old)


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": torch.float64},
        {"gas": "free"},
        {"history": SingleBurst},
        {"instrument": Instrument(np.linspace(4000.0, 7000.0, 2000), sigma_kms=300.0)},
    ],
    ids=["64 bits", "free gas", "another history", "many pixels"],
)
def test_what_it_does_not_take(path, options):
    simulator = Simulator(path=path, **options)
    assert not CompiledSpectra.takes(simulator)
    with pytest.raises(DigsError, match="take the simulator itself"):
        CompiledSpectra(simulator)

"""Densities of galaxies side by side: those of each galaxy, to the bit the same in any company."""

import numpy as np
import pytest
import torch

from digs.config.model import Walk
from digs.config.params import load_params
from digs.exact.converged_chains import exact_chains
from digs.exact.likelihood import PosteriorDensity, RelativeDensity
from digs.exact.side_by_side import SideBySide
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

GALAXIES, POINTS, FRACTION = 5, 20, 0.05


@pytest.fixture(scope="module")
def path(tracked):
    return tracked("populations.h5")


@pytest.fixture(scope="module", params=[torch.float32, torch.float64], ids=["in one call", "in a call each"])
def simulator(request, path) -> Simulator:
    """One whose spectra compiled code makes, and one whose spectra it does not."""
    return Simulator(path=path, dtype=request.param)


@pytest.fixture(scope="module")
def prior() -> Prior:
    return Prior.over(load_params().prior)


@pytest.fixture(scope="module")
def theta(prior) -> torch.Tensor:
    """Points around as many galaxies, shape (GALAXIES, POINTS, 5)."""
    generator = torch.Generator().manual_seed(3)
    unit = 0.2 + 0.6 * torch.rand(GALAXIES, 1, 5, generator=generator, dtype=torch.float64)
    return prior.from_unit(unit + 0.01 * torch.randn(GALAXIES, POINTS, 5, generator=generator, dtype=torch.float64))


@pytest.fixture(scope="module")
def flux(path, theta) -> torch.Tensor:
    return add_noise(Simulator(path=path)(theta[:, 0]), torch.Generator().manual_seed(4), FRACTION)


@pytest.fixture(scope="module")
def densities(simulator, prior, flux) -> SideBySide:
    return SideBySide(simulator, prior, flux, FRACTION)


@pytest.fixture(scope="module")
def phi(densities, theta) -> np.ndarray:
    return np.stack([density.phi(some).numpy() for density, some in zip(densities.each, theta, strict=True)])


def test_densities_are_those_of_64_bits(path, prior, flux, densities, phi):
    exact = RelativeDensity(PosteriorDensity(Simulator(path=path, dtype=torch.float64), prior, flux, FRACTION))
    rows = torch.as_tensor(phi).flatten(0, 1)
    theta = torch.cat([each.theta(torch.as_tensor(some)) for each, some in zip(densities.each, phi, strict=True)])
    torch.testing.assert_close(theta, exact.theta(rows), rtol=0, atol=1e-6)
    found = densities.together(np.arange(GALAXIES))(rows.numpy())
    np.testing.assert_allclose(found, exact(rows).numpy(), rtol=1e-5, atol=0.02)


def test_a_point_has_the_same_density_to_the_bit_in_any_company(densities, phi):
    together = densities.together(np.arange(GALAXIES))(phi.reshape(-1, 5)).reshape(GALAXIES, POINTS)
    order = np.array([3, 0, 4])
    some = densities.together(order)(phi[order].reshape(-1, 5)).reshape(3, POINTS)
    np.testing.assert_array_equal(some, together[order])
    for galaxy in range(GALAXIES):
        alone = densities.together(np.array([galaxy]))(phi[galaxy])
        np.testing.assert_array_equal(alone, together[galaxy])
        np.testing.assert_array_equal(alone, densities.each[galaxy](torch.as_tensor(phi[galaxy])).numpy())


def test_points_in_other_company_of_their_own_galaxy(path, prior, flux):
    """Which is how many of a galaxy's points lie inside the prior."""
    densities = SideBySide(Simulator(path=path), prior, flux[:1], FRACTION)
    phi = densities.each[0].phi(prior.sample(POINTS, torch.Generator().manual_seed(6)))
    whole = densities.each[0](phi)
    phi[::2, 3] = 40.0
    assert torch.equal(densities.each[0](phi)[1::2], whole[1::2])
    assert (densities.each[0](phi)[::2] == -torch.inf).all()


def test_chains_of_a_galaxy_are_its_own(simulator, prior, flux, theta):
    """Also where they are walked on."""
    settings = Walk(
        ensembles=2, walkers=POINTS // 2, burn_in=24, steps=6, thin=2, r_hat=1.01, sample_size=1000, extensions=1
    )
    keys = [bytes([galaxy]) for galaxy in range(GALAXIES)]

    def walked(rows: list[int]) -> np.ndarray:
        own = [keys[row] for row in rows]
        return exact_chains(simulator, prior, flux[rows], FRACTION, theta[rows], 10, settings, 1, own, "Test").draws

    together = walked(list(range(GALAXIES)))
    np.testing.assert_array_equal(walked([4, 2]), together[[4, 2]])
    np.testing.assert_array_equal(walked([1]), together[[1]])

"""Dn4000 and H-alpha's equivalent width, against integrals over finely sampled spectra with dust put on by hand."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from digs.config.theta import index
from digs.physics.air import vacuum_to_air
from digs.physics.dust import calzetti
from digs.physics.instrument import Instrument
from digs.physics.simulator import Simulator
from digs.physics.spectral_indices import BANDS, LINE, SpectralIndices

REDSHIFT, POINTS = 0.5, 2000


@pytest.fixture(scope="module")
def indices(tracked) -> SpectralIndices:
    return SpectralIndices(path=tracked("populations.h5"))


@pytest.fixture
def theta(wide_theta) -> torch.Tensor:
    """Galaxies of the prior, the first half of them young."""
    theta = wide_theta(40, 6)
    theta[:20, index("tage")] = torch.linspace(0.002, 0.05, 20, dtype=theta.dtype)
    return theta


@pytest.fixture(scope="module")
def integrals(tracked) -> Callable[[torch.Tensor], dict[str, np.ndarray]]:
    """Both, by the trapezoidal rule on the spectrum of a galaxy far away, in air where the definition is."""
    wavelength = np.concatenate([np.linspace(*ends, POINTS) for ends in BANDS])
    instrument = Instrument(wavelength * (1 + REDSHIFT), integrate=False)
    simulator = Simulator(instrument, REDSHIFT, path=tracked("populations.h5"), dtype=torch.float64)

    def measure(theta: torch.Tensor) -> dict[str, np.ndarray]:
        clear = theta.clone()
        clear[:, index("dust2")] = 0.0
        dust = np.exp(-theta[:, [index("dust2")]].numpy() * calzetti(wavelength))
        each = zip(np.split(wavelength, 5), np.split(simulator(clear).numpy() * dust, 5, axis=1), strict=True)
        below, above, blue, line, red = each
        flux_nu = [np.trapezoid(f * w**2, vacuum_to_air(w)) / 100 for w, f in (below, above)]
        level = [np.trapezoid(f, w) / 30 for w, f in (blue, red)]
        continuum = level[0][:, None] + (level[1] - level[0])[:, None] * (line[0] - 6498.0) / 140.0
        middle = level[0] + (level[1] - level[0]) * (6564.6 - 6498.0) / 140.0
        return {
            "dn4000": flux_nu[1] / flux_nu[0],
            "halpha_width": np.trapezoid(line[1] - continuum, line[0]) / middle,
        }

    return measure


def test_they_are_the_integrals(indices, integrals, theta):
    for name, expected in integrals(theta).items():
        np.testing.assert_allclose(indices(theta)[name].numpy(), expected, rtol=1e-4, atol=1e-3 * (name != "dn4000"))


def test_old_and_young_galaxies(indices):
    old, young = ([10.0, 0.0, 0.3, tage, -1.0] for tage in (13.0, 0.005))
    found = indices([old, young])
    assert found["dn4000"][0] > 1.8
    assert found["dn4000"][1] < 1.1
    assert -3 < found["halpha_width"][0] < 0.5
    assert found["halpha_width"][1] > 300


def test_mass_cancels_and_dust_is_a_slight_matter(indices, theta):
    heavy, clear, dusty = theta.clone(), theta.clone(), theta.clone()
    heavy[:, index("logmass")] += 2.0
    clear[:, index("dust2")], dusty[:, index("dust2")] = 0.0, 1.0
    for name, values in indices(theta).items():
        torch.testing.assert_close(indices(heavy)[name], values, rtol=1e-10, atol=1e-10)
    without, within = indices(clear), indices(dusty)
    redder = within["dn4000"] / without["dn4000"]
    assert ((redder > 1.03) & (redder < 1.1)).all()
    torch.testing.assert_close(within["halpha_width"], without["halpha_width"], rtol=5e-3, atol=0.02)


def test_the_window_holds_the_line_and_not_its_neighbours(indices):
    product, profiles = indices.populations.product, indices.populations.profiles
    wavelength, lines = product["wavelength"], product["line_wavelength"]
    fine = np.linspace(*LINE, 20_001)
    for line, least, most in ((6564.6, 0.9998, 1.0), (6549.9, 0.0, 2e-5), (6585.3, 0.0, 1e-9)):
        profile = profiles[np.abs(lines - line).argmin()] / wavelength**2
        share = np.trapezoid(np.interp(fine, wavelength, profile), fine) / np.trapezoid(profile, wavelength)
        assert least < share + 1e-15 <= most + 1e-15


def test_gradients(indices):
    theta = torch.tensor([[9.5, -0.33, 0.5, 0.11, -0.2], [9.5, 0.11, 0.2, 3.1, -0.4]], dtype=torch.float64)
    both = lambda x: torch.stack(list(indices(x).values()))
    assert torch.autograd.gradcheck(both, theta.requires_grad_(True), eps=1e-6, atol=1e-4)


def test_what_is_no_gas_is_refused(tracked, refused):
    with refused("'air'"):
        SpectralIndices("air", path=tracked("populations.h5"))


def test_what_is_no_theta_is_refused(indices, refused):
    with refused("(1, 2)"):
        indices([[10.0, 0.0]])
    with refused("tage", "row 0"):
        indices([[10.0, 0.0, 0.3, -1.0, 0.0]])

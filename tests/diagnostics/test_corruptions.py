"""Each way to be wrong does what its name says, and nothing at strength zero."""

import numpy as np
import pytest
import torch
from sedpy import attenuation

from digs.config.params import load_params
from digs.config.stages.redshifted_settings import RedshiftedSettings
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.config.theta import index
from digs.diagnostics import corruptions
from digs.diagnostics.corruptions import LABELS, Galaxies, correlated, corrupted, noiseless, scaled_pixel, single_burst
from digs.files.product import read_product
from digs.files.schemas.redshifted_schema import REDSHIFTED
from digs.physics.noise import add_noise
from digs.physics.simulator import Simulator

FRACTION = 0.05


def random(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def galaxies() -> Galaxies:
    """The first test galaxies, which the product `redshifted` has too."""
    theta = torch.as_tensor(read_product(corruptions.REDSHIFTED_FILE, REDSHIFTED)["theta"][:40])
    return Galaxies.of(theta, Simulator())


@pytest.mark.parametrize("kind", LABELS)
def test_strength_zero_is_the_identity(galaxies, kind):
    sound = add_noise(galaxies.flux, random(), FRACTION)
    torch.testing.assert_close(corrupted(kind, galaxies, 0.0, FRACTION, random()), sound)


@pytest.mark.parametrize("kind", LABELS)
def test_every_strength_of_params_gives_positive_spectra_that_differ(galaxies, kind):
    sound = add_noise(galaxies.flux, random(), FRACTION)
    for strength in load_params(WarningLightsSettings).warning_lights.corruptions[kind]:
        flux = corrupted(kind, galaxies, strength, FRACTION, random())
        assert flux.shape == sound.shape
        assert (flux > 0).all()
        assert not torch.equal(flux, sound)


def test_every_corruption_has_strengths_and_every_redshift_was_simulated():
    params = load_params(RedshiftedSettings, WarningLightsSettings)
    assert set(params.warning_lights.corruptions) == set(LABELS)
    assert set(params.warning_lights.corruptions["redshift"]) <= set(params.redshifted.redshifts)
    assert params.warning_lights.galaxies <= params.redshifted.galaxies


def test_unknown_names_and_redshifts_are_refused(galaxies, refused):
    with refused("cosmic_rays", "spike"):
        noiseless("cosmic_rays", galaxies, 1.0)
    with refused("redshifted.h5", "0.5"):
        noiseless("redshift", galaxies, 0.5)


@pytest.mark.parametrize("kind", ["power_law_dust", "smc_dust"])
def test_other_dust_is_as_deep_at_5500_angstrom_and_redder_light_is_dimmed_less(galaxies, kind):
    ratio = noiseless(kind, galaxies, 1.0) / galaxies.flux
    near = (galaxies.wavelength - 5500).abs().argmin()
    np.testing.assert_allclose(ratio[:, near], 1, atol=0.01)
    # the SMC's curve is steeper than Calzetti's, the power law flatter
    assert ((ratio[:, 0] < 1) if kind == "smc_dust" else (ratio[:, 0] > 1)).all()


def test_other_dust_alone_gives_the_other_curve(galaxies):
    theta = galaxies.theta.clone()
    theta[:, index("dust2")] = 0
    bare = galaxies.simulator(theta)
    depth = -torch.log(noiseless("smc_dust", galaxies, 1.0) / bare) / galaxies.theta[:, index("dust2"), None]
    curve = attenuation.smc(galaxies.wavelength.numpy().astype(float))
    difference = np.abs(depth.numpy() / curve - 1)
    assert np.median(difference) < 2e-4
    assert difference.max() < 0.015  # in lines, on which the dust is that at the line, and not at the pixel


def test_half_a_mixture_of_populations_lies_between(galaxies):
    whole, half = (noiseless("other_sps", galaxies, strength) for strength in (1.0, 0.5))
    torch.testing.assert_close(half, (galaxies.flux + whole) / 2)


def test_other_populations_have_the_light_of_the_same_mass(galaxies):
    """Two models of the same galaxies, initial mass functions and masses agree to tens of percent, not more."""
    ratio = (noiseless("other_sps", galaxies, 1.0) / galaxies.flux).mean(1)
    assert 0.7 < ratio.median() < 1.3
    assert (ratio - 1).abs().median() > 0.01


def test_redshift_moves_the_light_to_the_red(galaxies):
    """Where a spectrum is smooth, a pixel shows what an interpolated one shows at its wavelength / (1 + z)."""
    wavelength, strength = galaxies.wavelength.double().numpy(), 0.02
    moved = noiseless("redshift", galaxies, strength)
    expected = np.stack([np.interp(wavelength / (1 + strength), wavelength, each) for each in galaxies.flux.numpy()])
    smooth = (wavelength > 5300) & (wavelength < 5700)
    assert np.median(np.abs(moved.numpy() / expected - 1)[:, smooth]) < 0.005
    assert np.median(np.abs(moved.numpy() / galaxies.flux.numpy() - 1)[:, smooth]) > 0.005


@pytest.mark.parametrize("kind", ["tilt", "ripple"])
def test_calibration_errors_are_the_same_for_all_and_conserve_the_mean(galaxies, kind):
    ratio = noiseless(kind, galaxies, 0.1) / galaxies.flux
    torch.testing.assert_close(ratio, ratio[:1].expand_as(ratio))
    assert ratio[0].mean() == pytest.approx(1, abs=1e-5)
    assert ratio[0].max() - ratio[0].min() == pytest.approx(0.1 if kind == "tilt" else 0.2, rel=0.01)


def test_agn_adds_its_share_at_5500_angstrom_and_is_bluer(galaxies):
    added = noiseless("agn", galaxies, 0.3) - galaxies.flux
    near = (galaxies.wavelength - 5500).abs().argmin()
    torch.testing.assert_close(added[:, near], 0.3 * galaxies.flux[:, near])
    slope = torch.log(added[:, -1] / added[:, 0]) / torch.log(galaxies.wavelength[-1] / galaxies.wavelength[0])
    np.testing.assert_allclose(slope, -1.5, rtol=1e-3)


def test_older_galaxies_are_those_of_the_exact_simulator(galaxies):
    theta = galaxies.theta.clone()
    theta[:, index("tage")] += 4
    torch.testing.assert_close(noiseless("older", galaxies, 4.0), galaxies.simulator(theta))


def test_a_burst_alone_is_a_galaxy_that_formed_at_once(galaxies):
    """Close to what a delayed-tau galaxy of the shortest tau and that age shows."""
    burst = single_burst(galaxies, 5.0)
    theta = galaxies.theta.clone()
    theta[:, index("tage")], theta[:, index("logtau")] = 5.0, -1.5
    np.testing.assert_allclose(burst / galaxies.simulator(theta), 1, atol=0.06)


def test_a_young_burst_brightens_by_its_share(galaxies):
    weak, strong = (noiseless("burst", galaxies, strength) / galaxies.flux - 1 for strength in (0.01, 0.1))
    torch.testing.assert_close(10 * weak, strong, rtol=1e-3, atol=1e-5)


def test_correlated_noise_keeps_its_variance():
    unit = correlated(torch.randn(2000, 138, generator=random()), 0.6)
    assert unit.var().item() == pytest.approx(1, abs=0.02)
    assert (unit[:, 1:] * unit[:, :-1]).mean().item() == pytest.approx(0.6, abs=0.02)
    assert (unit[:, 2:] * unit[:, :-2]).mean().item() == pytest.approx(0.36, abs=0.02)


@pytest.mark.parametrize(("kind", "expected"), [("louder_noise", 2.0), ("quieter_noise", 0.5)])
def test_noise_is_off_by_the_factor(galaxies, kind, expected):
    pull = (corrupted(kind, galaxies, 1.0, FRACTION, random()) / galaxies.flux - 1) / FRACTION
    assert pull.std().item() == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("kind", "factor"), [("spike", 1.5), ("dead_pixel", 0.5)])
def test_one_pixel_each_is_wrong(galaxies, kind, factor):
    ratio = corrupted(kind, galaxies, 0.5, FRACTION, random()) / add_noise(galaxies.flux, random(), FRACTION)
    wrong = (ratio - 1).abs() > 1e-4
    assert (wrong.sum(1) == 1).all()
    np.testing.assert_allclose(ratio[wrong], factor, rtol=1e-5)
    assert len(set(wrong.nonzero()[:, 1].tolist())) > 20


def test_a_scaled_pixel_is_any_pixel():
    flux = scaled_pixel(torch.ones(5000, 10), 3.0, random())
    share = (flux == 3).double().mean(0)
    np.testing.assert_allclose(share, 0.1, atol=0.02)

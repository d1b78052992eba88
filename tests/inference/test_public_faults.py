"""The public API handed what users hand in: odd, spoiled and none at all."""

import pickle
import sys

import numpy as np
import pytest
import torch
from astropy import units

import digs
from digs.files.units import FLUX_UNIT
from digs.flows.network_files import NETWORKS
from digs.inference.network_inference import OUTSIDE, REFITTED, TRUSTED
from digs.inference.posterior import NoPosteriorError

infer_module = sys.modules["digs.inference.network_inference"]  # whose function has its name
FEW, SPOILED = 4, 1
OTHERS = np.arange(FEW) != SPOILED


@pytest.fixture(scope="module")
def sound(flux) -> infer_module.Inference:
    return digs.infer(flux, draws=30, seed=3)


# the numbers


FIFTH = {
    "fiducial": [
        [8.7838, -1.8947, 0.6707, 2.7974, -0.879],
        [10.9548, -0.1018, 0.2813, 3.3491, 0.9536],
        [9.6599, -1.0443, 0.9393, 0.2142, -0.5455],
    ],
    "paper": [
        [8.6014, -1.1032, 0.5108, 1.7895, -0.9288],
        [10.911, 0.1141, 0.457, 1.6011, 0.1209],
        [9.526, -0.8586, 0.7437, 0.2128, -0.1252],
    ],
}
FIFTH_LOG_PROB = {"fiducial": [3.974, 7.87, 8.675], "paper": [4.59, 7.104, 7.64]}


@pytest.mark.parametrize("name", FIFTH)
def test_a_seed_gives_the_draws_that_it_always_gave(flux, networks, name):
    draws = networks[name].sample(flux[:3], 5, seed=1)
    np.testing.assert_allclose(draws[:, 4], FIFTH[name], atol=3e-4)  # the fifth of each galaxy
    np.testing.assert_allclose(networks[name].log_prob(draws, flux[:3])[:, 4], FIFTH_LOG_PROB[name], atol=5e-3)


# one bad galaxy


def pixel(value):
    def spoil(flux):
        flux[SPOILED, 60] = value

    return spoil


def brighter(factor):
    def spoil(flux):
        flux[SPOILED] *= factor

    return spoil


BAD = {
    "cosmic ray": (lambda flux: flux.__setitem__((SPOILED, 60), 1e4 * flux[SPOILED, 60]), "so far from all"),
    "fill value": (pixel(1e20), "so far from all"),
    "float overflow": (pixel(1e39), "flux 1e+39 at pixel 60"),
    "float underflow": (pixel(1e-60), "flux 1e-60 at pixel 60"),
    "nan": (pixel(np.nan), "flux nan at pixel 60"),
    "inf": (pixel(np.inf), "flux inf at pixel 60"),
    "zero": (pixel(0.0), "flux 0 at pixel 60"),
    "negative": (pixel(-1e-18), "flux -1e-18 at pixel 60"),
    "other units": (brighter(1e30), "so far from all"),
    "other units, too faint": (brighter(1e-20), "no fit of the model"),
    "flat": (lambda flux: flux.__setitem__(SPOILED, 1e-16), "no fit of the model"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_galaxy_is_outside_the_model_and_changes_nothing_for_the_others(flux, sound, kind):
    spoil, reason = BAD[kind]
    spoiled = flux.astype(float)
    spoil(spoiled)
    found = digs.infer(spoiled, draws=30, seed=3)
    assert found.verdict[SPOILED] == OUTSIDE
    assert reason in found.reason[SPOILED]
    assert np.isnan(found.draws[SPOILED]).all()
    assert (found.verdict[OTHERS] == TRUSTED).all()
    assert (found.reason[OTHERS] == "").all()
    np.testing.assert_array_equal(found.draws[OTHERS], sound.draws[OTHERS])
    for name, values in sound.statistics.items():
        np.testing.assert_allclose(found.statistics[name][OTHERS], values[OTHERS], rtol=1e-4, err_msg=name)


def test_a_masked_pixel_puts_its_galaxy_outside_the_model(flux, sound):
    masked = np.ma.masked_array(flux, mask=np.zeros(flux.shape, bool))
    np.testing.assert_array_equal(digs.infer(masked, draws=30, seed=3).draws, sound.draws)
    masked.mask[SPOILED, 7] = True
    found = digs.infer(masked, draws=30, seed=3)
    assert found.reason.tolist() == ["", "a masked flux at pixel 7", "", ""]
    np.testing.assert_array_equal(found.draws[OTHERS], sound.draws[OTHERS])


@pytest.mark.parametrize("spoil", [lambda flux: flux * 1e30, lambda flux: flux * np.nan, lambda flux: -flux])
def test_no_galaxy_of_the_model_at_all(flux, spoil):
    found = digs.infer(spoil(flux.astype(float)), draws=10)
    assert (found.verdict == OUTSIDE).all()
    assert np.isnan(found.draws).all()
    assert all(found.reason)


def test_no_nan_leaves_a_posterior_in_silence(flux, networks, refused):
    spoiled = flux.astype(float)
    spoiled[1, 60], spoiled[3] = 1e20, 1e30 * spoiled[3]
    with refused("no posterior for galaxies 1 and 3", "digs.infer"):
        networks["fiducial"].sample(spoiled, 200, seed=1)
    with pytest.raises(NoPosteriorError) as caught:
        networks["fiducial"].sample(spoiled, 200, seed=1)
    assert caught.value.rows == [1, 3]
    assert pickle.loads(pickle.dumps(caught.value)).rows == [1, 3]
    theta = networks["fiducial"].sample(flux, 5, seed=1)
    with refused("no posterior for galaxies 1 and 3"):
        networks["fiducial"].log_prob(theta, spoiled)
    theta[2, 0, 0] = torch.nan
    with refused("theta of galaxy 2 is nan"):
        networks["fiducial"].log_prob(theta, flux)


# what arrays carry, and how they lie in memory


KINDS = {
    "big-endian": lambda flux: flux.astype(">f4"),
    "big-endian, 64 bits": lambda flux: flux.astype(">f8"),
    "negative strides": lambda flux: np.ascontiguousarray(flux[:, ::-1])[:, ::-1],
    "not contiguous": lambda flux: np.repeat(flux, 2, axis=0)[::2],
    "Fortran order": np.asfortranarray,
    "list": lambda flux: [row.tolist() for row in flux],
    "list of tensors": lambda flux: list(torch.as_tensor(flux)),
    "tensor with gradients": lambda flux: torch.tensor(flux, requires_grad=True),
    "quantity": lambda flux: flux * units.Unit(FLUX_UNIT),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_kinds_of_arrays_have_the_same_draws(flux, networks, kind):
    given = KINDS[kind](flux)
    for posterior in networks.values():
        expected = posterior.sample(flux, 20, seed=np.int64(2))
        found = posterior.sample(given, 20, seed=2)
        assert torch.equal(found, expected)
        assert torch.equal(posterior.log_prob(found.numpy().astype(">f8"), given), posterior.log_prob(expected, flux))


@pytest.mark.parametrize("unit", ["W / (m2 um)", "Jy", "1e-17 erg / (s cm2 Angstrom)", "mag(AB)"])
def test_other_units_have_the_same_posterior(flux, sound, networks, unit):
    posterior = networks["fiducial"]
    given = (flux.astype(float) * units.Unit(FLUX_UNIT)).to(
        unit, units.spectral_density(posterior.wavelength * units.Angstrom)
    )
    np.testing.assert_allclose(posterior.sample(given, 20, seed=2), posterior.sample(flux, 20, seed=2), atol=1e-3)
    np.testing.assert_allclose(digs.infer(given, draws=30, seed=3).draws, sound.draws, atol=1e-3)


def test_what_cannot_be_fluxes_is_refused(flux, networks, refused):
    for call in (digs.infer, lambda flux: networks["paper"].sample(flux, 5, seed=1)):
        for given, words in (
            (flux * units.m, "no flux density"),
            (flux * units.dimensionless_unscaled, "no dimension"),
            (flux.astype(complex), "numbers"),
            (flux > 0, "numbers"),
            (np.full((1, 138), "bright"), "numbers"),
            (flux[:, :100], "100 pixels, not 138"),
            (flux[None], "3 axes"),
            (np.float32(1.0), "0 axes"),
            (np.empty(0), "0 pixels, not 138"),
            ([flux[0], flux[1, :50]], "differ in length"),
        ):
            with refused(words):
                call(given)


def test_posteriors_name_the_galaxy_whose_flux_is_bad(flux, networks, refused):
    for value, words in ((np.nan, "nan"), (np.inf, "inf"), (-1e-18, "-1e-18"), (0.0, "flux 0")):
        spoiled = flux.copy()
        spoiled[2, 7] = value
        with refused("Galaxy 2", words, "pixel 7"):
            networks["paper"].sample(spoiled, 5, seed=1)


# numbers and places


@pytest.mark.parametrize("seed", [2**32, 2**63 - 1, np.uint64(2**40), torch.tensor(3)])
def test_every_seed_of_the_range_will_do(flux, networks, seed, suspicious):
    assert networks["paper"].sample(flux, 3, seed).isfinite().all()
    suspicious("novelty")
    found = digs.infer(flux[:1], 5, seed)
    assert found.verdict.tolist() == [REFITTED]
    assert np.isfinite(found.draws).all()


def test_bad_numbers_are_refused_before_any_work(networks, refused, monkeypatch):
    monkeypatch.setattr(infer_module, "_warning_lights", lambda: pytest.fail("it has begun to work"))
    for seed in (-1, 2**63, 1.0, True, "1", None):
        with refused("The seed is"):
            digs.infer("unread", seed=seed)
        with refused("The seed is"):
            networks["paper"].sample("unread", 2, seed)
    for draws in (0, -3, 2.5, 10.0, True):
        with refused("The number of draws is"):
            digs.infer("unread", draws=draws)
        with refused("The number of draws is"):
            networks["paper"].sample("unread", draws, seed=1)


def test_no_galaxies_have_no_posteriors(flux, networks):
    for given in (flux[:0], [], torch.empty(0, 138)):
        found = digs.infer(given, draws=7)
        assert found.draws.shape == (0, 7, 5)
        assert found.verdict.shape == found.reason.shape == (0,)
        assert all(values.shape == (0,) for values in (*found.lights.values(), *found.statistics.values()))
        for posterior in networks.values():
            draws = posterior.sample(given, 7, seed=1)
            assert draws.shape == (0, 7, 5)
            assert posterior.log_prob(draws, given).shape == (0, 7)
    assert networks["paper"].log_prob(np.empty((FEW, 0, 5)), flux).shape == (FEW, 0)


def test_places_and_devices(flux, networks, refused):
    loaded = digs.Posterior.load("paper", folder=str(NETWORKS))
    assert torch.equal(loaded.sample(flux, 3, seed=1), networks["paper"].sample(flux, 3, seed=1))
    for device in ("gpu", "meta", "cuda:99", 3.5):
        with refused(f"'{device}'", "'cpu'"):
            digs.Posterior.load("paper", device=device)
    with refused("no network 'nobody'", "paper"):
        digs.Posterior.load("nobody")
    with refused("no network 'paper' in /nowhere", "none at all"):
        digs.Posterior.load("paper", folder="/nowhere")


def test_theta_of_other_kinds(refused):
    simulator, theta = digs.Simulator(), [[10.5, -0.4, 0.6, 1.6, -0.9]]
    expected = simulator(torch.tensor(theta, dtype=torch.float64))
    for given in (theta, np.array(theta, ">f8"), np.array(theta)[:, ::-1].copy()[:, ::-1]):
        assert torch.equal(simulator(given), expected)
    assert simulator([[10, 0, 1, 2, 0]]).shape == (1, 138)
    assert simulator(np.empty((0, 5))).shape == (0, 138)
    with refused("theta have the unit 'Gyr'"):
        simulator(theta * units.Gyr)
    with refused("real numbers"):
        simulator([["a"] * 5])


def test_noise_comes_in_the_kind_that_was_given(refused):
    flux = np.linspace(1.0, 2.0, 12).reshape(2, 6)
    seeded = lambda: torch.Generator().manual_seed(1)
    expected = digs.add_noise(torch.as_tensor(flux), seeded())
    assert isinstance(expected, torch.Tensor)
    for given in (flux, flux.tolist(), flux.astype(">f8"), np.ma.masked_array(flux)):
        found = digs.add_noise(given, seeded())
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, expected)
    assert digs.add_noise(flux.astype("f4"), seeded()).dtype == np.float32
    quantity = digs.add_noise(flux * units.Jy, seeded())
    assert quantity.unit == units.Jy
    np.testing.assert_array_equal(quantity.value, expected)
    for given, options, words in (
        (["a"], {}, "numbers"),
        (np.ma.masked_array(flux, flux > 1.5), {}, "masked"),
        (flux * units.ABmag, {}, "logarithmic"),
        (flux, {"fraction": -0.1}, "fraction"),
        (flux, {"fraction": np.nan}, "fraction"),
        (flux, {"generator": 1}, "torch.Generator"),
    ):
        with refused(words):
            digs.add_noise(given, **options)

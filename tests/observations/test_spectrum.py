"""What a spectrum is: its units, its hidden pixels, its line-spread function, and that it cannot be changed."""

import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from astropy import units
from scipy.sparse import csr_array, eye_array

from digs.observations import Spectrum
from digs.physics.air import vacuum_to_air
from digs.physics.simulator import Simulator

PIXELS = 300
WAVELENGTH = np.linspace(5000.0, 5299, PIXELS)
FLUX = np.linspace(1e-17, 2e-17, PIXELS)
SIGMA = np.full(PIXELS, 1e-18)


def spectrum(**changes) -> Spectrum:
    return Spectrum(**({"wavelength": WAVELENGTH, "flux": FLUX, "sigma": SIGMA, "redshift": 0.1} | changes))


def test_numbers_are_kept():
    found = spectrum(resolution=1000, light="fibre", name="NGC 1")
    np.testing.assert_array_equal(found.wavelength, WAVELENGTH)
    np.testing.assert_array_equal(found.flux, FLUX)
    np.testing.assert_array_equal(found.sigma, SIGMA)
    assert not found.mask.any()
    assert (found.redshift, found.medium, found.light, found.name, found.notes) == (0.1, "vacuum", "fibre", "NGC 1", ())
    assert (found.resolution == 1000).all()


def test_units_are_converted():
    per_frequency = units.spectral_density(WAVELENGTH * units.AA)
    flam = FLUX * units.erg / units.s / units.cm**2 / units.AA
    sigma = SIGMA * units.erg / units.s / units.cm**2 / units.AA
    found = spectrum(
        wavelength=WAVELENGTH / 1e4 * units.um,
        flux=flam.to(units.uJy, per_frequency),
        sigma=sigma.to(units.mJy, per_frequency),
    )
    np.testing.assert_allclose(found.wavelength, WAVELENGTH, rtol=1e-14)
    np.testing.assert_allclose(found.flux, FLUX, rtol=1e-12)
    np.testing.assert_allclose(found.sigma, SIGMA, rtol=1e-12)


def test_frequency_densities_are_of_vacuum():
    """A flux in F_nu given in air is converted at the wavelength in vacuum."""
    air = vacuum_to_air(WAVELENGTH)
    one = spectrum(wavelength=air, medium="air", flux=np.ones(PIXELS) * units.uJy, sigma=np.ones(PIXELS) * units.uJy)
    other = spectrum(flux=np.ones(PIXELS) * units.uJy, sigma=np.ones(PIXELS) * units.uJy)
    np.testing.assert_allclose(one.wavelength, WAVELENGTH, rtol=1e-12)
    np.testing.assert_allclose(one.flux, other.flux, rtol=1e-12)


def test_bad_pixels_are_hidden_and_said():
    flux, sigma, mask = FLUX.copy(), SIGMA.copy(), np.zeros(PIXELS, bool)
    flux[3], flux[4], sigma[5], sigma[6], sigma[7], mask[8] = np.nan, np.inf, 0.0, -1.0, np.nan, True
    found = spectrum(flux=flux, sigma=sigma, mask=mask, resolution=1000)
    np.testing.assert_array_equal(np.flatnonzero(found.mask), [3, 4, 5, 6, 7, 8])
    np.testing.assert_array_equal(np.isinf(found.sigma), found.mask)
    assert np.isfinite(found.flux).all()
    assert found.notes == ("5 pixels without a finite flux and a positive, finite sigma are hidden.",)


def test_gaps_are_filled():
    kept = np.abs(WAVELENGTH - 5100) > 10.5
    full = spectrum(sigma_kms=np.linspace(100, 200, PIXELS))
    found = spectrum(
        wavelength=WAVELENGTH[kept], flux=FLUX[kept], sigma=SIGMA[kept], sigma_kms=np.linspace(100, 200, PIXELS)[kept]
    )
    np.testing.assert_allclose(found.wavelength, full.wavelength)
    np.testing.assert_array_equal(found.mask, ~kept)
    np.testing.assert_allclose(found.sigma_kms, full.sigma_kms)
    assert "21 pixels that fill gaps" in found.notes[0]


def test_a_resolution_matrix_is_filled_too():
    kept = np.abs(WAVELENGTH - 5100) > 10.5
    matrix = 0.5 * eye_array(kept.sum()) + 0.5 * eye_array(kept.sum(), k=1)
    found = spectrum(wavelength=WAVELENGTH[kept], flux=FLUX[kept], sigma=SIGMA[kept], resolution=csr_array(matrix))
    filled = found.resolution.toarray()
    np.testing.assert_array_equal(filled[np.ix_(kept, kept)], matrix.toarray())
    np.testing.assert_array_equal(filled[~kept], np.eye(PIXELS)[~kept])


def test_slow_changes_of_the_step_are_no_gaps():
    wavelength = 5000 * np.exp(np.cumsum(np.linspace(1e-4, 5e-4, PIXELS)))
    assert spectrum(wavelength=wavelength).pixels == PIXELS


def test_it_cannot_be_changed():
    found = spectrum(resolution=eye_array(PIXELS, format="csr"))
    with pytest.raises(FrozenInstanceError):
        found.redshift = 0.2
    for array in (found.wavelength, found.flux, found.sigma, found.mask, found.resolution.data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    own = FLUX.copy()
    kept = spectrum(flux=own)
    own[0] = 5.0
    assert kept.flux[0] == FLUX[0]


def test_a_line_spread_of_no_width_is_said():
    found = spectrum()
    assert [note for note in found.notes if "line-spread function" in note] == [found.notes[-1]]
    assert pickle.loads(pickle.dumps(found)).notes == found.notes
    for wide in (spectrum(sigma_kms=0), spectrum(resolution=1000), replace(found, sigma_kms=100)):
        assert wide.notes == ()


@pytest.mark.parametrize("copy", [lambda found: pickle.loads(pickle.dumps(found)), lambda found: replace(found)])
def test_copies_are_the_same(copy):
    found = spectrum(wavelength=vacuum_to_air(WAVELENGTH), medium="air", sigma_kms=100, mask=WAVELENGTH < 5010)
    twin = copy(found)
    assert twin.digest == found.digest
    assert twin.notes == found.notes
    with pytest.raises(ValueError, match="read-only"):
        twin.flux[0] = 1


@pytest.mark.parametrize("changes", [{"flux": 2 * FLUX}, {"redshift": 0.2}, {"sigma_kms": 90}, {"resolution": 500}])
def test_whatever_matters_changes_the_digest(changes):
    assert spectrum(**changes).digest != spectrum().digest
    assert spectrum(name="other", notes=["Said."]).digest == spectrum().digest


def test_the_instrument_is_the_one_that_saw_it():
    assert (spectrum(sigma_kms=150).instrument().sigma_kms == 150).all()
    np.testing.assert_allclose(spectrum(sigma_kms=150).instrument(200).sigma_kms, 250)
    assert (spectrum().instrument(200).sigma_kms == 200).all()
    kms = 299792.458 / 1000 / 2.3548200450309493
    total = spectrum(resolution=1000).instrument(200).resolution
    np.testing.assert_allclose(299792.458 / total / 2.3548200450309493, np.hypot(kms, 200))


def test_the_simulator_takes_it(fake_populations):
    found = spectrum(sigma_kms=150)
    flux = Simulator(found.instrument(), redshift=found.redshift, path=fake_populations)([[10.5, -0.4, 0.6, 1.6, -0.9]])
    assert flux.shape == (1, found.pixels)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sigma": None}, "sigma is missing"),
        ({"flux": FLUX[:-1]}, "flux has shape (299,)"),
        ({"sigma": 1e-18}, "sigma has shape ()"),
        ({"flux": np.array([{}] * PIXELS, dtype=object)}, "flux do not hold real numbers"),
        ({"wavelength": WAVELENGTH[::-1]}, "descend"),
        ({"wavelength": np.repeat(WAVELENGTH[::2], 2)}, "repeat"),
        ({"wavelength": WAVELENGTH * units.s}, "the unit 's'"),
        ({"wavelength": WAVELENGTH / 1e4}, "around 0.515 Angstrom"),
        ({"flux": FLUX * units.mag}, "'mag'"),
        ({"flux": FLUX * units.MJy / units.sr}, "MJy / sr"),
        ({"flux": 1e17 * FLUX, "sigma": 1e17 * SIGMA}, "median of 1.5"),
        ({"flux": 0 * FLUX}, "0 in every pixel"),
        ({"flux": np.nan * FLUX}, "Every pixel is hidden"),
        ({"sigma": -SIGMA}, "Every pixel is hidden"),
        ({"mask": np.ones(PIXELS, bool)}, "Every pixel is hidden"),
        ({"mask": np.zeros(PIXELS, int)}, "True or False"),
        ({"redshift": -0.1}, "redshift is -0.1"),
        ({"redshift": np.nan}, "redshift is nan"),
        ({"sigma_kms": 100, "resolution": 1000}, "both"),
        ({"resolution": np.eye(PIXELS - 1)}, "matrix has shape (299, 299)"),
        ({"resolution": np.full(PIXELS, np.nan)}, "resolution has the value nan"),
        ({"medium": "water"}, "'water'"),
        ({"notes": "a text"}, "notes"),
        ({"wavelength": [5000.0], "flux": [1e-17], "sigma": [1e-18]}, "1 pixels"),
        ({"wavelength": np.concatenate([WAVELENGTH[:-1], [1e9]])}, "would fill them"),
    ],
)
def test_what_is_no_spectrum_is_refused(refused, changes, said):
    with refused(said):
        spectrum(**changes)


def test_nothing_is_added_to_a_matrix(refused):
    with refused("is a matrix"):
        spectrum(resolution=np.eye(PIXELS)).instrument(100)

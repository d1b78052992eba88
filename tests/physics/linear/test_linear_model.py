"""Spectra from shapes against the exact simulator and against the populations' own resolution."""

import numpy as np
import pytest
import torch
from scipy.sparse import diags_array

from digs.base.errors import DigsError
from digs.files.product import read_product
from digs.files.schemas.basis_schema import BASIS
from digs.physics.distance import dimming
from digs.physics.instrument import Instrument
from digs.physics.linear.galaxy_light import GalaxyLight
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.shapes import BASIS_FILE, Shapes
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import stored_populations

LOW = torch.tensor([10.0, -2.0, 0.0, 0.01, -1.0, -1.3, -4.0], dtype=torch.float64)
HIGH = torch.tensor([11.0, 0.3, 1.0, 13.8, 1.0, 0.3, -1.0], dtype=torch.float64)
NEIGHBOURS = diags_array([0.2, 0.6, 0.2], offsets=[-1, 0, 1], shape=(400, 400)).tocsr()
INSTRUMENTS = {
    "sdss": (Instrument(np.geomspace(3800, 9200, 3800), sigma_kms=70.0), 0.08),
    "air": (Instrument(np.linspace(4500, 7000, 800), sigma_kms=150.0, medium="air"), 0.02),
    "resolution": (Instrument(np.geomspace(4200, 7800, 900), resolution=1000.0), 0.1),
    "matrix": (Instrument(np.linspace(5000, 6000, 400), resolution=NEIGHBOURS), 0.2),
    "sampled": (Instrument(np.linspace(5200, 9000, 500), sigma_kms=350.0, integrate=False), 0.4),
}
SDSS = INSTRUMENTS["sdss"]


@pytest.fixture(scope="module")
def coefficients() -> SpectrumCoefficients:
    return SpectrumCoefficients(free_gas=True)


def galaxies(number: int, dust: float = 1.0) -> torch.Tensor:
    unit = torch.rand(number, 7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    theta = LOW + (HIGH - LOW) * unit
    theta[:, 2] *= dust
    return theta


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_pixels_agree_with_the_simulator(name, coefficients):
    instrument, redshift = INSTRUMENTS[name]
    theta = galaxies(60)
    model = LinearModel.of(instrument, redshift)
    found = model.flux(coefficients.with_lines(model.lines), theta)
    expected = Simulator(instrument, redshift, "free", dtype=torch.float64)(theta)
    error = (found / expected - 1).abs().numpy()
    assert np.median(error) < 2e-5
    assert np.quantile(error, 0.999) < 1.5e-3


def test_dust_comes_before_the_line_spread_function(coefficients):
    """At dust2 of 4, where the simulator's expansion ends, against all native wavelengths."""
    stored, theta = stored_populations(), galaxies(40, dust=4.0)
    model = LinearModel.of(*SDSS)
    light = GalaxyLight(stored, np.arange(len(stored.product["wavelength"])), free_gas=True)
    continuum, lines = (part.numpy() for part in light(theta))
    matrix = SDSS[0].response(stored.product["wavelength"], stored.product["resolution"], SDSS[1])
    native = (matrix @ (continuum + lines @ stored.profiles).T).T * 10 ** theta[:, :1].numpy() * dimming(SDSS[1])
    found = model.flux(coefficients.with_lines(model.lines), theta).numpy()
    error = np.abs(found / native - 1)
    assert np.median(error) < 2e-5
    assert np.quantile(error, 0.999) < 3e-3


def test_coefficients_do_not_depend_on_the_company(coefficients):
    theta = galaxies(50)
    together = coefficients(theta)
    assert torch.allclose(coefficients(theta[7:9]), together[7:9], rtol=1e-9)
    assert coefficients(theta[:0]).shape == (0, together.shape[1])


def test_lines_are_chosen_in_their_order(coefficients):
    theta = galaxies(5)
    every = coefficients(theta)[:, coefficients.shapes :]
    assert torch.equal(coefficients.with_lines([50, 3])(theta)[:, coefficients.shapes :], every[:, [50, 3]])


def test_gas_follows_the_stars_or_is_free(coefficients):
    theta = galaxies(20)
    theta[:, 5] = theta[:, 1]
    tied = SpectrumCoefficients()
    assert torch.allclose(tied(theta[:, [0, 1, 2, 3, 4, 6]]), coefficients(theta), rtol=1e-12)
    assert tied.names == ("logmass", "logzsol", "dust2", "tage", "logtau", "gas_logu")


def test_a_dispersion_adds_to_the_instruments_in_quadrature(coefficients):
    theta, (instrument, redshift) = galaxies(10), SDSS
    wider = Instrument(instrument.wavelength, sigma_kms=np.hypot(70.0, 240.0))
    found = LinearModel.of(instrument, redshift, dispersion=240.0)
    expected = LinearModel.of(wider, redshift)
    shapes = coefficients.shapes
    assert np.allclose(found.matrix[:, :shapes], expected.matrix[:, :shapes], rtol=1e-9)
    place = int(np.flatnonzero(found.lines == found.lines[found.matrix[:, shapes:].max(0).argmax()])[0])
    profile = found.matrix[:, shapes + place]
    velocity = 299792.458 * np.log(found.wavelength / found.wavelength[profile.argmax()])
    width = np.sqrt((profile * velocity**2).sum() / profile.sum())
    assert width == pytest.approx(250.0, rel=0.02)
    assert found.flux(coefficients.with_lines(found.lines), theta).isfinite().all()


def test_a_total_resolution_takes_the_populations_own_width_into_account():
    """lambda / FWHM of 1000 and 200 km/s together are what a lower resolution is by itself."""
    wavelength = np.linspace(4400, 7000, 600)
    total = 299792.458 / np.hypot(299792.458 / 1000, 200 * np.sqrt(8 * np.log(2)))
    found = LinearModel.of(Instrument(wavelength, resolution=1000.0), 0.1, dispersion=200.0)
    expected = LinearModel.of(Instrument(wavelength, resolution=total), 0.1)
    assert np.allclose(found.matrix, expected.matrix, rtol=1e-8, atol=1e-12 * np.abs(found.matrix).max())
    assert not found.coarse.any()


def test_where_the_populations_are_too_coarse_it_is_said():
    model = LinearModel.of(Instrument(np.linspace(6500, 9200, 600), resolution=4000.0), 0.08, dispersion=40.0)
    assert model.coarse[model.wavelength > 7600].all()
    assert not model.coarse[(model.wavelength > 6600) & (model.wavelength < 7300)].any()


def test_flux_is_proportional_to_the_mass(coefficients):
    model = LinearModel.of(*INSTRUMENTS["air"])
    theta = galaxies(1).repeat(2, 1)
    theta[1, 0] += 1
    few = coefficients.with_lines(model.lines)
    assert torch.allclose(model.flux(few, theta)[1], 10 * model.flux(few, theta)[0], rtol=1e-12)


@pytest.mark.parametrize(
    "place, value, word", [(1, 0.9, "logzsol"), (2, -0.1, "dust2"), (3, 30.0, "tage"), (6, np.nan, "gas_logu")]
)
def test_theta_outside_the_populations_is_refused_by_name(place, value, word, coefficients):
    theta = galaxies(3)
    theta[1, place] = value
    with pytest.raises(DigsError, match=f"{word}.*row 1"):
        coefficients(theta)


def test_bad_arguments_are_refused(coefficients):
    with pytest.raises(DigsError, match="shape"):
        coefficients(galaxies(3)[:, :5])
    with pytest.raises(DigsError, match="redshift"):
        LinearModel.of(SDSS[0], 0.0)
    with pytest.raises(DigsError, match="dispersion"):
        LinearModel.of(*SDSS, dispersion=-1.0)
    with pytest.raises(DigsError, match="populations have"):
        LinearModel.of(SDSS[0], 2.5)


def test_rounding_of_weak_shapes_takes_nothing_from_galaxies(monkeypatch):
    x, slope = np.linspace(1, 2, 200), np.linspace(-2, 2, 60)[:, None]
    light = x**slope * (1 + 0.1 * np.sin(9 * x * slope))
    found = Shapes.of(light, rank=8, places=12)
    monkeypatch.setattr("digs.physics.linear.shapes._ROUNDING", 1e-30)
    exact = Shapes.of(light, rank=8, places=12)
    apart = np.abs(found.shapes / exact.shapes - 1).max(1)
    assert apart[0] < 1e-6 and apart[-1] > 1e-5  # the weakest has few bits
    assert np.array_equal(found.from_places, exact.from_places)
    assert np.abs(found.loss(light) - exact.loss(light)).max() < 1e-6


def test_stored_shapes_lose_as_little_as_they_should():
    product = read_product(BASIS_FILE, BASIS)
    assert BASIS_FILE.stat().st_size < 1.5e6
    for name in ("loss", "binned_loss"):
        assert np.median(product[name]) < 1.5e-5
        assert product[name].max() < 1e-4
    assert len(Shapes.stored().shapes) == product["shapes"].shape[0]

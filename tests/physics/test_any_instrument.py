"""Galaxies on any instrument, from synthetic populations: sums done by hand, batches, gradients, and errors."""

import numpy as np
import pandas
import pytest
import torch
from astropy import units
from astropy.cosmology import WMAP9
from conftest import AGE, FAKE_PIXELS

from digs.config.params import load_params
from digs.files.product import Product, read_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.physics.distance import SOLAR_LUMINOSITY, dimming
from digs.physics.dust import calzetti
from digs.physics.gas_lines import line_profiles
from digs.physics.gas_modes import refined_metallicities
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.instrument import Instrument
from digs.physics.simulator import Simulator

KINDS = ("solar", "stars", "free")
FEW = Instrument(np.linspace(4000, 8000, 12), sigma_kms=350.0, integrate=False)
MANY = Instrument(np.geomspace(4200, 8800, 1500), sigma_kms=200.0, integrate=False)
INSTRUMENTS = {"few": (FEW, 1e-5), "many": (MANY, 0.1)}


def thetas(kind: str, number: int, wide_theta) -> torch.Tensor:
    theta = wide_theta(number, 8).double()
    if kind != "free":
        return theta
    unit = torch.rand(number, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return torch.cat([theta, torch.tensor([-2.0, -4.5]) + unit * torch.tensor([2.5, 4.0])], 1)


def interpolated(nodes: np.ndarray, values: np.ndarray, place: float) -> np.ndarray:
    place = np.interp(place, nodes, np.arange(len(nodes)))
    below = min(int(place), len(nodes) - 2)
    return values[below] + (place - below) * (values[below + 1] - values[below])


def by_hand(data: Product, instrument: Instrument, redshift: float, row: np.ndarray, gas: tuple[float, float]):
    """A spectrum in the order of nature: populations, gas, dust at all wavelengths, then the instrument."""
    logmass, logzsol, dust2, tage, logtau = row[:5]
    native = data["wavelength"]
    fraction = DelayedTau(AGE, torch.float64)(torch.tensor([tage]), torch.tensor([logtau]))[0].numpy()
    ages = len(fraction)
    stars = fraction @ interpolated(data["logzsol"], data["coefficients"].astype(float), logzsol)[:ages] @ data["basis"]
    photons = fraction * interpolated(data["logzsol"], data["photons"], logzsol)[:ages]
    logs = np.concatenate([data["log_lines"], data["log_continuum"]], -1).astype(float)
    logs = interpolated(data["gas_logz"], logs, gas[0])
    logs = interpolated(data["gas_logu"], logs.swapaxes(0, 1), gas[1])
    emission = sum(
        one * 10 ** interpolated(np.log10(data["gas_age"]), logs, np.log10(age))
        for one, age in zip(photons, AGE[:ages], strict=True)
        if age <= data["gas_age"][-1] * (1 + 1e-6)
    )
    lines = len(data["line_wavelength"])
    profiles = line_profiles(native, data["line_wavelength"], data["line_sigma"])
    attenuation = np.exp(-dust2 * calzetti(native))
    attenuated = (emission[:lines] * np.exp(-dust2 * calzetti(data["line_wavelength"]))) @ profiles
    total = attenuated + attenuation * (stars + emission[lines:] @ data["continuum_shape"])
    matrix = instrument.response(native, data["resolution"], redshift)
    return 10**logmass * dimming(redshift) * (matrix @ total)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_spectrum_is_the_sum_that_one_does_by_hand(fake_populations, wide_theta, kind, name):
    instrument, redshift = INSTRUMENTS[name]
    data, theta = read_product(fake_populations, POPULATIONS), thetas(kind, 12, wide_theta)
    spectra = Simulator(instrument, redshift, kind, path=fake_populations, dtype=torch.float64)(theta).numpy()
    gas = {"solar": lambda row: (0.0, -2.0), "stars": lambda row: (row[1], -2.0), "free": lambda row: row[5:]}[kind]
    expected = np.stack([by_hand(data, instrument, redshift, row, gas(row)) for row in theta.numpy()])
    difference = np.abs(spectra / expected - 1)
    assert np.median(difference) < 1e-4
    assert difference.max() < 3e-3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_batch_is_its_galaxies_in_either_precision(fake_populations, wide_theta, kind, name):
    theta = thetas(kind, 40, wide_theta)
    double, single = (
        Simulator(*INSTRUMENTS[name], kind, path=fake_populations, dtype=dtype)
        for dtype in (torch.float64, torch.float32)
    )
    together = double(theta)
    torch.testing.assert_close(torch.cat([double(row[None]) for row in theta]), together, rtol=1e-9, atol=0)
    torch.testing.assert_close(double(theta.flip(0)).flip(0), together, rtol=1e-9, atol=0)
    torch.testing.assert_close(single(theta).double(), together, rtol=2e-4, atol=0)
    assert double(theta[:0]).shape == (0, double.pixels)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", INSTRUMENTS)
def test_gradients_are_those_of_finite_differences(fake_populations, kind, name):
    simulator = Simulator(*INSTRUMENTS[name], kind, path=fake_populations, dtype=torch.float64)
    theta = torch.tensor([[0.3, -0.43, 0.6, 1.63, -0.33, -0.2, -2.3]], dtype=torch.float64)[:, : len(simulator.names)]
    scale = simulator(theta).detach()[:, ::7]
    theta.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: (simulator(x)[:, ::7] / scale).sum(1), theta, eps=1e-6, atol=1e-4)


def test_without_arguments_it_is_what_the_populations_say(fake_populations):
    simulator = Simulator(path=fake_populations)
    settings = load_params().spectrum
    assert (simulator.pixels, simulator.redshift) == (FAKE_PIXELS, settings.zred)
    assert simulator.gas_kind == "solar"
    assert simulator.sps_label == "synthetic"


def test_gas_beyond_the_tables_shines_as_at_their_ends(fake_populations):
    simulator = Simulator(FEW, 1e-5, "free", path=fake_populations)
    inside = [10.0, -0.4, 0.6, 1.6, -0.3]
    far, end = simulator([[*inside, -5.0, 3.0], [*inside, -1.0, -1.0]])
    torch.testing.assert_close(far, end)


def test_metallicities_between_which_gas_follows_stars_hold_all_nodes():
    nodes = refined_metallicities(np.array([-2.5, -1.0, 0.0, 0.5]), np.array([-1.3, -0.4, 0.3]))
    assert {-2.5, -1.3, -1.0, -0.4, 0.0, 0.3, 0.5} <= set(nodes.round(6))
    assert np.diff(nodes[(nodes >= -1.3) & (nodes <= 0.3)]).max() <= 0.02 + 1e-9


def test_light_dims_with_the_square_of_the_distance():
    distance = WMAP9.luminosity_distance(2.0).to_value(units.cm)
    assert dimming(2.0) == pytest.approx(SOLAR_LUMINOSITY / (4 * np.pi * distance**2) / 3)


def test_bad_arguments_are_refused(fake_populations, refused, tmp_path):
    with refused("redshift is 0"):
        Simulator(FEW, 0.0, "solar", path=fake_populations)
    with refused("The redshift is -1"):
        Simulator(FEW, -1.0, "solar", path=fake_populations)
    with refused("'oxygen'"):
        Simulator(FEW, 0.1, "oxygen", path=fake_populations)
    with refused("torch.float16"):
        Simulator(FEW, 0.1, "solar", path=fake_populations, dtype=torch.float16)
    with refused("nothing.h5"):
        Simulator(FEW, 0.1, "solar", path=tmp_path / "nothing.h5")
    with refused("(1, 5), not (N, 7)", "gas_logu"):
        Simulator(FEW, 1e-5, "free", path=fake_populations)([[10.0, -0.4, 0.6, 1.6, -0.3]])
    with refused("dust2 = -1 in row 0"):
        Simulator(FEW, 1e-5, "solar", path=fake_populations)([[10.0, -0.4, -1.0, 1.6, -0.3]])
    with refused("At redshift 6"):
        Simulator(FEW, 6.0, "solar", path=fake_populations)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "pixels", [np.arange(5260, 5460, 1.0), np.linspace(4530, 4570, 30), np.arange(6440, 6460, 1.0)]
)
def test_windows_without_lines_have_spectra(tracked, pixels, kind, wide_theta):
    """The nearest line is so far away that what its wing brings is no number of single precision."""
    simulator = Simulator(Instrument(pixels), 1e-5, kind, path=tracked("populations.h5"))
    flux = simulator(thetas(kind, 20, wide_theta))
    assert torch.isfinite(flux).all()
    assert (flux > 0).all()


def test_what_is_handed_out_is_a_copy(fake_populations, wide_theta):
    instrument, theta = Instrument(np.linspace(4200, 8000, 60), sigma_kms=350.0), thetas("solar", 3, wide_theta)
    simulator = Simulator(instrument, 0.05, path=fake_populations, dtype=torch.float64)
    before = simulator(theta)
    simulator.wavelength /= 1.05
    simulator.logzsol[:] += 0.1
    again = Simulator(instrument, 0.05, path=fake_populations, dtype=torch.float64)
    torch.testing.assert_close(again(theta), before, rtol=0, atol=0)
    with pytest.raises(ValueError, match="read-only"):
        instrument.wavelength *= 1.05


def test_columns_of_a_data_frame_are_taken_by_their_names(fake_populations, wide_theta):
    simulator, theta = Simulator(path=fake_populations), thetas("solar", 4, wide_theta)
    frame = pandas.DataFrame(theta.numpy(), columns=list(simulator.names))
    shuffled = frame[["logtau", "logmass", "dust2", "tage", "logzsol"]]
    torch.testing.assert_close(simulator(shuffled), simulator(theta))
    anonymous = frame.set_axis(list("abcde"), axis=1)
    torch.testing.assert_close(simulator(anonymous), simulator(theta))


@pytest.mark.parametrize(
    ("arguments", "mentions"),
    [
        ({"instrument": np.arange(4000.0, 4100.0)}, ("ndarray", "digs.Instrument")),
        ({"gas": np.array(["solar"])}, ("gas",)),
        ({"history": SingleBurst(AGE)}, ("SingleBurst", "partial")),
        ({"history": 5}, ("'int'", "partial")),
        ({"history": lambda age: age}, ("history cannot be made", "partial")),
        ({"history": lambda age, dtype: age}, ("makes a 'ndarray'",)),
        ({"path": 5}, ("path", "'int'")),
        ({"redshift": 1e-150}, ("redshift",)),
    ],
)
def test_arguments_of_other_kinds_are_refused(refused, arguments, mentions, fake_populations):
    with refused(*mentions):
        Simulator(**({"path": fake_populations} | arguments))


@pytest.mark.parametrize(("logmass", "dust2"), [(39.0, 0.5), (10.0, 21.0)])
def test_what_floats_or_the_expansion_cannot_hold_is_refused(fake_populations, refused, logmass, dust2):
    with refused("the simulator wants finite values in"):
        Simulator(path=fake_populations)([[logmass, -0.4, dust2, 1.6, -0.9]])

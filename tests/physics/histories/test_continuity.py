"""The continuity history: against numerical integration, Prospector's masses, and FSPS's tabular history."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import AGE
from prospect.models.templates import TemplateLibrary, adjust_continuity_agebins
from prospect.models.transforms import logsfr_ratios_to_masses
from scipy import integrate

from digs.physics.distance import dimming
from digs.physics.histories.continuity import Continuity, bin_weights, standard_edges
from digs.physics.instrument import Instrument
from digs.physics.simulator import Simulator
from digs.physics.spectra import f_lambda
from digs.physics.stored_populations import stored_populations
from digs.sps.home import sps_data

STANDARD = standard_edges(0.08)
EDGES = {
    "standard": STANDARD,
    "on the populations' ages": AGE[[0, 1, 40, 106]],
    "between two of them, narrow, old": np.array([3e-5, 6e-5, 1.01, 1.02, 1.02 + 1e-9, 10.0, 19.9]),
    "from none": np.array([0.0, 2e-5, AGE[-1]]),
}
RATIOS = {
    "constant": [0.0] * 6,
    "uneven": [0.5, -0.3, 0.2, 0.4, -0.5, 0.1],
    "bursty": [-1.0, 1.0, -1.0, 1.0, -1.0, 1.0],
    "young": [1.0, 1.0, 1.0, 0.0, 0.0, 0.0],
    "quenched": [-1.5, -1.0, -0.5, 0.0, 0.0, 0.0],
}


def columns(ratios: np.ndarray) -> list[torch.Tensor]:
    return list(torch.as_tensor(np.atleast_2d(ratios), dtype=torch.float64).T)


def masses(ratios: np.ndarray, edges: np.ndarray = STANDARD) -> np.ndarray:
    return Continuity(AGE, torch.float64, edges).amounts(*columns(ratios))[0].numpy()


def numerical_weights(start: float, stop: float) -> np.ndarray:
    """The definition, interval by interval between SSPs."""
    weights = np.zeros(len(AGE))
    weights[0] = max(0.0, min(stop, AGE[0]) - start)
    options = {"epsabs": 1e-14, "epsrel": 1e-11}
    for node, (left, right) in enumerate(pairwise(AGE)):
        low, high = max(start, left), min(stop, right)
        if low < high:
            up = lambda s, left=left, right=right: np.log(s / left) / np.log(right / left)
            down = lambda s, left=left, right=right: np.log(right / s) / np.log(right / left)
            weights[node] += integrate.quad(down, low, high, **options)[0]
            weights[node + 1] += integrate.quad(up, low, high, **options)[0]
    return weights / (stop - start)


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_weights_are_integrals_of_the_hats(edges):
    expected = [numerical_weights(*ends) for ends in pairwise(edges)]
    np.testing.assert_allclose(bin_weights(AGE, edges), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_every_bin_has_a_mass_of_one(edges):
    weights = bin_weights(AGE, edges)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(1), 1.0, rtol=1e-12)


def test_a_constant_rate_is_one_wide_bin():
    history = Continuity(AGE, torch.float64, STANDARD)
    amounts, which = history.amounts(*columns(np.zeros(6)))
    found = amounts @ history.components[which]
    np.testing.assert_allclose(found[0].numpy(), numerical_weights(0.0, STANDARD[-1]), rtol=0, atol=1e-10)
    np.testing.assert_allclose(masses(np.zeros(6))[0], np.diff(STANDARD) / STANDARD[-1], rtol=1e-12)


@pytest.mark.parametrize("edges", [STANDARD, np.array([0.0, 0.2, 3.0]), np.array([0.05, 0.1, 1.0, 13.0])])
def test_masses_are_prospectors(edges):
    ratios = np.random.default_rng(1).normal(0, 1.5, (30, len(edges) - 2))
    with np.errstate(divide="ignore"):
        bins = np.log10(np.stack([edges[:-1], edges[1:]], 1) * 1e9)
    expected = [logsfr_ratios_to_masses(logmass=0.0, logsfr_ratios=row, agebins=bins) for row in ratios]
    np.testing.assert_allclose(masses(ratios, edges), expected, rtol=1e-10)


def test_the_standard_edges_are_prospectors():
    parameters = adjust_continuity_agebins(TemplateLibrary["continuity_sfh"], tuniv=STANDARD[-1], nbins=7)
    bins = 10 ** parameters["agebins"]["init"] / 1e9
    np.testing.assert_allclose(STANDARD[1:], bins[:, 1], rtol=2e-4)  # Prospector rounds 30 Myr
    # in round numbers, for a universe of 13.7 Gyr
    np.testing.assert_allclose(standard_edges(0.0), [0, 0.03, 0.1, 0.33, 1.1, 3.6, 11.7, 13.7], rtol=0.02)
    assert len(standard_edges(2.0, 10)) == 11


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [20.0, 1e4])
def test_extreme_ratios_are_finite(dtype, size):
    history = Continuity(AGE, dtype, STANDARD)
    signs = torch.randint(-1, 2, (200, 6), generator=torch.Generator().manual_seed(0))
    ratios = (size * signs).to(dtype).requires_grad_()
    amounts, _ = history.amounts(*ratios.T)
    torch.testing.assert_close(amounts.sum(1), torch.ones(200, dtype=dtype))
    (amounts @ history.components[:, :30]).sum().backward()
    assert torch.isfinite(ratios.grad).all()


def test_gradients_are_finite_differences():
    history = Continuity(AGE, torch.float64, STANDARD)
    ratios = torch.randn(4, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: history.amounts(*r.T)[0], (ratios,))


@pytest.mark.parametrize(
    ("edges", "words"),
    [
        ([0.0, 1.0, 0.5], ["descend", "1 Gyr"]),
        ([0.0, 1.0, 1.0], ["repeat", "1 Gyr"]),
        ([0.0, 1.0, 25.0], ["25 Gyr", "19.95"]),
        ([-0.1, 1.0, 2.0], ["-0.1", "from 0"]),
        ([0.0, 1.0], ["two bins"]),
        ([[0.0, 1.0, 2.0]], ["shape (1, 3)"]),
        ([0.0, float("nan"), 1.0], ["nan", "finite"]),
        ([0.0, 1.0, float("inf")], ["inf", "finite"]),
        (["young", "old"], ["real numbers"]),
    ],
)
def test_bad_edges_are_refused(edges, words, refused):
    with refused("The edges of the bins", *words):
        Continuity(AGE, edges=edges)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((-0.1,), ["redshift", "0 or more"]), ((35.0,), ["35", "Myr old"]), ((0.0, 3), ["number of bins", "4 or more"])],
)
def test_bins_that_no_universe_has_are_refused(arguments, words, refused):
    with refused(*words):
        standard_edges(*arguments)


def test_populations_that_end_before_the_standard_edges_are_refused(refused):
    with refused("13.7689", "10 Gyr"):
        Continuity(np.geomspace(1e-4, 10.0, 50))


REDSHIFT = 0.08


@pytest.fixture(scope="module")
def populations(tracked):
    return stored_populations(tracked("populations.h5"))


@pytest.fixture(scope="module")
def simulator(populations):
    """As the populations are, at every one of their wavelengths, where there is room around it."""
    inside = populations.product["wavelength"][1:-1]
    instrument = Instrument(inside * (1 + REDSHIFT), integrate=False)
    return Simulator(instrument, REDSHIFT, "solar", partial(Continuity, edges=STANDARD), dtype=torch.float64)


def galaxy(ratios: list[float], logzsol: float = 0.0, dust2: float = 0.0) -> torch.Tensor:
    return torch.tensor([[0.0, logzsol, dust2, *ratios]], dtype=torch.float64)


def test_names(simulator):
    assert simulator.names == ("logmass", "logzsol", "dust2", *(f"logsfr_ratio_{n}" for n in range(1, 7)))


def test_a_spectrum_is_the_sum_of_those_of_its_bins(simulator):
    alone = [[-20.0] * place + [20.0] * (6 - place) for place in range(7)]  # all in one bin
    each = torch.cat([simulator(galaxy(ratios, -0.4, 0.3)) for ratios in alone])
    shares = torch.as_tensor(masses(RATIOS["uneven"]))
    torch.testing.assert_close(simulator(galaxy(RATIOS["uneven"], -0.4, 0.3)), shares @ each, rtol=1e-10, atol=0)


@pytest.mark.parametrize("gas", ["solar", "stars", "free"])
def test_single_precision_and_gradients_of_spectra(populations, gas):
    make = partial(Simulator, redshift=REDSHIFT, gas=gas, history=partial(Continuity, edges=STANDARD))
    single, double = make(), make(dtype=torch.float64)
    random = torch.Generator().manual_seed(3)
    theta = torch.randn(40, len(double.names), generator=random, dtype=torch.float64).mul_(0.5)
    theta[:, 2] = theta[:, 2].abs()
    theta[:, 1].clamp_(-2.0, 0.4)
    theta[:5, 3:9] = 20.0 * theta[:5, 3:9].sign()
    theta = theta.requires_grad_()
    found = double(theta)
    torch.testing.assert_close(single(theta).double(), found, rtol=5e-5, atol=0)
    torch.log(found).sum().backward()
    assert torch.isfinite(theta.grad).all()


@pytest.fixture
def tabular(populations, fsps_population):
    """FSPS's spectrum in the units of the simulator and its surviving mass, of a history of steps."""
    if populations.product.attributes["sps_fingerprint"] != sps_data().fingerprint:
        pytest.skip("SPS_HOME has other data than those of populations.h5")

    def run(ratios: list[float] | None) -> tuple[np.ndarray, float]:
        if ratios is None:  # FSPS's own history of constant rate
            fsps_population.params["sfh"], fsps_population.params["const"] = 1, 1.0
        else:
            rates = masses(ratios)[0] / np.diff(STANDARD) / 1e9
            # FSPS's rate is linear between points: at the bins' edges there are two, close to each other
            gap = 1e-4 * np.diff(STANDARD).min()
            around = np.stack([STANDARD - gap / 2, STANDARD + gap / 2], 1).ravel()[1:-1]
            around[[0, -1]] = STANDARD[[0, -1]]
            fsps_population.params["sfh"] = 3
            fsps_population.set_tabular_sfh(np.ascontiguousarray(STANDARD[-1] - around[::-1]), rates.repeat(2)[::-1])
        wavelength, per_hertz = fsps_population.get_spectrum(tage=STANDARD[-1], peraa=False)
        native = populations.product["wavelength"][1:-1]
        spectrum = np.interp(native, wavelength, f_lambda(wavelength, per_hertz)) * dimming(REDSHIFT)
        return spectrum, fsps_population.stellar_mass

    return run


@pytest.mark.parametrize("ratios", RATIOS.values(), ids=RATIOS)
def test_spectra_with_gas_and_surviving_masses_are_those_of_fsps_tabular_history(
    simulator, populations, tabular, ratios
):
    expected, surviving = tabular(ratios)
    difference = np.abs(simulator(galaxy(ratios))[0].numpy() / expected - 1)
    assert np.median(difference) < 1e-5
    assert difference.max() < 3e-4  # in the ultraviolet; what the populations' compression costs
    product = populations.product
    each = simulator.history.components.numpy() @ product["surviving_mass"][np.abs(product["logzsol"]).argmin()]
    assert masses(ratios)[0] @ each == pytest.approx(surviving, rel=1e-6)


def test_the_gas_of_young_bins_shines(simulator, populations, tabular):
    """In the comparison above, most of the light at Halpha is the gas's."""
    expected, _ = tabular(RATIOS["young"])
    native = populations.product["wavelength"][1:-1]
    halpha, beside = (np.abs(native - at).argmin() for at in (6564.6, 6450.0))
    assert expected[halpha] > 5 * expected[beside]
    assert simulator(galaxy(RATIOS["young"]))[0, halpha].item() == pytest.approx(expected[halpha], rel=1e-4)


def test_a_constant_rate_is_that_of_fsps(simulator, tabular):
    expected, _ = tabular(None)
    difference = np.abs(simulator(galaxy(RATIOS["constant"]))[0].numpy() / expected - 1)
    assert difference.max() < 3e-4

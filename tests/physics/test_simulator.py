"""The exact simulator: the symmetries of its formula, its domain, its gradients, and Prospector's spectra."""

import numpy as np
import pytest
import torch
from conftest import AGE, FAKE_PIXELS

from digs.config.params import load_params
from digs.config.stages.agreement_settings import AgreementSettings
from digs.config.theta import index
from digs.files.product import read_product, write_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.physics.dust import calzetti
from digs.physics.histories.delayed_tau import LOGTAU_DOMAIN, DelayedTau
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import stored_populations
from digs.sps.home import sps_data
from digs.sps.native_agreement import ProspectorAnywhere, settings


@pytest.fixture(scope="module")
def simulator(fake_populations) -> Simulator:
    return Simulator(path=fake_populations, dtype=torch.float64)


@pytest.fixture(scope="module")
def single(fake_populations) -> Simulator:
    return Simulator(path=fake_populations)


def changed(theta: torch.Tensor, **values: float) -> torch.Tensor:
    theta = theta.clone()
    for name, value in values.items():
        theta[:, index(name)] = value
    return theta


def test_flux_is_proportional_to_mass(simulator, wide_theta):
    theta = wide_theta(50, 0)
    light, heavy = simulator(changed(theta, logmass=8.0)), simulator(changed(theta, logmass=13.0))
    torch.testing.assert_close(heavy, 1e5 * light, rtol=1e-12, atol=0)


def test_dust_is_a_screen_but_for_what_the_line_spread_function_mixes(simulator, wide_theta):
    theta = wide_theta(50, 1)
    clear, dusty = simulator(changed(theta, dust2=0.0)), simulator(changed(theta, dust2=0.7))
    curve = calzetti(simulator.instrument.rest_wavelength(simulator.redshift))
    np.testing.assert_allclose((dusty / clear).numpy(), np.tile(np.exp(-0.7 * curve), (50, 1)), rtol=4e-3)


def test_linear_between_metallicity_nodes_and_exact_on_them(simulator, wide_theta):
    theta = wide_theta(30, 2)
    nodes = simulator.logzsol.tolist()
    on_nodes = [simulator(changed(theta, logzsol=node)) for node in nodes]
    for left, right, low, high in zip(on_nodes[:-1], on_nodes[1:], nodes[:-1], nodes[1:], strict=True):
        for fraction in (0.1, 0.5, 0.9):
            between = simulator(changed(theta, logzsol=low + fraction * (high - low)))
            torch.testing.assert_close(between, (1 - fraction) * left + fraction * right, rtol=1e-12, atol=0)


def test_a_galaxy_is_the_weighted_sum_of_its_populations(simulator, fake_populations, wide_theta):
    theta = changed(wide_theta(20, 3), logmass=0.0)
    burst = Simulator(history=SingleBurst, path=fake_populations, dtype=torch.float64)
    columns = [index(name) for name in ("logmass", "logzsol", "dust2", "tage")]
    weights = DelayedTau(AGE, torch.float64)(theta[:, index("tage")], theta[:, index("logtau")])
    summed = torch.zeros(20, FAKE_PIXELS, dtype=torch.float64)
    for age, weight in zip(AGE, weights.T, strict=False):
        summed += weight[:, None] * burst(changed(theta, tage=age)[:, columns])
    torch.testing.assert_close(simulator(theta), summed, rtol=1e-10, atol=0)


def test_order_does_not_matter(simulator, wide_theta):
    theta = wide_theta(300, 4)
    order = torch.randperm(300, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(simulator(theta[order]), simulator(theta)[order], rtol=1e-12, atol=0)


@pytest.mark.parametrize("rows", [[0], [299], [5, 200, 6]])
def test_a_row_does_not_depend_on_its_batch(single, wide_theta, rows):
    theta = wide_theta(300, 5)
    torch.testing.assert_close(single(theta[rows]), single(theta)[rows], rtol=2e-6, atol=0)


def test_single_precision(simulator, single, wide_theta):
    theta = wide_theta(2000, 6)
    difference = (single(theta).double() / simulator(theta) - 1).abs()
    assert single(theta).dtype == torch.float32
    assert difference.max() < 5e-5


def test_spectra_are_positive_up_to_the_edges_of_the_domain(simulator, wide_theta):
    edges = {
        "logzsol": (simulator.logzsol[0], simulator.logzsol[-1]),
        "dust2": (0.0, 20.0),
        "tage": (2e-4, AGE[-1] * (1 - 1e-9)),
        "logtau": LOGTAU_DOMAIN,
    }
    for name, ends in edges.items():
        for value in ends:
            flux = simulator(changed(wide_theta(20, 7), **{name: value}))
            assert torch.isfinite(flux).all(), name
            assert (flux > 0).all(), name


def test_no_galaxies_give_no_spectra(simulator):
    assert simulator(torch.empty(0, 5)).shape == (0, FAKE_PIXELS)


def test_gradients_are_finite_differences(simulator, wide_theta):
    theta = wide_theta(6, 8).requires_grad_()
    # logarithms, as fluxes are 1e-18 and gradcheck compares absolute numbers
    assert torch.autograd.gradcheck(lambda t: torch.log(simulator(t)), (theta,), eps=1e-7, atol=1e-5, rtol=1e-4)


def test_every_parameter_has_a_gradient(single, wide_theta):
    theta = wide_theta(100, 9).float().requires_grad_()
    torch.log(single(theta)).sum().backward()
    assert torch.isfinite(theta.grad).all()
    assert (theta.grad != 0).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("logzsol", -2.6),
        ("logzsol", 0.6),
        ("dust2", -0.1),
        ("tage", -1.0),
        ("tage", 0.0),
        ("tage", 25.0),
        ("logtau", -1.6),
        ("logtau", 1.6),
    ],
)
def test_what_lies_outside_the_grid_is_refused(simulator, wide_theta, refused, name, value):
    theta = wide_theta(4, 10)
    theta[2, index(name)] = value
    with refused(name, f"{value:g}"):
        simulator(theta)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_finite_is_refused(simulator, wide_theta, refused, value):
    with refused("logmass", f"{value:g}", "finite"):
        simulator(changed(wide_theta(3, 11), logmass=value))


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 5)])
def test_other_shapes_are_refused(simulator, refused, shape):
    with refused(str(shape), "(N, 5)"):
        simulator(torch.zeros(shape))


def test_a_missing_grid_is_refused(tmp_path, refused):
    with refused("none.h5", "missing"):
        Simulator(path=tmp_path / "none.h5")


def test_populations_that_do_not_say_their_origin_are_refused(fake_populations, tmp_path, refused):
    arrays = read_product(fake_populations, POPULATIONS).arrays
    write_product(tmp_path / "anonymous.h5", POPULATIONS, arrays)
    with refused("anonymous.h5"):
        Simulator(path=tmp_path / "anonymous.h5")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_prospector_on_the_tracked_test_set(tracked, test_set, dtype):
    tracked("populations.h5")
    flux = Simulator(dtype=dtype)(torch.as_tensor(test_set["theta"])).double().numpy()
    difference = np.abs(flux / test_set["flux"] - 1)
    bars = load_params(AgreementSettings).agreement
    assert np.median(difference) <= min(bars.median_bar, 5e-4)
    assert np.quantile(difference, 0.999) <= min(bars.tail_bar, 5e-3)


def test_prospector_afresh(prospector, tracked):
    """At random in one metallicity interval of FSPS, so that only two metallicities start up."""
    recorded = stored_populations(tracked("populations.h5")).fingerprint
    if recorded != sps_data().fingerprint:
        pytest.skip("SPS_HOME holds other data than the tracked populations were made from")
    theta = np.array([[10.5, -0.2, 0.65, 1.63, -0.9586], [9.0, -0.05, 0.1, 0.02, 1.0], [12.0, -0.12, 1.0, 4.0, 0.0]])
    params = load_params()
    finer, setting = ProspectorAnywhere(params.spectrum, prospector), settings(params.spectrum)["fiducial"]
    reference, as_it_runs = np.stack([finer(setting, row, 0.0, params.gas.logu) for row in theta], 1)
    np.testing.assert_allclose(as_it_runs, [prospector(row) for row in theta], rtol=1e-6)
    np.testing.assert_allclose(Simulator(gas="solar")(torch.as_tensor(theta)).numpy(), reference, rtol=5e-3)

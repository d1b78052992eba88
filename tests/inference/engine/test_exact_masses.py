"""The engine's fast likelihood: its models against LinearModel, and its numbers against pixels, one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_galaxies import SIGMA_KMS, WAVELENGTH, made_spectrum
from scipy.sparse import csr_array, diags_array, hstack

from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.normal_equations import factor_of
from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.exact.normal.scatter import COARSE
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.exact_masses import ExactMasses
from digs.inference.engine.fixed_covariance import products_of_equations, scattered_products
from digs.inference.engine.galaxy_posterior import guess_from_peaks
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.node_models import node_models
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel

SETTINGS = EngineSettings(bank=2000)
BAR = 0.01  # nat
KERNEL = diags_array([0.25, 0.5, 0.25], offsets=[-1, 0, 1], shape=(250, 250))


@pytest.fixture(scope="module", params=[0.1, 0.02], ids=["10", "50"])
def found(request):
    spectrum = made_spectrum(noise=request.param)
    return GalaxySearch(spectrum, ModelSpace.of(SETTINGS, spectrum.redshift), SETTINGS).found()


@pytest.fixture(scope="module")
def theta(found):
    z = guess_from_peaks(found, np.random.default_rng(1)).sample(12, np.random.default_rng(2))
    return torch.as_tensor(found.problem.coordinates.theta(z))


@pytest.mark.parametrize(
    "spread", [{"sigma_kms": SIGMA_KMS}, {"resolution": 900.0}, {"resolution": csr_array(KERNEL)}, {}]
)
def test_models_are_those_of_linear_model(spread):
    pixels = Instrument(WAVELENGTH, **spread)
    for model in node_models(pixels, 0.06, np.array([60.0, 400.0, 1200.0])):
        expected = LinearModel.of(pixels, 0.06, model.dispersion)
        shapes = expected.matrix.shape[1] - len(expected.lines)
        kept = np.append(np.arange(shapes), shapes + np.flatnonzero(np.isin(expected.lines, model.lines)))
        assert (
            np.abs(
                model.matrix / np.abs(expected.matrix[:, kept]).max(0)
                - expected.matrix[:, kept] / np.abs(expected.matrix[:, kept]).max(0)
            ).max()
            < 1e-8
        )
        assert np.array_equal(model.coarse, expected.coarse)


@pytest.mark.parametrize("nuisances", [Nuisances(), Nuisances.none(), Nuisances(lines=0.0), Nuisances(calibration=0.0)])
def test_masses_are_those_of_the_normal_equations(found, theta, nuisances):
    problem = replace(found.problem, nuisances=nuisances)
    columns, dispersion = problem.split(theta)
    amounts, nodes = problem.coefficients(columns), problem.equations.log_dispersion
    dispersion = nodes[torch.arange(len(dispersion)) % len(nodes)]  # where interpolation does nothing
    ours = ExactMasses(problem.equations, problem.logmass_range)(amounts, dispersion)
    expected = problem.equations.mass_terms(amounts, problem.logmass_range, dispersion)
    for name in ("mean", "std"):
        assert torch.allclose(getattr(ours, name), getattr(expected, name), rtol=1e-7)
    assert torch.allclose(ours.peak, expected.peak, rtol=0, atol=1e-5)


def on_pixels(problem, theta):
    """Mean, std and peak of the mass, by the covariance of one theta on the pixels, and its own dispersion."""
    pixels, nuisances = problem.pixels, problem.nuisances
    model = LinearModel.of(pixels.instrument, problem.models[0].redshift, float(10 ** theta[-1]))
    shapes = problem.moments.shapes
    kept = np.append(np.arange(shapes), shapes + np.flatnonzero(np.isin(model.lines, problem.models[0].lines)))
    matrix, rest = model.matrix[:, kept], model.wavelength
    amounts = problem.coefficients(theta[None, :-1])[0].numpy()
    spectrum, strong = matrix @ amounts, problem.strong
    reference = problem.models[problem.middle].matrix @ problem.reference
    floor = replace(nuisances, calibration=0.0, modes=0, level=0.0)
    fixed = covariance_modes(reference, relative_modes(floor, rest), rest, model.redshift, floor)
    smooth = matrix[:, :COARSE] @ amounts[:COARSE, None] * calibration_modes(nuisances, rest, rest)
    at_lines = calibration_modes(nuisances, rest, problem.models[0].line_wavelength[strong - shapes])
    smooth += matrix[:, strong] @ (amounts[strong, None] * at_lines)
    lines = nuisances.lines * matrix[:, strong] * amounts[strong]
    mass = 0.0
    for _ in range(3):
        modes = csr_array(hstack([fixed, csr_array(mass * smooth), csr_array(mass * lines)]))
        covariance = LowRankCovariance(pixels.sigma, modes)
        products = covariance.products(np.column_stack([spectrum, pixels.flux]))
        mass = products[0, 1] / products[0, 0]
    chi_squared = products[1, 1] - mass**2 * products[0, 0]
    constant = covariance.log_determinant + len(rest) * np.log(2 * np.pi)
    return mass, products[0, 0] ** -0.5, -(chi_squared + constant) / 2


def test_likelihoods_are_those_on_the_pixels(found, theta):
    terms = found.problem.mass_terms(theta)
    for row, one in enumerate(theta):
        mean, std, peak = on_pixels(found.problem, one)
        assert terms.peak[row].item() == pytest.approx(peak, abs=BAR)
        assert terms.mean[row].item() == pytest.approx(mean, abs=BAR * std)
        assert terms.std[row].item() == pytest.approx(std, rel=1e-3)


def test_the_cheap_likelihood_of_the_equations_is_that_on_the_pixels(found):
    """Of the reference at its own dispersion, around which both scatter alike."""
    problem = found.problem
    products, log_determinant = products_of_equations(problem)
    expected, determinant = scattered_products(problem, problem.reference, problem.middle)
    residual = np.append(-problem.reference, 1.0)
    chi_squared, on_pixels = (residual @ each[problem.middle] @ residual for each in (products, expected))
    assert chi_squared == pytest.approx(on_pixels, abs=0.1)
    assert log_determinant[problem.middle] == pytest.approx(determinant, abs=0.05)


def test_what_interpolation_makes_indefinite_is_lifted_and_all_else_stays():
    half = torch.tensor([[1.0, 0.2], [0.2, 3.0]], dtype=torch.float64)
    good, blended = half @ half.T + torch.eye(2), torch.tensor([[501.0, 500.5], [500.5, 499.9]], dtype=torch.float64)
    assert torch.linalg.eigvalsh(blended)[0] < 0  # two lines that are nearly one, and an error of interpolation
    factor = factor_of(torch.stack([good, blended]))
    assert torch.equal(factor[0], torch.linalg.cholesky(good))
    values, lifted = torch.linalg.eigvalsh(blended), factor[1] @ factor[1].T
    assert torch.linalg.eigvalsh(lifted).numpy() == pytest.approx([1.0, values[1].item()])

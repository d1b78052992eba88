"""A spectrum's normal equations against dense covariances on its pixels, and against the likelihood of each theta."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.native_likelihood import native_log_likelihood
from digs.exact.normal.normal_equations import NormalEquations, cubic_shares
from digs.exact.normal.nuisances import Nuisances, calibration_modes, covariance_modes, relative_modes
from digs.exact.normal.scatter import COARSE
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients

REDSHIFT = 0.08
SPECTROGRAPH = Instrument(np.geomspace(3900, 7300, 500), sigma_kms=200.0)
THETA = torch.tensor(
    [
        [10.5, -0.3, 0.4, 4.0, 0.5, -2.5],
        [10.6, -0.4, 0.5, 4.5, 0.6, -2.6],
        [10.4, 0.1, 0.2, 3.0, 0.7, -3.0],
        [10.2, -0.9, 0.7, 0.3, 0.1, -2.0],
    ],
    dtype=torch.float64,
)
RANGE = (6.0, 13.0)


class Case:
    """A spectrum with a gap, and all that is made of it."""

    def __init__(self, nuisances: Nuisances, dispersion: float = 0.0, noise: float = 0.05):
        every = SpectrumCoefficients()
        self.moments, self.nuisances = CoefficientMoments.of(every), nuisances
        self.model = LinearModel.of(SPECTROGRAPH, REDSHIFT, dispersion)
        self.coefficients = every.with_lines(self.model.lines)
        true = self.model.flux(self.coefficients, THETA[:1])[0].numpy()
        self.sigma = np.full(len(true), noise * np.median(true))
        self.flux = true + self.sigma * np.random.default_rng(3).standard_normal(len(true))
        self.sigma[100:160] = np.inf
        self.flux[100:160] = np.nan

    def equations(self) -> NormalEquations:
        return NormalEquations.of(self.flux, self.sigma, self.model, self.moments, self.nuisances)


@pytest.fixture(scope="module", params=["none", "default", "large"])
def case(request) -> Case:
    large = Nuisances(calibration=0.1, level=0.1, floor=0.05, lines=0.5, redshift=1e-4)
    return Case({"none": Nuisances.none(), "default": Nuisances(), "large": large}[request.param])


def test_the_likelihood_is_that_of_the_dense_covariance(case):
    equations = case.equations()
    amounts = case.coefficients(THETA)
    found = equations.mass_terms(amounts, RANGE).log_likelihood(THETA[:, 0]).numpy()
    seen = np.isfinite(case.sigma)
    matrix, data, rest = case.model.matrix[seen], case.flux[seen], case.model.wavelength[seen]
    reference = equations.reference[seen]
    floor = replace(case.nuisances, calibration=0.0, level=0.0, modes=0)
    modes = covariance_modes(reference, relative_modes(floor, rest), rest, REDSHIFT, floor).toarray()
    strong = equations.scatter.strong.numpy()
    base = np.diag(case.sigma[seen] ** 2) + modes @ modes.T
    smooth = calibration_modes(case.nuisances, rest, rest)
    at_lines = calibration_modes(case.nuisances, rest, case.model.line_wavelength[strong - case.moments.shapes])
    for row, one in enumerate(amounts.numpy()):
        spectrum = matrix @ one
        dense = base
        for _ in range(2):  # the best mass without scatter, and that with the scatter there
            inverse = np.linalg.solve(dense, np.stack([spectrum, data], 1))
            mass = (spectrum @ inverse[:, 1]) / (spectrum @ inverse[:, 0])
            lines = matrix[:, strong] * (mass * one[strong])
            calibration = mass * (matrix[:, :COARSE] @ one[:COARSE])[:, None] * smooth + lines @ at_lines
            dense = base + case.nuisances.lines**2 * lines @ lines.T + calibration @ calibration.T
        left = data - 10 ** THETA[row, 0].item() * spectrum
        chi_squared = left @ np.linalg.solve(dense, left)
        expected = -(chi_squared + np.linalg.slogdet(2 * np.pi * dense)[1]) / 2
        assert found[row] == pytest.approx(expected, abs=1e-6 * chi_squared + 1e-5)


def test_the_likelihood_is_normal_in_the_mass(case):
    equations, amounts = case.equations(), case.coefficients(THETA)
    terms = equations.mass_terms(amounts, RANGE)
    assert torch.allclose(terms.log_likelihood(terms.mean.log10()), terms.peak)
    above = terms.log_likelihood((terms.mean + terms.std).log10())
    assert torch.allclose(above, terms.peak - 0.5, atol=1e-6)


def test_values_in_gaps_do_not_matter(case):
    before = case.equations()
    flux = case.flux.copy()
    flux[100:160] = 1e300
    after = NormalEquations.of(flux, case.sigma, case.model, case.moments, case.nuisances)
    assert torch.equal(before.square, after.square)
    assert torch.equal(before.inner, after.inner)


def test_the_fixed_model_is_close_to_the_truth():
    case = Case(Nuisances())
    true = case.model.flux(case.coefficients, THETA[:1])[0].numpy()
    assert np.std(case.equations().reference / true) < 0.5 * 0.05  # half the noise of a pixel


def test_a_brighter_spectrum_is_that_of_a_larger_mass():
    """Twice the flux and twice the errors: the same likelihood at twice the mass, up to the Jacobian."""
    case = Case(Nuisances())
    first = case.equations().mass_terms(case.coefficients(THETA), RANGE)
    second = NormalEquations.of(2 * case.flux, 2 * case.sigma, case.model, case.moments, case.nuisances)
    doubled = second.mass_terms(case.coefficients(THETA), RANGE)
    seen = np.isfinite(case.sigma).sum()
    assert torch.allclose(doubled.mean, 2 * first.mean, rtol=1e-6)
    assert torch.allclose(doubled.peak, first.peak - seen * np.log(2), atol=1e-3)


def test_dispersions_between_the_nodes_are_interpolated():
    nodes = [150.0, 185.0, 230.0, 280.0, 340.0]
    case = Case(Nuisances(), dispersion=250.0)
    models = [LinearModel.of(SPECTROGRAPH, REDSHIFT, each, line_dispersion=250.0) for each in nodes]
    several = NormalEquations.of(case.flux, case.sigma, models, case.moments, case.nuisances)
    amounts = case.coefficients(THETA)
    found = several.mass_terms(amounts, RANGE, torch.full((len(THETA),), np.log10(250.0)).double())
    own = case.equations().mass_terms(amounts, RANGE)
    difference = found.peak - own.peak
    worse = own.peak[0] - own.peak
    assert ((difference - difference[0]).abs() < 0.02 + 1e-3 * worse).all()
    assert torch.allclose(found.mean, own.mean, rtol=1e-4)
    at_node = several.mass_terms(amounts, RANGE, torch.full((len(THETA),), np.log10(150.0)).double())
    wrong = at_node.peak[0] - found.peak[0]
    assert wrong < -1  # the truth is at 250


def test_a_cubic_is_interpolated_exactly():
    nodes = torch.tensor([0.0, 1.0, 2.5, 3.0, 5.0, 7.0], dtype=torch.float64)
    values = torch.linspace(0, 7, 30, dtype=torch.float64)
    shares = cubic_shares(nodes, values)
    for power in range(4):
        assert torch.allclose(shares @ nodes**power, values**power, atol=1e-9)
    assert torch.allclose(cubic_shares(nodes[:2], values[:4]) @ nodes[:2], values[:4], atol=1e-12)


def test_native_likelihood_is_the_same_where_nothing_depends_on_the_model():
    case = Case(Nuisances.none())
    found = case.equations().mass_terms(case.coefficients(THETA), RANGE).log_likelihood(THETA[:, 0]).numpy()
    arguments = (case.flux, case.sigma, case.model, case.coefficients, THETA, case.nuisances, np.empty(0, dtype=int))
    expected = native_log_likelihood(*arguments)
    assert np.allclose(found, expected, rtol=1e-8)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda flux, sigma: (flux[:-1], sigma), "pixels"),
        (lambda flux, sigma: (flux, np.full_like(sigma, np.inf)), "no pixel"),
        (lambda flux, sigma: (np.where(np.arange(len(flux)) == 5, np.nan, flux), sigma), "no numbers"),
        (lambda flux, sigma: (flux, np.where(np.arange(len(flux)) == 5, 0.0, sigma)), "errors of 0"),
    ],
)
def test_what_is_no_spectrum_is_refused(spoil, words):
    case = Case(Nuisances())
    with pytest.raises(DigsError, match=words):
        NormalEquations.of(*spoil(case.flux, case.sigma), case.model, case.moments, case.nuisances)


def test_models_in_disorder_are_refused():
    case = Case(Nuisances())
    with pytest.raises(DigsError, match="ascend"):
        NormalEquations.of(case.flux, case.sigma, [case.model, case.model], case.moments, case.nuisances)

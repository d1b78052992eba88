"""The density over theta: against direct evaluation, the mass integrated against quadrature, and emcee on it."""

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.exact.emcee_walk import sample_ensemble, vectorised
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import MassTerms, NormalEquations
from digs.exact.normal.nuisances import Nuisances
from digs.exact.normal.spectrum_density import SpectrumDensity, integral_over_logmass
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

REDSHIFT = 0.5
SPECTROGRAPH = Instrument(np.geomspace(4500, 9000, 300), sigma_kms=300.0)
TRUTH = torch.tensor([[10.5, -0.3, 0.4, 4.0, 0.5, -2.5]], dtype=torch.float64)


@pytest.fixture(scope="module")
def density() -> SpectrumDensity:
    coefficients = SpectrumCoefficients()
    model = LinearModel.of(SPECTROGRAPH, REDSHIFT)
    flux = model.flux(coefficients.with_lines(model.lines), TRUTH)[0].numpy()
    equations = NormalEquations.of(flux, flux / 10, model, CoefficientMoments.of(coefficients), Nuisances())
    return SpectrumDensity(equations, coefficients, WidePrior(coefficients.names, REDSHIFT))


@pytest.mark.parametrize("mean, std", [(3e10, 1e9), (3e10, 2e10), (1e8, 1e11), (-2e9, 1e9), (5e13, 1e12), (1e3, 1e5)])
def test_the_mass_is_integrated_as_quadrature_does(mean, std):
    terms = MassTerms(*(torch.tensor([value], dtype=torch.float64) for value in (mean, std, -3.0)))
    found = integral_over_logmass(terms, 6.0, 13.0).item()

    nearest = np.clip(mean, 1e6, 1e13)
    close = np.log10(np.linspace(nearest - 10 * std, nearest + 10 * std, 400_001).clip(1e6, 1e13))
    logmass = torch.as_tensor(np.union1d(close, np.linspace(6.0, 13.0, 400_001)))
    expected = torch.logsumexp(terms.log_likelihood((logmass[1:] + logmass[:-1]) / 2) + logmass.diff().log(), 0).item()
    assert found == pytest.approx(expected, abs=1e-5)


def test_the_density_is_likelihood_times_prior_and_integrates_over_the_mass(density):
    prior, theta = density.prior, TRUTH.repeat(40_001, 1)
    theta[:, 0] = torch.linspace(prior.low[0], prior.high[0], len(theta), dtype=torch.float64)
    step = (theta[1, 0] - theta[0, 0]).log()
    total = torch.logsumexp(density(theta), 0) + step
    assert total.item() == pytest.approx(density.without_mass(TRUTH).item(), abs=1e-3)


def test_outside_the_prior_there_is_nothing(density):
    universe = density.prior.high[3].item()
    outside = TRUTH.repeat(3, 1)
    outside[0, 3], outside[1, 1], outside[2, 0] = universe + 0.01, 0.5, 14.0
    assert density(outside).isneginf().all()
    assert density.without_mass(outside[:2]).isneginf().all()
    assert torch.isfinite(density(TRUTH)).all()


def test_what_a_theta_has_does_not_depend_on_the_company(density):
    theta = density.prior.sample(300, torch.Generator().manual_seed(1))
    together = density.without_mass(theta)
    assert torch.allclose(density.without_mass(theta[100:103]), together[100:103], rtol=1e-9)


def test_emcee_walks_on_it(density):
    random = np.random.default_rng(2)
    start = TRUTH.numpy() + 1e-3 * random.standard_normal((24, 6))
    chain = sample_ensemble(vectorised(density), start, burn_in=[], steps=60, seed=1)
    assert np.isfinite(chain.log_prob).all()
    assert 0.1 < chain.acceptance.mean() < 0.9


def test_the_prior_must_have_the_columns_of_the_model(density):
    with pytest.raises(DigsError, match="columns"):
        SpectrumDensity(density.equations, SpectrumCoefficients(), WidePrior(("logmass", "tage")))

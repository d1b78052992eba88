"""What the normal equations fix of the covariance, against a covariance that is each theta's own, on the pixels."""

import numpy as np
import torch

from digs.exact.emcee_walk import sample_ensemble, vectorised
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.native_likelihood import native_log_likelihood
from digs.exact.normal.normal_equations import NormalEquations
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes
from digs.exact.normal.spectrum_density import SpectrumDensity
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

REDSHIFT = 0.08
TRUTH = torch.tensor([[10.5, -0.33, 0.5, 3.5, -0.1, -2.0]], dtype=torch.float64)
BAR = 0.1  # nat


def test_along_a_posterior_at_signal_to_noise_20_likelihoods_differ_by_a_constant():
    random, nuisances = np.random.default_rng(4), Nuisances()
    spectrograph = Instrument(np.geomspace(3900, 8700, 700), sigma_kms=200.0)
    model, every = LinearModel.of(spectrograph, REDSHIFT), SpectrumCoefficients()
    coefficients, moments = every.with_lines(model.lines), CoefficientMoments.of(every)
    true = model.flux(coefficients, TRUTH)[0].numpy()
    sigma = np.median(true) / 20 * np.sqrt(40 / np.gradient(spectrograph.wavelength))  # 20 in each 40 Angstrom
    modes = covariance_modes(true, relative_modes(nuisances, model.wavelength), model.wavelength, REDSHIFT, nuisances)
    flux = true + modes @ random.standard_normal(modes.shape[1]) + sigma * random.standard_normal(len(true))
    density = SpectrumDensity(
        NormalEquations.of(flux, sigma, model, moments, nuisances), every, WidePrior(every.names, REDSHIFT)
    )
    start = TRUTH.numpy() + 1e-2 * random.standard_normal((24, 6))
    chain = sample_ensemble(vectorised(density), start, burn_in=[150], steps=100, seed=1, thin=20)
    draws = torch.as_tensor(chain.flat)
    assert (draws.std(0) > 0.01).all()  # a posterior, no point
    strong = moments.strong(model.lines).nonzero()[0]
    full = native_log_likelihood(flux, sigma, model, coefficients, draws, nuisances, strong)
    assert np.std(full - density.mass_terms(draws).log_likelihood(draws[:, 0]).numpy()) < BAR

"""Pairs that are made without pixels, against spectra on pixels."""

import numpy as np
import pytest
import torch

from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.nuisances import covariance_modes, relative_modes
from digs.inference.general.alike_pairs import alike, amounts_and_weights, in_levels
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.wiener_summary import Sight, WienerSummary, features_of, summary_of
from digs.physics.instrument import Instrument
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients

THETA = torch.tensor([[0.0, -0.3, 0.5, 3.0, 0.4, -0.2, -2.5]], dtype=torch.float64)
NUMBER = 3000
COMPONENTS = 12


class Case:
    """A way to observe, pairs of one galaxy, and spectra of it on pixels, all of level 1."""

    def __init__(self, signal: float, redshift_error: float):
        random = np.random.default_rng(7)
        wavelength = np.geomspace(3900, 7300, 700)
        sigma = np.full(700, np.sqrt(40 / np.gradient(wavelength)) / signal) * np.geomspace(1.5, 0.7, 700)
        sigma[200:260] = np.inf
        flat = Sight(Instrument(wavelength, sigma_kms=200.0), 0.08, sigma, redshift_error=redshift_error)
        self.components = GalaxyComponents.of(COMPONENTS, 96, seed=1)
        every = SpectrumCoefficients(free_gas=True)
        moments = CoefficientMoments.of(every)
        self.one, self.sight, self.model = alike(in_levels(flat, self.components, 0.5), 2.2, self.components, moments)
        galaxy = np.repeat(every(THETA).numpy(), NUMBER, 0)
        galaxy /= np.linalg.norm(galaxy[:, : every.shapes], axis=1, keepdims=True)
        self.made, self.counts = amounts_and_weights(self.one, galaxy.astype(np.float32), random)
        self.made = self.made[:, :-1]  # as the level is 1, one of the amounts follows from the others
        self.pixels = self.on_pixels(galaxy[0], every.shapes, moments, random)

    def on_pixels(self, galaxy, shapes, moments, random) -> np.ndarray:
        """Spectra in the pixels with data, (NUMBER, pixels)."""
        seen, model, nuisances = self.sight.seen, self.model, self.sight.nuisances
        own = galaxy[np.append(np.arange(shapes), shapes + model.lines)]
        true, rest, sigma = model.matrix[seen] @ own, model.wavelength[seen], self.sight.sigma[seen]
        modes = covariance_modes(true, relative_modes(nuisances, rest), rest, model.redshift, nuisances).toarray()
        scatter = nuisances.lines * moments.strong(model.lines) * own[shapes:]
        lines = model.matrix[seen][:, shapes:] * scatter
        both = np.concatenate([modes, lines], 1)
        signal = true + random.standard_normal((NUMBER, both.shape[1])) @ both.T
        noise = random.standard_normal((NUMBER, len(true))) * sigma
        level = WienerSummary.of(self.sight, self.components).typical
        return signal * ((1 - noise @ level) / (signal @ level))[:, None] + noise


@pytest.fixture(scope="module", params=[(4.0, 0.0), (60.0, 2e-4)], ids=["faint", "bright"])
def case(request) -> Case:
    return Case(*request.param)


def test_moments_are_those_of_spectra_on_pixels(case):
    summary = WienerSummary.of(case.sight, case.components)
    seen = (summary.start + case.pixels @ summary.weights.T)[:, :-1]
    error = np.sqrt(seen.var(0) / NUMBER + case.made.var(0) / NUMBER)
    assert (np.abs(seen.mean(0) - case.made.mean(0)) < 4.5 * error).all()
    factor = np.linalg.cholesky(np.cov(seen.T))
    white = np.linalg.solve(factor, (case.made - seen.mean(0)).T)
    spread = np.linalg.eigvalsh(np.cov(white))
    edge = 2.5 * np.sqrt(2 * COMPONENTS / NUMBER)  # two samples of so many numbers; beyond, covariances differ
    assert 1 - edge < spread.min() and spread.max() < 1 + edge


def test_whitened_residuals_are_normal(case):
    centred = case.made - case.made.mean(0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(case.made.T)), centred.T)
    assert abs((white**4).mean() - 3) < 0.35  # ratios of two normal numbers have slightly longer tails


def test_features_of_a_spectrum_on_pixels_are_those_of_pairs(case):
    flux = np.full(len(case.sight.sigma), np.nan)
    flux[case.sight.seen] = case.pixels[0]
    scale = 3e-17  # of any unit
    there = Sight(case.sight.instrument, 0.08, case.sight.sigma * scale, None, case.sight.redshift_error)
    summary = WienerSummary.of(case.sight, case.components)
    of_pairs = features_of(summary.amounts(case.pixels[0])[None], case.one.spread, case.one.facts)[0]
    assert np.allclose(summary_of(flux * scale, there, case.components), of_pairs, rtol=1e-4, atol=1e-4)


def test_a_pair_counts_as_often_as_its_level_comes_about():
    """With masses uniform in their logarithm, spectra whose level is near 1 have the noise of weighted pairs."""
    random = np.random.default_rng(3)
    noise = 0.2 * random.standard_normal(2_000_000)
    mass = np.exp(random.uniform(np.log(0.2), np.log(3.0), len(noise)))
    near = np.abs(mass + noise - 1) < 0.02
    drawn = 0.2 * random.standard_normal(2_000_000)
    drawn = drawn[drawn < 0.75]
    weighted = np.average(drawn, weights=1 / (1 - drawn))
    assert abs(noise[near].mean() - weighted) < 0.004

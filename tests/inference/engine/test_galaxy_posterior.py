"""One galaxy: the truth found, the same to the bit anywhere, evidence that no proposal changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from made_galaxies import QUICK, TRUTH, made_spectrum

import digs
from digs.base.errors import DigsError
from digs.exact.normal.normal_equations import MassTerms
from digs.inference.engine.draw_pool import DrawPool
from digs.inference.engine.draw_weights import effective_number, thinned
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.fixed_covariance import FixedCovariance
from digs.inference.engine.galaxy_posterior import galaxy_posterior, guess_from_peaks
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.mass_draws import draw_logmass
from digs.inference.engine.model_prior import ModelPrior
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.results.galaxy_draws import OUTSIDE, REFINED, TRUSTED
from digs.physics.linear.wide_prior import RANGES

DRAWS = 200


@pytest.fixture(scope="module")
def found():
    return one_posterior(made_spectrum(), QUICK, DRAWS, seed=1)


def test_the_truth_lies_inside_the_posterior(found):
    assert found.verdict in (TRUSTED, REFINED)
    assert found.names == ("logmass", "logzsol", "dust2", "tage", "logtau", "gas_logz", "gas_logu")
    weight = np.exp(found.log_weight - found.log_weight.max())
    below = (weight[:, None] * (found.draws < TRUTH)).sum(0) / weight.sum()
    assert ((below > 1e-3) & (below < 1 - 1e-3)).all()
    assert found.statistics["effective"] >= QUICK.effective
    assert found.statistics["probability"] > QUICK.significance


def test_the_same_galaxy_gets_the_same_to_the_bit(found):
    one_posterior(made_spectrum(7), QUICK, DRAWS, seed=1)  # a neighbour changes nothing
    again = one_posterior(made_spectrum(), QUICK, DRAWS, seed=1)
    assert np.array_equal(again.draws, found.draws)
    assert np.array_equal(again.log_weight, found.log_weight)
    assert again.log_evidence == found.log_evidence
    other = one_posterior(made_spectrum(), QUICK, DRAWS, seed=2)
    assert not np.array_equal(other.draws, found.draws)
    error = np.hypot(other.log_evidence_error, found.log_evidence_error)
    assert abs(other.log_evidence - found.log_evidence) < 5 * error


def test_evidence_is_that_of_a_broader_proposal():
    """The pool's weights have the evidence as their mean, whatever the proposal."""
    spectrum = made_spectrum(3)
    located = GalaxySearch(spectrum, ModelSpace.of(QUICK, spectrum.redshift), QUICK).found()
    proposal = guess_from_peaks(located, np.random.default_rng(1))
    broad = replace(proposal, mixture=replace(proposal.mixture, factor=1.4 * proposal.mixture.factor))
    evidence, errors = [], []
    for number, each in ((1000, proposal), (3000, broad)):
        pool = DrawPool(located.problem)
        pool.add(each, number, np.random.default_rng(2))
        weight = np.exp(pool.log_weight - pool.log_weight.max())
        evidence.append(pool.log_weight.max() + np.log(weight.mean()))
        errors.append(weight.std() / weight.mean() / np.sqrt(number))
    assert abs(evidence[0] - evidence[1]) < 5 * np.hypot(*errors)


@pytest.mark.parametrize("logmass", [6.05, 12.95])
@pytest.mark.parametrize("settings", [QUICK, replace(QUICK, network=True)])
def test_a_mass_at_an_end_of_the_prior_is_looked_for_inside_it(logmass, settings):
    """A cheap likelihood whose mass were free would lead to galaxies that need one beyond the end."""
    for number in range(3):
        found = one_posterior(made_spectrum(number, theta=[logmass, *TRUTH[1:]]), settings, DRAWS, seed=1)
        assert found.verdict in (TRUSTED, REFINED), found.reason
        assert found.statistics["effective"] >= QUICK.effective
        low, high = RANGES["logmass"]
        assert ((found.draws[:, 0] >= low) & (found.draws[:, 0] <= high)).all()


def test_the_cheap_likelihood_keeps_the_mass_inside_its_prior():
    """It is that of the best mass of the prior, which a grid finds, but for its width."""
    problem = GalaxySearch(made_spectrum(), ModelSpace.of(QUICK, 0.06), QUICK).found().problem
    forms = FixedCovariance.of_equations(problem)
    amounts = problem.coefficients(problem.split(torch.tensor([TRUTH]).double())[0])
    y = amounts @ forms.combine.T
    square, inner, constant = forms.at(y, None)
    for low, high in ((10.0, 11.0), (6.0, 9.5), (11.5, 13.0)):  # log10 of solar masses
        ended = replace(forms, mass_range=(10.0**low, 10.0**high))
        mass = torch.logspace(low, high, 4001, dtype=torch.float64)
        best = (mass * inner - mass**2 * square / 2).max() + constant
        width = (ended.mass(square, inner) * square.sqrt()).clamp_min(2.0).log()
        assert ended.without_mass(square, inner, constant).item() == pytest.approx((best - width).item(), abs=0.01)
        assert 10.0**low <= ended.mass(square, inner).item() <= 10.0**high


def test_a_spectrum_of_nothing_known_is_outside():
    good = made_spectrum(noise=0.02)
    flux = good.flux * (1 + 0.4 * np.sin(np.arange(good.pixels)))
    strange = digs.Spectrum(good.wavelength, flux, good.sigma, redshift=good.redshift, sigma_kms=150.0)
    found = one_posterior(strange, QUICK, DRAWS, seed=1)
    assert found.verdict == OUTSIDE
    assert np.isnan(found.draws).all()
    assert "chi-squared" in found.reason and "times as large" in found.reason


def test_dispersion_is_a_parameter_by_default():
    settings = EngineSettings(bank=2000, effective=40, calls=2000, walk=0)
    found = galaxy_posterior(made_spectrum(noise=0.05), settings, 100, 1)
    assert found.names[-1] == "logdispersion"
    weight = np.exp(found.log_weight - found.log_weight.max())
    mean = (weight * found.draws[:, -1]).sum() / weight.sum()
    assert abs(mean - np.log10(120.0)) < 0.4


@pytest.mark.parametrize(
    "spoil, words",
    [
        ({"redshift": 0.0}, "redshift is 0"),
        ({"redshift": 3.0}, "can be compared"),
    ],
)
def test_what_cannot_be_compared_is_refused(spoil, words):
    good = made_spectrum()
    bad = digs.Spectrum(good.wavelength, good.flux, good.sigma, sigma_kms=150.0, **spoil)
    with pytest.raises(DigsError, match=words):
        one_posterior(bad, QUICK, DRAWS, seed=1, strict=True)
    assert one_posterior(bad, QUICK, DRAWS, seed=1).verdict == OUTSIDE


def test_thinning_keeps_sums():
    random = np.random.default_rng(1)
    log_weight = 1.2 * random.standard_normal(3000)
    values = random.standard_normal(3000)
    weight = np.exp(log_weight)
    sums = []
    for _ in range(400):
        rows, kept = thinned(log_weight, 200, random)
        assert len(np.unique(rows)) == 200
        sums.append((np.exp(kept) * values[rows]).sum())
    assert np.mean(sums) == pytest.approx((weight * values).sum(), abs=5 * np.std(sums) / 20)
    rows, kept = thinned(log_weight, 200, random)
    assert effective_number(kept) > 150


def test_masses_are_those_of_the_posterior():
    uniform = (np.arange(4000) + 0.5) / 4000
    mean, std = 2e10, 5e9
    terms = MassTerms(np.full(4000, mean), np.full(4000, std), np.zeros(4000))
    found = draw_logmass(terms, 6.0, 13.0, uniform)
    logmass = np.linspace(6, 13, 2_000_001)
    density = np.exp(-(((10**logmass - mean) / std) ** 2) / 2)
    expected = np.interp(uniform, density.cumsum() / density.sum(), logmass)
    assert np.abs(np.quantile(found, (0.05, 0.5, 0.95)) - np.quantile(expected, (0.05, 0.5, 0.95))).max() < 2e-3


def test_the_prior_of_ratios_is_normalised():
    import torch

    prior = ModelPrior(("logmass", "logsfr_ratio_1"), redshift=0.1)
    ratio = torch.linspace(-5, 5, 20_001, dtype=torch.float64)
    theta = torch.stack([torch.full_like(ratio, 10.0), ratio], 1)
    total = prior.log_prob(theta).exp().sum().item() * (10 / 20_000) * 7  # of the mass, too
    assert total == pytest.approx(1.0, abs=0.01)

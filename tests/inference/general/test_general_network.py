"""Draws of the general network, whatever it has learnt: the density that they come with, and their reproducibility."""

import copy

import numpy as np
import pytest
import torch

from digs.base.errors import DigsError
from digs.config.model import Architecture, Embedding
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import NormalEquations
from digs.exact.normal.nuisances import Nuisances
from digs.exact.normal.spectrum_density import DISPERSION, SpectrumDensity
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.general_flow import GeneralFlow
from digs.inference.general.general_network import (
    GeneralNetwork,
    load_general_network,
    round_weights,
    save_general_network,
)
from digs.inference.general.general_pairs import LEARNED
from digs.inference.general.wiener_summary import Sight, summary_of
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior

ARCHITECTURE = Architecture(
    density_estimator="zuko_nsf",
    hidden_features=16,
    num_transforms=2,
    num_bins=4,
    embedding=Embedding(width=16, blocks=1, features=8),
)
REDSHIFT, NUMBER = 0.08, 300
THETA = torch.tensor([[10.5, -0.3, 0.4, 4.0, 0.5, -0.3, -2.5]], dtype=torch.float64)


class Case:
    """An untrained network, two spectra, and the density of each with the dispersion free or known."""

    def __init__(self):
        torch.manual_seed(3)
        components = GalaxyComponents.of(8, 48, seed=1)
        self.spectrograph = Instrument(np.geomspace(3900, 7300, 400), sigma_kms=200.0)
        every = SpectrumCoefficients(free_gas=True)
        moments, names = CoefficientMoments.of(every), every.names
        models = [LinearModel.of(self.spectrograph, REDSHIFT, each) for each in (60.0, 150.0, 370.0, 900.0)]
        true = models[1].flux(every.with_lines(models[1].lines), THETA)[0].numpy()
        sigma, self.free, self.known, features = true.mean() / 8, [], [], []
        for seed in (1, 2):
            flux = true + sigma * np.random.default_rng(seed).standard_normal(len(true))
            errors = np.full(len(true), sigma)
            free, known = (
                NormalEquations.of(flux, errors, given, moments, Nuisances()) for given in (models, models[1])
            )
            ranges = {DISPERSION: (np.log10(60.0), np.log10(900.0))}
            self.free.append(SpectrumDensity(free, every, WidePrior((*names, DISPERSION), REDSHIFT, ranges)))
            self.known.append(SpectrumDensity(known, every, WidePrior(names, REDSHIFT)))
            features.append(summary_of(flux, Sight(self.spectrograph, REDSHIFT, errors), components))
        self.features = torch.from_numpy(np.stack(features))
        flow = GeneralFlow(ARCHITECTURE, len(LEARNED), self.features.shape[1], torch.randn(50, self.features.shape[1]))
        self.network = GeneralNetwork(flow, components)
        self.keys = [b"first", b"second"]


@pytest.fixture(scope="module")
def case() -> Case:
    return Case()


@pytest.mark.parametrize("which", ["free", "known"])
def test_draws_cover_the_prior_whose_part_outside_the_density_has_no_weight(case, which):
    densities = getattr(case, which)
    theta, log_q = case.network.draws(case.features, densities, NUMBER, 1, case.keys)
    assert theta.shape == (2, NUMBER, len(densities[0].names)) and torch.isfinite(log_q).all()
    inside = densities[0].prior.contains(theta)
    assert torch.isfinite(densities[0](theta[0])).equal(inside[0])
    dispersions = np.log10([900 / 60, 1300 / 30])  # what the density has of the prior
    expected = 1.0 if which == "known" else dispersions[0] / dispersions[1]
    assert abs(inside.double().mean() - expected) < 0.2  # as the network has learnt nothing


def test_the_density_is_that_of_the_draws(case):
    """Importance weights of one density over the other average to 1, where the other one is the prior, widened."""
    density = case.known[0]
    theta, log_q = case.network.draws(case.features[:1], [density], 4000, 1, case.keys[:1])
    prior = WidePrior(density.names[1:], REDSHIFT)
    terms = density.mass_terms(theta[0])
    mass = 10 ** theta[0, :, 0]
    log_mass = -(((mass - terms.mean) / terms.std) ** 2) / 2 - torch.log(terms.std * np.sqrt(2 * np.pi))
    log_mass += torch.log(mass * np.log(10.0))
    ratio = torch.exp(prior.log_prob(theta[0, :, 1:]) + log_mass - log_q[0])
    assert abs(ratio.mean() - 1) < 5 * ratio.std() / len(ratio) ** 0.5
    assert ratio.std() > 0.01


def test_a_galaxy_has_the_same_draws_in_any_company_and_more_begin_with_them(case):
    both = case.network.draws(case.features, case.free, NUMBER, 1, case.keys)
    alone = case.network.draws(case.features[1:], case.free[1:], NUMBER, 1, case.keys[1:])
    more = case.network.draws(case.features[:1], case.free[:1], 2 * NUMBER, 1, case.keys[:1])
    assert torch.equal(both[0][1], alone[0][0]) and torch.equal(both[1][1], alone[1][0])
    assert torch.allclose(both[0][0], more[0][0, :NUMBER], rtol=1e-9)
    other = case.network.draws(case.features[:1], case.free[:1], NUMBER, 2, case.keys[:1])
    assert not torch.equal(other[0][0], both[0][0])


def test_a_network_comes_back_from_its_file(case, tmp_path):
    file = tmp_path / "network.safetensors"
    flow = copy.deepcopy(case.network.flow)
    with pytest.raises(DigsError, match="round_weights"):
        save_general_network(file, flow, case.network.components, ARCHITECTURE, {"training": {}})
    round_weights(flow)
    save_general_network(file, flow, case.network.components, ARCHITECTURE, {"training": {}})
    again, rounded = load_general_network(file), GeneralNetwork(flow, case.network.components)
    own, back = (one.draws(case.features, case.free, 50, 1, case.keys) for one in (rounded, again))
    assert torch.equal(own[0], back[0]) and np.array_equal(again.components.pool, case.network.components.pool)


def test_a_missing_or_damaged_file_is_said_to_be_so(tmp_path):
    file = tmp_path / "network.safetensors"
    with pytest.raises(DigsError, match=r"network\.safetensors is missing"):
        load_general_network(file)
    file.write_bytes(b"none")
    with pytest.raises(DigsError, match=r"network\.safetensors is damaged"):
        load_general_network(file)


def test_a_spectrum_without_signal_is_refused(case):
    sight = Sight(case.spectrograph, REDSHIFT, np.full(400, 1e-17))
    with pytest.raises(DigsError, match="no signal"):
        summary_of(np.full(400, -1e-17), sight, case.network.components)


def test_pixels_beyond_the_components_count_for_nothing(case):
    wavelength, broad = np.geomspace(1980.0, 4000.0, 300), 600.0  # which brings light from far below the first pixel
    sight = Sight(Instrument(wavelength * (1 + REDSHIFT), sigma_kms=broad), REDSHIFT, np.full(300, 1e-18))
    flux = np.full(300, 1e-17)
    beyond = wavelength < case.network.components.wavelength[0]
    assert beyond.sum() == 0  # the pixels themselves are inside, but not what they see
    first = summary_of(flux, sight, case.network.components)
    flux[0] = 1e-14
    assert np.array_equal(summary_of(flux, sight, case.network.components), first)

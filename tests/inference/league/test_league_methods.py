"""The methods of the league: draws of the right shape, inside the prior, the same again and in other company."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.config.stages.chains_settings import ChainsSettings
from digs.config.stages.league_settings import LeagueSettings
from digs.diagnostics.scores.entries import BenchmarkEntry
from digs.exact.likelihood import log_joint
from digs.inference.league import method as league_method
from digs.inference.league.competitors import competitors
from digs.inference.league.grid_methods import GridAlone, GridWeighted
from digs.inference.league.method import ObservedSpectra, Terms
from digs.inference.league.neighbours import Neighbours
from digs.inference.league.network_methods import Judged, NetworkAlone, NetworkOrPrior, NetworkWeighted
from digs.inference.league.sbi_methods import OfSbi
from digs.inference.league.short_walks import ShortWalks
from digs.physics.noise import add_noise
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

GALAXIES, DRAWS, FRACTION = 3, 60, 0.05
WALK = {"walkers": 32, "burn_in": (40, 40), "iterations": 8, "share": 0.5, "at_once": 2}
NAMED = {
    "network": (NetworkAlone, {"network": "fiducial"}),
    "network, weighted": (NetworkWeighted, {"network": "fiducial"}),
    "grid": (GridAlone, {}),
    "grid, weighted": (GridWeighted, {}),
    "short walks": (ShortWalks, WALK),
    "infer": (Judged, {"network": "fiducial"}),
    "grid, any noise": (GridWeighted, {"given": True, "effective": 2.0}),
    "neighbours": (Neighbours, {"network": "fiducial", "pairs": 2000, "stand_ins": 10}),
}
ANY_NOISE = {"grid, any noise", "neighbours"}


@pytest.fixture(scope="module")
def terms():
    return Terms(Prior.over(load_params().prior), FRACTION, DRAWS, 4, seed=3)


@pytest.fixture(scope="module")
def spectra(terms):
    """A few galaxies of the prior."""
    random = generator(1, "galaxies of the league's tests")
    return ObservedSpectra(
        add_noise(Simulator()(terms.prior.sample(GALAXIES, random)), random, FRACTION).float().numpy()
    )


@pytest.fixture(scope="module")
def any_noise(spectra):
    """The same galaxies with sigmas, some larger than in training, and with a gap."""
    sigma = spectra.flux * np.linspace(0.03, 0.1, spectra.flux.shape[1], dtype=np.float32)
    sigma[:, 40:55] = np.inf
    return ObservedSpectra(np.where(np.isinf(sigma), 0.0, spectra.flux).astype(np.float32), sigma)


@pytest.fixture(scope="module", params=NAMED)
def case(request, terms, spectra, any_noise):
    """A method, spectra, and its answer."""
    kind, settings = NAMED[request.param]
    method = kind(name=request.param, description="a test", terms=terms, **settings)
    given = any_noise if request.param in ANY_NOISE else spectra
    return method, given, method.completed(given, method.answer(given))


def test_answers_are_entries_inside_the_prior(case, terms):
    method, _, answer = case
    assert answer.draws.shape == (GALAXIES, DRAWS, 5)
    assert terms.prior.contains(torch.from_numpy(answer.draws)).all()
    many = [
        None if each is None else np.repeat(each, 20, 0) for each in (answer.draws, answer.log_prob, answer.verdicts)
    ]
    assert BenchmarkEntry.of(*many, name=method.name).draws.shape[1] == DRAWS


def test_draws_are_the_same_in_other_company(case):
    method, given, answer = case
    np.testing.assert_array_equal(method.answer(given[slice(1, 2)]).draws[0], answer.draws[1])


def test_other_seeds_give_other_draws(case, terms):
    method, given, answer = case
    other = replace(method, terms=replace(terms, seed=4))
    if isinstance(method, GridAlone | GridWeighted):
        other.__dict__["grid"] = method.grid  # which depends on no seed
    assert (other.answer(given[slice(1)]).draws != answer.draws[:1]).mean() > 0.9


def test_draws_are_where_the_galaxies_are(case, terms):
    """The mass of a galaxy is known to some hundredths of a dex, and its prior is five wide."""
    method, _, answer = case
    truth = terms.prior.sample(GALAXIES, generator(1, "galaxies of the league's tests"))[:, 0].numpy()
    assert (np.abs(np.median(answer.draws[..., 0], 1) - truth) < 0.35).all(), method.name


def test_the_density_of_a_grid_is_the_one_of_its_draws(terms, spectra):
    """Then weights by it have the evidence as their mean: that of brute force."""
    more = replace(terms, draws=2000)
    alone = GridAlone(name="grid", description="", terms=more)
    answer = alone.answer(spectra)
    posterior = alone.grid.posterior(spectra.flux, 2000, seed=1)
    joint = log_joint(Simulator(), terms.prior, torch.from_numpy(answer.draws), spectra.tensor, FRACTION)
    evidence = torch.logsumexp(joint - torch.from_numpy(answer.log_prob), 1) - np.log(2000)
    assert (evidence - posterior.log_evidence).abs().max() < 0.15


def test_a_galaxy_without_a_posterior_gets_the_prior(spectra, terms):
    network = NetworkOrPrior("fiducial")
    flux = spectra.tensor.clone()
    flux[1, ::2] *= 1e30
    draws = network.sample(flux, 400, seed=1)
    assert np.array_equal(draws[0], network.sample(flux[:1], 400, seed=1)[0])
    assert abs(terms.prior.to_unit(torch.from_numpy(draws[1])).mean(0) - 0.5).max() < 0.1
    expected = terms.prior.log_prob(torch.from_numpy(draws[1])).numpy()
    np.testing.assert_array_equal(network.log_prob(draws, flux)[1], expected)


@pytest.fixture
def sbi(terms, tmp_path, monkeypatch):
    """sbi's estimators, hardly trained, by their kind, kept in a folder of their own."""
    monkeypatch.setattr(league_method, "FOLDER", tmp_path)
    return lambda kind: OfSbi(name=f"sbi {kind}", description="a test", terms=terms, kind=kind, pairs=300, epochs=1)


@pytest.mark.parametrize("kind", ["NPE", "FMPE"])
def test_sbi_is_trained_once(sbi, kind, spectra, terms, monkeypatch):
    before = torch.random.get_rng_state()
    answer = sbi(kind).completed(spectra, sbi(kind).answer(spectra))
    assert terms.prior.contains(torch.from_numpy(answer.draws)).all()
    assert (answer.log_prob is None) == (kind == "FMPE")
    costs = sbi(kind).training()
    assert costs["epochs"] >= 1 and costs["cpu_seconds"] > 0
    monkeypatch.setattr(OfSbi, "_train", None)  # none is trained any more
    np.testing.assert_array_equal(sbi(kind).answer(spectra).draws, answer.draws)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_names_of_a_track_are_different():
    params = load_params(LeagueSettings, ChainsSettings)
    field = competitors(params.league, params.chains, Prior.over(params.prior), FRACTION)
    for methods in field.values():
        names = [each.name for each in methods]
        assert len(names) == len(set(names)) > 1

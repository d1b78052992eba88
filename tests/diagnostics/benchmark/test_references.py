"""References: exact where that is known, the same in any company, by mixture rounds where the grid is not enough."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.statistics import QUANTILES
from digs.config.params import load_params
from digs.config.stages.benchmark_settings import BenchmarkSettings
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.diagnostics.benchmark.mock_spectra import (
    MockSpectra,
    corrupted_spectra,
    spectra_of_any_noise,
    spectra_of_the_model,
)
from digs.diagnostics.benchmark.reference_report import against_chains, check_references, making_of, rounding_of
from digs.diagnostics.benchmark.references import ReferencePosterior, ReferenceSampler
from digs.diagnostics.benchmark.rules import broken
from digs.diagnostics.benchmark.track_arrays import track_arrays
from digs.diagnostics.benchmark.tracks import TRACKS, Track, load_track, track_file
from digs.diagnostics.benchmark.walked_posteriors import from_rows, to_rows, walked_posteriors
from digs.exact.converged_chains import ConvergedChains
from digs.files.product import read_product, write_product
from digs.files.schemas.benchmark_schema import BENCHMARK

GALAXIES, FRACTION = 100, 0.05
EMCEE = {"ensembles": 2, "walkers": 20, "burn_in": 200, "steps": 600, "thin": 6, "extensions": 0}
EMCEE |= {"r_hat": 1.2, "sample_size": 100}


@pytest.fixture(scope="module")
def params():
    return load_params(BenchmarkSettings, WarningLightsSettings)


@pytest.fixture(scope="module")
def sampler(simulator, prior, params):
    """With the coarser of the grids, which is made in less than a second."""
    return ReferenceSampler(simulator, prior, FRACTION, params.benchmark.model_copy(update={"grids": [0.05]}))


@pytest.fixture(scope="module")
def noisy(simulator, prior, params):
    """Of signal-to-noise ratios that the coarse grid is enough for."""
    settings = params.benchmark.noise.model_copy(update={"signal_to_noise": (3.0, 10.0)})
    return spectra_of_any_noise(simulator, prior, settings, GALAXIES, 1, "noise")


@pytest.fixture(scope="module")
def found(sampler, noisy):
    return sampler(noisy.flux, noisy.sigma)


@pytest.fixture(scope="module")
def usual(simulator, prior):
    """Galaxies with the noise of the model."""
    return spectra_of_the_model(simulator, prior, FRACTION, 3, 1, "usual")


@pytest.fixture(scope="module")
def moved(simulator, prior):
    """Spectra at a wrong redshift, which a grid says little of."""
    return corrupted_spectra(simulator, prior, FRACTION, {"redshift": [0.005]}, 3, 2, "moved")[0]


@pytest.fixture(scope="module")
def far(sampler, moved):
    return sampler(moved.flux, None)


def test_all_references_pass(found, far, params):
    for name, each in (("noise", found), ("corrupted", far)):
        check_references(name, each, params.benchmark.rules)


def test_truths_rank_among_the_draws_as_they_should(found, noisy):
    draws = np.stack([one.draws for one in found])
    ranks = (draws < noisy.theta[:, None]).mean(1)
    for column in ranks.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3


def test_draws_are_as_the_quantiles_say(found, prior):
    low, high = prior.low.numpy(), prior.high.numpy()
    for one in found:
        assert one.draws.shape == (500, 5)
        assert ((one.draws >= low) & (one.draws <= high)).all()
        below = (one.draws[None] <= one.quantiles[:, None]).mean(1)
        np.testing.assert_allclose(below, np.array(QUANTILES)[:, None].repeat(5, 1), atol=0.12)


def test_draws_are_in_random_order(found):
    first, second = (
        np.stack([np.median(one.draws[half], 0) for one in found]) for half in (slice(250), slice(250, None))
    )
    width = np.stack([one.quantiles[3] - one.quantiles[1] for one in found]) / 2
    assert np.abs((first - second) / width).mean() < 0.15


def test_draws_repeat_as_little_as_possible(found):
    for one in found:
        times = np.unique(one.draws, axis=0, return_counts=True)[1]
        assert times.max() == one.repeats <= 3
    assert np.mean([one.repeats == 1 for one in found]) > 0.8


def test_a_reference_is_the_same_in_any_company(sampler, found, noisy):
    again = sampler(noisy.flux[4:6], noisy.sigma[4:6])
    for one, other in zip(again, found[4:6], strict=True):
        np.testing.assert_array_equal(one.row(), other.row())


def test_the_same_by_mixture_rounds(sampler, found, noisy):
    """Made once more from nothing, without a grid."""
    for row in (0, 1, 2):
        first = sampler.weighted(noisy.flux[[row]], noisy.sigma[[row]], 200, 1)[0]
        density = sampler.density(noisy.flux[row], noisy.sigma[row])
        one = sampler._by_mixture(
            density, type(first)(first.draws[:2], first.log_weight[:2]), 1, np.random.default_rng(1)
        )
        error = np.hypot(one.log_evidence_error, found[row].log_evidence_error)
        assert abs(one.log_evidence - found[row].log_evidence) < 4 * error
        assert ((one.draws >= sampler.low) & (one.draws <= sampler.high))[np.isfinite(one.log_weight)].all()


def test_where_the_grid_is_not_enough_there_are_mixture_rounds(far):
    assert max(one.attempts for one in far) >= 1
    making = making_of(far)
    assert making["by_grid"] + sum(making["by_mixture_rounds"].values()) == making["references"] == 3
    assert making["worst"]["effective"] == min(one.effective for one in far) >= 2000


def test_a_reference_that_breaks_rules_is_named(found, params, refused):
    strict = params.benchmark.rules.model_copy(update={"effective": 1e6})
    assert broken(found[0].measures, strict) == ["effective"]
    with refused("100 of 100", "'noise'", "0 (effective)", "benchmark.attempts"):
        check_references("noise", found, strict)


def test_rows_hold_all_of_a_reference(found):
    again = ReferencePosterior.of_row(found[0].row())
    assert again.attempts == found[0].attempts
    np.testing.assert_array_equal(again.row(), found[0].row())
    np.testing.assert_array_equal(again.draws, found[0].draws)


# emcee


@pytest.mark.parametrize("given", [True, False], ids=["given", "model"])
def test_emcee_agrees(sampler, noisy, found, usual, params, given):
    """With chains that are much shorter than those of the stage."""
    settings = params.benchmark.emcee.model_copy(update=EMCEE)
    spectra, references = (noisy, found[:6]) if given else (usual, sampler(usual.flux, None))
    some = slice(len(references))
    chains = walked_posteriors(sampler, spectra.flux[some], noisy.sigma[some] if given else None, settings, 1)
    np.testing.assert_array_equal(from_rows(to_rows(chains)).quantiles, chains.quantiles)
    np.testing.assert_array_equal(from_rows(to_rows(chains)).converged, chains.converged)
    assert chains.r_hat.max() < 1.2
    quantiles = np.stack([one.quantiles for one in references])
    width = (quantiles[:, 3] - quantiles[:, 1]) / 2
    shift = (chains.quantiles[:, 2] - quantiles[:, 2]) / width
    assert np.median(np.abs(shift)) < 0.15
    assert np.median((chains.quantiles[:, 3] - chains.quantiles[:, 1]) / 2 / width) == pytest.approx(1, abs=0.15)


def test_chains_that_are_twice_as_wide_are_seen(found, refused):
    quantiles = np.stack([one.quantiles for one in found])
    wide = quantiles[:, [2]] + 2 * (quantiles - quantiles[:, [2]])
    good = np.arange(GALAXIES) != 7
    ones = np.ones((GALAXIES, 5))
    chains = ConvergedChains(np.empty((GALAXIES, 0, 5)), wide, ones, 1000 * ones, ones[:, 0], good)
    compared = against_chains(quantiles, chains, 1)
    assert (compared["galaxies"], compared["converged"], compared["not_converged"]) == (100, 99, [7])
    assert all(each["ratio"]["value"] == pytest.approx(2) for each in compared["measured"].values())
    assert compared["largest"]["absolute_shift"] == 0
    with refused("No chain", "benchmark.emcee.steps"):
        against_chains(quantiles, replace(chains, converged=np.zeros(GALAXIES, dtype=bool)), 1)


# how tracks are stored


@pytest.fixture(scope="module")
def stored(tmp_path_factory, noisy, found, prior, params):
    """A folder with a track in it."""
    folder = tmp_path_factory.mktemp("tracks")
    attributes = {"levels": QUANTILES, "parameters": params.model_dump(include={"noise", "prior"})}
    arrays = track_arrays(noisy, found, prior, with_truths=True)
    write_product(track_file("noise", folder), BENCHMARK["noise"], arrays, **attributes)
    return folder


@pytest.fixture(scope="module")
def track(stored):
    return load_track("noise", stored)


def test_a_track_comes_back(track, noisy, found, prior):
    assert (track.name, track.levels, track.fraction) == ("noise", QUANTILES, FRACTION)
    np.testing.assert_array_equal(track.flux, noisy.flux)
    np.testing.assert_array_equal(track.sigma, noisy.sigma)
    np.testing.assert_array_equal(track.theta, noisy.theta)
    assert track.draws.shape == (GALAXIES, 500, 5)
    assert ((track.draws >= prior.low.numpy()) & (track.draws <= prior.high.numpy())).all()
    np.testing.assert_allclose(track.effective, [one.effective for one in found], rtol=1e-6)
    scatter = np.stack([one.draws.std(0) for one in found])[:, None]
    assert np.abs((track.draws - np.stack([one.draws for one in found])) / scatter).max() < 5**0.5 / 48


def test_tracks_without_truths_or_sigmas(tmp_path, moved, far, prior, params):
    arrays = track_arrays(moved, far, prior, with_truths=False)
    attributes = {"levels": QUANTILES, "parameters": params.model_dump(include={"noise", "prior"})}
    write_product(track_file("corrupted", tmp_path), BENCHMARK["corrupted"], arrays, **attributes)
    track = load_track("corrupted", tmp_path)
    assert track.theta is None
    assert track.sigma is None
    assert track.log_likelihood(track.draws[:, :3]).shape == (3, 3)


def test_likelihoods_are_normal(track, simulator, found):
    draws = np.stack([one.draws[:20] for one in found])
    log_likelihood = track.log_likelihood(draws)
    for row in (0, 5):
        seen = np.isfinite(track.sigma[row])
        models = simulator(draws[row]).double().numpy()[:, seen]
        expected = stats.norm(models, track.sigma[row, seen]).logpdf(track.flux[row, seen]).sum(1)
        np.testing.assert_allclose(log_likelihood[row], expected, atol=0.01)


def test_what_no_simulator_takes_has_no_likelihood(track):
    draws = track.draws[:2, :3].copy()
    draws[0, 1, 3], draws[1, 2, 0] = -1.0, np.nan
    expected = [[True, False, True], [True, True, False]]
    np.testing.assert_array_equal(np.isfinite(track.of_galaxies([0, 1]).log_likelihood(draws)), expected)


def test_rounding_changes_likelihoods_little(track, found):
    change = rounding_of(track, np.stack([one.draws for one in found]))
    assert change["median"] < 0.05
    assert change["percentile_99"] < 2


@pytest.mark.parametrize("rows", [[3, 1], slice(2, 4), np.arange(GALAXIES) == 5], ids=["numbers", "slice", "mask"])
def test_some_galaxies_of_a_track(track, rows):
    some = track.of_galaxies(rows)
    np.testing.assert_array_equal(some.flux, track.flux[rows])
    np.testing.assert_array_equal(some.draws, track.draws[rows])
    assert some.levels == track.levels


@pytest.mark.parametrize("rows", [[GALAXIES], [0.5], "k22", None, [], [[1, 2]], np.ones(3, dtype=bool)], ids=repr)
def test_rows_that_no_track_has(track, rows, refused):
    with refused("no such rows", str(GALAXIES)):
        track.of_galaxies(rows)


def test_draws_of_any_kind_have_likelihoods_and_others_are_refused(track, refused):
    draws = track.draws[:, :2]
    exact = track.log_likelihood(draws)
    np.testing.assert_array_equal(track.log_likelihood(torch.from_numpy(draws)), exact)
    np.testing.assert_array_equal(track.log_likelihood(draws.tolist()), exact)
    for wrong in (draws[1:], draws[..., :4], draws[0], draws[:, :0]):
        with refused("1 or more, 5"):
            track.log_likelihood(wrong)
    with refused("The draws"):
        track.log_likelihood("k22")


def test_wrong_tracks_end_in_one_sentence(stored, tmp_path, refused):
    with refused("'noisy'", *TRACKS):
        load_track("noisy", stored)
    with refused("benchmark_k22.h5", "missing"):
        load_track("k22", tmp_path)
    track_file("k22", tmp_path).write_bytes(track_file("noise", stored).read_bytes())
    with refused("benchmark noise", "benchmark k22"):
        load_track("k22", tmp_path)
    product = read_product(track_file("noise", stored), BENCHMARK["noise"])
    path = track_file("noise", tmp_path)
    write_product(path, BENCHMARK["noise"], product.arrays)
    with refused("lacks its levels"):
        load_track("noise", tmp_path)
    write_product(path, BENCHMARK["noise"], product.arrays, levels=[0.5], parameters=product.attributes["parameters"])
    with refused("1 levels"):
        load_track("noise", tmp_path)


def test_a_track_may_be_made_of_anything(prior):
    """As the scorer's tests do."""
    numbers = np.zeros(2)
    draws, quantiles = np.zeros((2, 4, 5)), np.zeros((2, 5, 5))
    track = Track("k22", np.ones((2, 3)), None, None, draws, quantiles, numbers, numbers, numbers, prior)
    assert isinstance(track.of_galaxies([1]), Track)
    assert MockSpectra(np.zeros((2, 5)), np.ones((2, 3))).sigma is None

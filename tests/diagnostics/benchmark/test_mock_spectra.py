"""The spectra of the tracks: their noise, gaps and corruptions are what is said of them."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy import stats

from digs.config.params import load_params
from digs.config.stages.benchmark_settings import BenchmarkSettings
from digs.config.stages.warning_lights_settings import WarningLightsSettings
from digs.diagnostics.benchmark.mock_spectra import (
    corrupted_spectra,
    moved_simulator,
    spectra_of_any_noise,
    spectra_of_the_model,
)
from digs.diagnostics.corruptions import REDSHIFTED_FILE
from digs.files.product import read_product
from digs.files.schemas.redshifted_schema import REDSHIFTED

GALAXIES, FRACTION = 400, 0.05


@pytest.fixture(scope="module")
def params():
    return load_params(BenchmarkSettings, WarningLightsSettings)


@pytest.fixture(scope="module")
def noisy(simulator, prior, params):
    return spectra_of_any_noise(simulator, prior, params.benchmark.noise, GALAXIES, 1, "noise")


@pytest.fixture(scope="module")
def wrong(simulator, prior, params):
    strengths = params.warning_lights.corruptions
    return corrupted_spectra(simulator, prior, FRACTION, strengths, GALAXIES, 1, "corrupted")


def test_noise_of_the_model_is_a_fraction_of_it(simulator, prior):
    mock = spectra_of_the_model(simulator, prior, FRACTION, GALAXIES, 1, "k22")
    assert mock.flux.dtype == np.float32
    assert mock.sigma is None
    unit = (mock.flux / simulator(mock.theta).numpy() - 1) / FRACTION
    assert stats.kstest(unit.ravel(), "norm").pvalue > 1e-3
    for column, (low, high) in zip(mock.theta.T, zip(prior.low.numpy(), prior.high.numpy(), strict=True), strict=True):
        assert stats.kstest(column, stats.uniform(low, high - low).cdf).pvalue > 1e-3


def test_noise_has_its_sigmas(simulator, noisy):
    seen = np.isfinite(noisy.sigma)
    assert (noisy.sigma > 0).all()
    assert (noisy.flux[~seen] == 0).all()
    unit = (noisy.flux - simulator(noisy.theta).numpy())[seen] / noisy.sigma[seen]
    assert stats.kstest(unit, "norm").pvalue > 1e-3


def test_signal_to_noise_is_log_uniform(simulator, noisy, params):
    model = simulator(noisy.theta).numpy()
    ratio = np.array([np.median((m / s)[np.isfinite(s)]) for m, s in zip(model, noisy.sigma, strict=True)])
    low, high = params.benchmark.noise.signal_to_noise
    assert ratio.min() >= low * 0.999
    assert ratio.max() <= high * 1.001
    assert stats.kstest(np.log(ratio), stats.uniform(np.log(low), np.log(high / low)).cdf).pvalue > 1e-3


def test_sigmas_change_with_wavelength_and_scatter(noisy):
    def log_ratio(one: int, other: int) -> np.ndarray:
        seen = np.isfinite(noisy.sigma[:, [one, other]]).all(1)
        assert seen.sum() > 100
        return np.log(noisy.sigma[seen, one] / noisy.sigma[seen, other])

    far, near = log_ratio(118, 20), log_ratio(60, 61)
    assert 0.3 < far.std() < 0.8
    assert abs(far.mean()) < 0.15
    assert 0.05 < near.std() < 0.3


def test_gaps_are_as_long_as_they_may_be(noisy):
    missing = np.isinf(noisy.sigma)
    share = missing.mean(1)
    assert share.max() < 0.8
    assert (share > 0.35).mean() > 0.05
    assert (share < 0.1).mean() > 0.1
    runs = [np.diff(np.flatnonzero(np.diff(np.pad(row, 1).astype(int))))[::2] for row in missing]
    assert max(run.max() for run in runs if len(run)) > 40  # pixels
    assert np.mean([1 in run for run in runs]) > 0.3  # single bad ones
    assert 0.3 < missing[:, 0].mean() < 0.75
    assert missing.mean(0)[40:100].max() < 0.45


def test_no_theta_knows_of_its_noise(noisy):
    """But for its level, noise is the same for all theta."""
    share = np.isinf(noisy.sigma).mean(1)
    tilt = np.nanmean(np.where(np.isfinite(noisy.sigma), np.log(noisy.sigma), np.nan)[:, 69:], 1)
    tilt -= np.nanmean(np.where(np.isfinite(noisy.sigma), np.log(noisy.sigma), np.nan)[:, :69], 1)
    for column in noisy.theta.T:
        assert stats.spearmanr(column, share).pvalue > 1e-3
        assert stats.spearmanr(column, tilt, nan_policy="omit").pvalue > 1e-3


def test_kinds_and_strengths_are_spread_evenly_and_in_no_order(wrong, params):
    _, done = wrong
    strengths = params.warning_lights.corruptions
    kinds = Counter(one["kind"] for one in done)
    assert set(kinds) == set(strengths)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    for kind, these in strengths.items():
        each = Counter(one["strength"] for one in done if one["kind"] == kind)
        assert set(each) == set(these)
        assert max(each.values()) - min(each.values()) <= 1
    order = [list(strengths).index(one["kind"]) for one in done]
    assert abs(stats.spearmanr(order[1:], order[:-1]).statistic) < 0.2


def test_corrupted_spectra_are_wrong(simulator, wrong):
    mock, done = wrong
    assert (mock.flux > 0).all()
    unit = (mock.flux / simulator(mock.theta).numpy() - 1) / FRACTION
    spread = {kind: unit[[one["kind"] == kind for one in done]].std() for kind in ("agn", "louder_noise", "older")}
    assert min(spread.values()) > 1.2
    quiet = [one["kind"] == "quieter_noise" and one["strength"] == 1.0 for one in done]
    assert unit[quiet].std() < 0.6


@pytest.mark.parametrize("make", [spectra_of_the_model, spectra_of_any_noise])
def test_more_galaxies_begin_with_the_same_noise(simulator, prior, params, make):
    settings = FRACTION if make is spectra_of_the_model else params.benchmark.noise
    few, again = (make(simulator, prior, settings, 5, 3, "some") for _ in range(2))
    np.testing.assert_array_equal(few.flux, again.flux)
    other = make(simulator, prior, settings, 5, 3, "others")
    assert not np.array_equal(few.theta, other.theta)


def test_moved_pixels_are_prospector_s(simulator):
    """Spectra at a redshift that nobody corrects for, against the stored ones of Prospector."""
    stored = read_product(REDSHIFTED_FILE, REDSHIFTED)
    theta = torch.as_tensor(stored["theta"][:60])
    for redshift, expected in zip(stored["redshift"], stored["flux"], strict=True):
        ratio = moved_simulator(simulator, float(redshift))(theta).numpy() / expected[:60]
        assert np.abs(np.median(ratio, 1) - 1).max() < 2e-3
        assert np.quantile(np.abs(ratio - 1), 0.99) < 5e-3

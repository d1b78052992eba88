"""The noise: its distribution, its independence, its seeds."""

import numpy as np
import pytest
import torch
from scipy import stats

from digs.base.random_streams import generator
from digs.config.params import load_params
from digs.physics.noise import FLOOR, add_noise


@pytest.fixture(scope="module")
def unit_noise() -> np.ndarray:
    """(noisy - flux) / (fraction flux) of fluxes over eight decades, shape (4000, 50)."""
    flux = 10 ** torch.linspace(-22, -14, 50, dtype=torch.float64).expand(4000, 50)
    noisy = add_noise(flux, torch.Generator().manual_seed(1), 0.05)
    return ((noisy / flux - 1) / 0.05).numpy()


def test_mean_and_standard_deviation_at_every_flux(unit_noise):
    rows = len(unit_noise)
    assert np.abs(unit_noise.mean(0)).max() < 4.5 / np.sqrt(rows)
    assert np.abs(unit_noise.std(0) - 1).max() < 4.5 / np.sqrt(2 * rows)


def test_gaussian(unit_noise):
    assert stats.kstest(unit_noise.ravel(), "norm").pvalue > 1e-3
    assert abs(stats.kurtosis(unit_noise.ravel())) < 5 * np.sqrt(24 / unit_noise.size)


def test_independent_between_pixels_and_between_spectra(unit_noise):
    rows, pixels = unit_noise.shape
    across = np.corrcoef(unit_noise.T)[np.triu_indices(pixels, 1)]
    assert np.abs(across).max() < 5 / np.sqrt(rows)
    assert across.std() == pytest.approx(1 / np.sqrt(rows), rel=0.1)
    along = (unit_noise[1:] * unit_noise[:-1]).mean()
    assert abs(along) < 5 / np.sqrt(unit_noise.size)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_seeds(dtype):
    flux = torch.ones(3, 40, dtype=dtype)
    first, again, other = (add_noise(flux, generator(seed, "noise"), 0.05) for seed in (1, 1, 2))
    assert first.dtype == dtype
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not torch.equal(first, add_noise(flux, generator(1, "another purpose"), 0.05))


def test_one_stream_is_never_rewound():
    source = torch.Generator().manual_seed(1)
    flux = torch.ones(2, 10)
    assert not torch.equal(add_noise(flux, source, 0.05), add_noise(flux, source, 0.05))


def test_fluxes_stay_positive_however_strong_the_noise():
    flux = torch.full((500, 100), 1e-17)
    noisy = add_noise(flux, torch.Generator().manual_seed(2), 2.0)
    assert (noisy > 0).all()
    assert noisy.min().item() == pytest.approx(FLOOR * 1e-17)
    assert torch.isfinite(torch.log10(noisy)).all()


def test_the_default_strength_is_that_of_params_yaml():
    flux = torch.ones(1000, 100, dtype=torch.float64)
    spread = (add_noise(flux, torch.Generator().manual_seed(3)) - 1).std().item()
    assert spread == pytest.approx(load_params().noise.fraction, rel=0.02)


def test_the_tracked_test_set_has_this_noise(test_set):
    unit = (test_set["noisy_flux"].astype(float) / test_set["flux"] - 1) / load_params().noise.fraction
    assert stats.kstest(unit.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(unit.T)[np.triu_indices(unit.shape[1], 1)]).max() < 6 / np.sqrt(len(unit))

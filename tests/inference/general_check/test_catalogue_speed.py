"""Made surveys and what their runs cost: galaxies where they belong, the noise that is asked for, sums that add up."""

import h5py
import numpy as np
import pytest

from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.inference.general_check import catalogue_speed
from digs.inference.general_check.catalogue_speed import (
    catalogue_cost,
    gain_of_two,
    inference_seconds,
    same_posteriors,
    sampler_seconds,
    single_seconds,
)
from digs.inference.general_check.sdss_like import SdssLike

SURVEY = SdssLike(np.geomspace(4000, 7000, 150), 65.0, (0.05, 0.2), (20.0, 30.0), ways=2, seed=3)
GALAXIES, ROWS = 3, 7


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    path = tmp_path_factory.mktemp("survey") / "survey.h5"
    SURVEY.write(path, GALAXIES, ROWS)
    return path


def test_galaxies_are_spread_among_the_rows(catalogue):
    with h5py.File(catalogue) as file:
        filled = np.flatnonzero(np.isfinite(file["flux"][:]).all(1))
        assert filled.tolist() == [0, 2, 4]
        assert np.isnan(file["flux"][:][[1, 3, 5, 6]]).all()


def test_noise_is_as_asked_for(catalogue):
    """The median flux over sigma is between the ends, per 40 Angstrom, and the residuals have that sigma."""
    with open_catalogue(catalogue) as spectra:
        for row in (0, 2, 4):
            spectrum = spectra[row]
            share = np.sqrt(40 / np.gradient(spectrum.wavelength))
            signal = np.median(spectrum.flux) / np.median(spectrum.sigma / share)
            assert 18 < signal < 33
            assert 0.05 <= spectrum.redshift <= 0.2


def test_a_survey_is_the_same_for_its_seed(catalogue, tmp_path):
    SURVEY.write(tmp_path / "again.h5", GALAXIES, ROWS)
    with h5py.File(catalogue) as one, h5py.File(tmp_path / "again.h5") as other:
        np.testing.assert_array_equal(one["flux"][:], other["flux"][:])


def test_costs_of_a_run(catalogue, tmp_path):
    cost = catalogue_cost(catalogue, tmp_path / "one.zarr", 100, 1, workers=1)
    assert sum(cost["verdicts"].values()) == ROWS
    assert cost["verdicts"]["outside the model"] >= ROWS - GALAXIES
    assert min(cost["cpu_seconds"], cost["seconds"]) > 0
    assert 0.05 < cost["peak_gb"] < 64
    catalogue_cost(catalogue, tmp_path / "other.zarr", 100, 2, workers=1)
    catalogue_cost(catalogue, tmp_path / "same.zarr", 100, 1, workers=1)
    assert same_posteriors(tmp_path / "one.zarr", tmp_path / "same.zarr")
    assert not same_posteriors(tmp_path / "one.zarr", tmp_path / "other.zarr")


def test_single_spectra_leave_tables_and_pictures(catalogue, tmp_path):
    seconds = single_seconds(catalogue, 1, tmp_path, 100, 1)
    assert len(seconds) == 1 and seconds[0] > 0
    assert (tmp_path / "0.ecsv").is_file() and (tmp_path / "galaxy_0_fit.png").is_file()


def test_two_processes_do_twice_the_work(tmp_path, monkeypatch):
    """Both take as long as they say, and the gain is that of the slower one."""
    SURVEY.write(tmp_path / "full.h5", 2)
    monkeypatch.setattr(catalogue_speed, "alone", lambda work, *arguments: 3.0)
    monkeypatch.setattr(catalogue_speed, "at_once", lambda work, *arguments: [4.0, 5.0])
    assert gain_of_two(tmp_path / "full.h5", 2, 100, seed=1) == {"one": 3.0, "two": 5.0, "gain": 1.2}
    monkeypatch.undo()
    assert inference_seconds(tmp_path / "full.h5", 2, 100, seed=1) > 0


def test_the_sampler_takes_longer_than_its_features(tmp_path):
    SURVEY.write(tmp_path / "full.h5", 2)
    found = sampler_seconds(tmp_path / "full.h5", 2, 50, seed=1)
    assert 0 < found["features"] < found["seconds"]

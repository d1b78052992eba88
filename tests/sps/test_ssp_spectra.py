"""The SSP grid: its metallicities, and that what is done is not done again."""

import numpy as np
import torch

from digs.config.params import load_params
from digs.config.stages.choices_settings import ChoicesSettings
from digs.config.stages.reference_settings import ReferenceSettings
from digs.physics.prior import Prior
from digs.sps import ssp_spectra
from digs.sps.home import SPSData
from digs.sps.ssp_spectra import (
    GAS_LOGZ,
    STELLAR_LOGZSOL,
    make_ssp_grid,
    metallicity_nodes,
    ssp_parts,
    variant_simulator,
)

SETTINGS = load_params().spectrum


def test_the_grid_holds_the_nodes_of_stars_and_gas():
    nodes = metallicity_nodes()
    assert (np.diff(nodes) > 1e-3).all()
    for node in (*STELLAR_LOGZSOL, *GAS_LOGZ):
        assert np.abs(nodes - node).min() < 1e-12
    inside = (nodes >= GAS_LOGZ[0]) & (nodes <= GAS_LOGZ[-1])
    assert np.diff(nodes[inside]).max() < 0.0251


def test_finished_metallicities_are_only_put_together(tmp_path, fsps_population):
    """FSPS would give other spectra than these."""
    parts = ssp_parts(SETTINGS, SPSData("synthetic", "0" * 64), tmp_path)
    nodes, ages = metallicity_nodes(), len(fsps_population.log_age)
    flux = np.random.default_rng(0).uniform(size=(len(nodes), ages, SETTINGS.pixels))
    for place, one in enumerate(flux):
        parts.save(f"{place:03d}", one)
    grid = make_ssp_grid(SETTINGS, parts)
    np.testing.assert_array_equal(grid["flux"], flux)
    np.testing.assert_array_equal(grid["logzsol"], nodes)


def test_the_simulator_of_a_choice_is_made_once_from_its_own_grid(fake_arrays, tmp_path, monkeypatch):
    made = []

    def make(settings, parts):
        made.append(settings)
        return fake_arrays

    monkeypatch.setattr(ssp_spectra, "make_ssp_grid", make)
    params = load_params(ChoicesSettings, ReferenceSettings)
    data, settings = SPSData("synthetic", "0"), params.choices.spectrum("released_pixels", params)
    first, second = (variant_simulator(settings, data, tmp_path) for _ in range(2))
    assert made == [settings]
    theta = Prior.over(load_params().prior).sample(7, torch.Generator().manual_seed(6))
    assert torch.equal(first(theta), second(theta))
    variant_simulator(params.choices.spectrum("low_resolution", params), data, tmp_path)
    assert len(made) == 2

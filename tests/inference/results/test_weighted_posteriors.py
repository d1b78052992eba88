"""What is made of posteriors: derived quantities, table, tree and figures; galaxies without a posterior break none."""

import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
import xarray
from astropy.table import QTable

from digs.base.imports import arviz
from digs.config.theta import NAMES
from digs.inference.results.delayed_tau_rates import delayed_tau_rates
from digs.inference.results.posterior_tree import even_draws
from digs.inference.results.weighted_posteriors import WeightedPosteriors
from digs.physics.derived import derived_quantities

DRAWS, PIXELS = 400, 30


@pytest.fixture(scope="module")
def found(made_catalogue, tracked):
    """Three galaxies with draws around the middle of a prior and uneven weights; galaxy 1 is outside the model."""
    tracked("populations.h5")
    random = np.random.default_rng(4)
    low, high = np.array([[9.0, -1, 0, 1, -0.5], [11.0, 0, 1, 3, 0.5]])
    draws = low + (high - low) * random.beta(4, 4, (3, DRAWS, 5))
    return made_catalogue(draws, NAMES, random.normal(size=(3, DRAWS)), outside=[1], kind=WeightedPosteriors)


def test_derived_quantities_are_those_of_the_draws(found):
    expected = derived_quantities(found.draws[2])
    for name, values in found.derived.items():
        np.testing.assert_allclose(values[2], expected[name], rtol=1e-12)
        assert np.isnan(values[1]).all()


def test_the_table_has_percentiles_with_units(found):
    table = found.table
    np.testing.assert_array_equal(table["LOGMASS_P16"].value, found.quantiles((0.16,))[:, 0, 0])
    units = {"LOGMASS_P50": "dex", "TAGE_P84": "Gyr", "SURVIVING_MASS_P50": "solMass", "SFR_P16": "solMass / yr"}
    assert {name: str(table[name].unit) for name in units} == units
    assert (
        "formed" in table["LOGMASS_P50"].info.description and "living" in table["SURVIVING_MASS_P50"].info.description
    )
    assert not [name for name in table.colnames if set("\\$") & set(table[name].info.description or "")]  # of LaTeX
    assert table["VERDICT"].tolist() == found.verdict.tolist() and table["LIGHT_CHI_SQUARED"].tolist() == [0, 1, 0]
    assert np.isnan(table["SFR_P50"][1]) and np.isfinite(table["SFR_P50"][[0, 2]]).all()


@pytest.mark.parametrize("name", ["table.ecsv", "table.fits"])
def test_a_table_is_read_as_it_was_written(found, name, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.write_table(tmp_path / name)
    again = QTable.read(tmp_path / name)
    assert again.colnames == found.table.colnames and again.meta["SPS"] == "synthetic"
    for column in ("LOGMASS_P50", "SFR_P84", "EFFICIENCY"):
        np.testing.assert_array_equal(again[column], found.table[column])
        assert getattr(again[column], "unit", None) == getattr(found.table[column], "unit", None)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_table_of_another_format_is_refused(found, refused, tmp_path):
    with refused("table.pickle", ".ecsv or .fits"):
        found.write_table(tmp_path / "table.pickle")
    assert not list(tmp_path.iterdir())


def test_arviz_opens_the_tree(found, tmp_path):
    """Its summaries know no weights, and are right all the same."""
    found.write_tree(tmp_path / "found.nc", {"wavelength": np.arange(PIXELS), "flux": np.ones((3, PIXELS))})
    opened = arviz().from_netcdf(str(tmp_path / "found.nc"))
    summary = arviz().summary(opened.posterior.sel(galaxy=[0, 2]), kind="stats", round_to="none")
    mean = (found.weight[..., None] * found.draws).sum(1)
    spread = found.draws[[0, 2]].std(1)
    for place, name in enumerate(NAMES):
        of_arviz = summary.loc[[f"{name}[0]", f"{name}[2]"], "mean"]
        np.testing.assert_array_less(np.abs(of_arviz - mean[[0, 2], place]), 3 * spread[:, place] / DRAWS**0.5)
    assert opened.galaxies["verdict"].values.tolist() == found.verdict.tolist()
    np.testing.assert_array_equal(opened.weighted_draws["tage"].values[0].T, found.draws[..., 3])
    np.testing.assert_array_equal(opened.weighted_draws["log_weight"].values[0].T, found.log_weight)
    assert opened.observed_data["flux"].dims == ("galaxy", "pixel") and opened.attrs["sps_label"] == "synthetic"


def test_the_tree_is_written_the_same_to_the_bit(found, tmp_path):
    paths = [tmp_path / "one.nc", tmp_path / "two.nc"]
    for path in paths:
        found.write_tree(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert "observed_data" not in xarray.open_datatree(paths[0], engine="h5netcdf").children


def test_draws_of_equal_weight_depend_on_the_galaxy_alone(found):
    even = even_draws(found, seed=5)
    np.testing.assert_array_equal(even[2], even_draws(found[2], seed=5)[0])
    assert not np.array_equal(even[2], even_draws(found, seed=6)[2])


def test_star_formation_rates_add_up_to_the_mass_and_are_those_that_are_derived():
    logmass, tage, logtau = np.array([10.0, 9.0]), np.array([3.0, 0.5]), np.array([0.2, -0.6])
    ago = np.linspace(0, 3, 30_001)
    rates = delayed_tau_rates(logmass, tage, logtau, ago)
    np.testing.assert_allclose(np.trapezoid(rates, ago * 1e9), 10**logmass, rtol=1e-4)
    theta = np.stack([logmass, [0, 0], [0, 0], tage, logtau], 1)
    np.testing.assert_allclose(rates[:, 0], derived_quantities(theta)["sfr"], rtol=1e-10)


def drawn(figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, dpi=40)
    return file.getvalue()


def test_figures_are_drawn(found):
    wavelength = np.linspace(4000, 5000, PIXELS)
    sigma = np.full(PIXELS, 0.1)
    sigma[3:5] = np.inf
    model = np.ones((DRAWS, PIXELS))
    corner = found.plot_corner(0, ["logmass", "tage"])
    fit = found.plot_fit(0, wavelength, np.ones(PIXELS) + 0.1, sigma, model)
    assert len(corner.axes) == 4 and all(drawn(figure) for figure in (corner, fit, found.plot_history(2)))
    pulls = fit.axes[1].lines[-1].get_ydata()
    assert np.isnan(pulls[3:5]).all() and np.allclose(np.delete(pulls, [3, 4]), 1)


def test_what_cannot_be_drawn_is_refused(found, refused):
    for plot in (found.plot_corner, found.plot_history):
        with refused("Galaxy 1", "no fit"):
            plot(1)
    with refused("no galaxy 7"):
        found.plot_corner(7)
    with refused("'age'"):
        found.plot_corner(0, ["age"])
    with refused("model", f"({DRAWS}, {PIXELS})"):
        found.plot_fit(0, *np.ones((3, PIXELS)), np.ones((DRAWS, 2)))


def test_other_histories_have_a_table_but_nothing_derived(found, refused):
    other = replace(found, names=("logmass", "logzsol", "dust2", "ratio_1", "ratio_2"))
    assert "RATIO_1_P50" in other.table.colnames and "SFR_P50" not in other.table.colnames
    with refused("'tage'"):
        assert other.derived
    with refused("'tage'"):
        other.plot_history(0)

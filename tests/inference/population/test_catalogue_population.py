"""Populations of what digs.infer returns: recovered where point estimates fail, calibrated; who is left out is said.

Thresholds are three standard errors where a test does not say another reason.
"""

import numpy as np
import pytest
import zarr
from astropy.table import QTable
from made_posteriors import ERROR, check_same_posterior, cut_off, exact_population, made_ages, made_posteriors
from scipy import stats
from test_normal_population import closed_form

from digs.inference.catalogue.result_store import BLOCK, ResultStore
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.population import InterimDraws, infer_population
from digs.inference.population.catalogue_population import FEW_IN_POPULATION
from digs.inference.population.engine_interim import engine_draws
from digs.inference.population.engine_prior import EnginePrior
from digs.inference.population.normal_population import normal_population
from digs.inference.population.population_memory import check_cells, check_draws
from digs.inference.results.galaxy_draws import KINDS, TOO_FAR

MEAN, WIDTH = 7.5, 1.0  # Gyr, of a population that is narrower than the errors
NUMBER = 400


@pytest.fixture(scope="module")
def made():
    return made_ages(400, MEAN, WIDTH, seed=1)


@pytest.fixture(scope="module")
def found(made):
    return made.found


@pytest.fixture(scope="module")
def normal(found):
    return infer_population(found, ["tage"], number=NUMBER)


@pytest.fixture(scope="module")
def clear():
    """Galaxies that are measured better than the population is wide."""
    return made_ages(200, 6.5, 1.5, seed=4, most=0.1, error=1.0).found


@pytest.fixture(scope="module")
def clear_normal(clear):
    return infer_population(clear, ["tage"], number=NUMBER)


def test_point_estimates_are_wrong_by_many_sigma_and_the_population_is_not(found, normal):
    """By the errors that a sample of such values has; the population's own are larger, as they should be."""
    medians, number = found.quantiles((0.5,))[:, 0, 0], len(found)
    width, mean = medians.std(), medians.mean()
    of_width, of_mean = width / np.sqrt(2 * number), width / np.sqrt(number)
    assert width - WIDTH > 3 * of_width and MEAN - mean > 3 * of_mean
    assert found.draws[..., 0].std() - width > 3 * of_width  # the sum of posteriors is wider still
    assert normal.fit.width.std() > of_width and normal.fit.mean.std() > of_mean
    assert abs(normal.fit.mean.mean() - MEAN) < 3 * normal.fit.mean.std()
    assert abs(normal.fit.width.mean() - WIDTH) < 3 * normal.fit.width.std()


def test_a_histogram_says_the_same(found, normal):
    """Both have the same data and differ in their priors, which may move the answer by less than its error."""
    binned = infer_population(found, ["tage"], {"tage": np.linspace(0.01, 13.21, 23)}, number=NUMBER)
    for ours, other in ((binned.fit.mean, normal.fit.mean), (binned.fit.width, normal.fit.width)):
        assert abs(ours.mean() - other.mean()) < other.std()
    edges, quantiles = binned.density("tage")
    assert quantiles.shape == (5, 22) and (np.diff(quantiles, axis=0) >= 0).all()
    inside = (edges[1:] > MEAN - 2) & (edges[:-1] < MEAN + 2)
    widest = normal.fit.width.mean() + 3 * normal.fit.width.std()
    assert (quantiles[2] * np.diff(edges))[inside].sum() > 1 - 2 * stats.norm.sf(2 / widest)


def test_a_population_that_the_universe_cuts_off_is_recovered():
    """A third of the normal distribution is older than the universe at the largest redshifts."""
    made = made_ages(400, 8.0, 2.0, seed=1)
    old = made.found
    whole = infer_population(old, ["tage"], number=NUMBER)
    inside = lambda mean, width: stats.norm.cdf((made.oldest - mean) / width).mean()
    error = np.std([inside(*each) for each in zip(whole.fit.mean[:, 0], whole.fit.width[:, 0], strict=True)])
    assert abs(whole.fit.inside - inside(8, 2)) < 3 * error and any("cut off" in note for note in whole.notes)
    binned = infer_population(old, ["tage"], {"tage": np.linspace(0.01, 13.21, 23)}, number=NUMBER)
    for each in (whole.fit, binned.fit):
        assert abs(each.mean.mean() - 8) < 3 * each.mean.std()
        assert abs(each.width.mean() - 2) < 3 * each.width.std()
    draws = engine_draws(old, ["tage"])
    endless = InterimDraws(draws.names, draws.values, draws.log_weight, draws.rows, lambda x: np.zeros(x.shape[:-1]))
    ignored = normal_population(endless, number=NUMBER, effective=1)
    assert 8 - ignored.mean.mean() > 3 * ignored.mean.std()


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_answer_is_that_of_the_exact_likelihood(seed):
    made = made_ages(150, 8.0, 2.0, seed)
    mean, width = np.linspace(0.01, made.oldest.max(), 90), np.linspace(0.05, made.oldest.max(), 130)
    exact, fit = exact_population(made, mean, width), infer_population(made.found, ["tage"]).fit
    random = np.random.default_rng(0)
    for ours, values, share in ((fit.mean, mean, exact.sum(1)), (fit.width, width, exact.sum(0))):
        check_same_posterior(ours[:, 0], random.choice(values, 20_000, p=share), fit.noise)


def test_ranks_of_the_truth_are_uniform():
    """Truths come from a range in which the prior is flat; all of them count, also those that are hard to sample.

    Ranks that are uniform fail once in a hundred times.
    """
    random, ranks = np.random.default_rng(5), []
    for seed in range(60):
        mean, width = random.uniform(4, 8), random.uniform(1.0, 3.0)
        made = made_ages(60, mean, width, seed, draws=300, most=0.3, error=1.0)
        fit = infer_population(made.found, ["tage"], number=NUMBER, effective=0).fit
        ranks.append([(fit.mean[:, 0] < mean).mean(), (fit.width[:, 0] < width).mean()])
    for each in np.transpose(ranks):
        assert len(each) == 60 and stats.kstest(each, "uniform").pvalue > 0.01


def test_mass_and_age_together():
    random = np.random.default_rng(7)
    truth = random.multivariate_normal([10.5, 6.0], [[0.09, 0.18], [0.18, 1.0]], 200)  # a correlation of 0.6
    error = np.array([0.15, 0.5])
    seen = truth + error * random.normal(size=truth.shape)
    draws = seen[:, None] + error * random.normal(size=(200, 1000, 2))
    draws[..., 1] = cut_off(seen[:, 1:], error[1], np.full((200, 1000), 12.9), random)
    found = made_posteriors(draws, ["logmass", "tage"], np.full(200, 0.05))
    both = infer_population(found, ["logmass", "tage"])
    mean, covariance = closed_form(seen, error)  # no galaxy is near the end
    width = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlation, exact = both.fit.correlation[:, 0, 1], covariance[:, 0, 1] / width.prod(1)
    for column in range(2):
        check_same_posterior(both.fit.mean[:, column], mean[:, column], both.fit.noise)
        check_same_posterior(both.fit.width[:, column], width[:, column], both.fit.noise)
    check_same_posterior(correlation, exact, both.fit.noise)
    assert float(both.table["CORRELATION_LOGMASS_TAGE_P50"][0]) == pytest.approx(np.median(correlation))
    assert len(both.plot().axes) == 2


def test_the_order_of_galaxies_makes_no_difference(found, normal):
    """But for the rounding of sums, on which it hangs where the search for the mode ends."""
    order = np.random.default_rng(3).permutation(len(found))
    again = infer_population(found[order], ["tage"], number=NUMBER).fit
    assert again.mean.mean() == pytest.approx(normal.fit.mean.mean(), abs=0.1 * normal.fit.mean.std())
    assert again.width.std() == pytest.approx(normal.fit.width.std(), rel=0.1)
    np.testing.assert_allclose(again.effective, normal.fit.effective[order], rtol=0.02)


@pytest.mark.parametrize("independent", [None, 333])
@pytest.mark.parametrize("prior", [stats.norm(5, 2), stats.norm(6, 50), stats.uniform(3, 8)])
def test_another_prior_is_refused(clear, prior, independent, refused):
    """Whether it changes weights by much or by hardly anything, of draws that are weighted, or emcee's."""
    redshift = [each.redshift for each in clear.spectra]
    engine = made_posteriors(clear.draws, ["tage"], redshift, independent)
    nearer = engine.with_prior({"tage": prior})
    assert nearer.there.any()
    with refused("not those of digs.infer", "before with_prior"):
        infer_population(nearer, ["tage"])


def test_galaxies_of_a_population_tell_no_other(clear, clear_normal, refused):
    """Their prior is the population."""
    with refused("not those of digs.infer"):
        infer_population(clear_normal.galaxies(clear), ["tage"])


def test_galaxies_come_near_the_population(made, normal):
    """And near their truths, which their intervals hold; 400 galaxies tell an rms to 3.5% and a share to 2.3%."""
    after = normal.galaxies(made.found)
    before, now = (each.quantiles((0.16, 0.5, 0.84))[:, :, 0] for each in (made.found, after))
    rms = lambda medians: np.sqrt(np.mean((medians - made.truth) ** 2))
    assert rms(now[:, 1]) < (1 - 3 * np.hypot(0.035, 0.035)) * rms(before[:, 1])
    assert abs(np.mean((now[:, 0] < made.truth) & (made.truth < now[:, 2])) - 0.68) < 3 * 0.023
    assert np.isnan(after.log_evidence).all() and set(after.verdict) == {"trusted"}


def test_a_galaxy_far_from_the_rest_is_flagged(found):
    """Its draws hardly reach the population: by the normal distributions' integrals 5% of them are effective."""
    odd = cut_off(np.full((1, 1000, 1), 3.0), 1.4, 12.0, np.random.default_rng(1))
    redshift = [*(each.redshift for each in found.spectra), 0.02]
    both = made_posteriors(np.concatenate([found.draws, odd]), ["tage"], redshift)
    fit = infer_population(both, ["tage"], number=NUMBER, effective=0)
    assert fit.fit.effective[400] < 100 < np.median(fit.fit.effective)
    assert any("galax" in note and "effective draws" in note for note in fit.notes)
    after = fit.galaxies(both)
    assert after.lights[FEW_IN_POPULATION][400] and not after.lights[FEW_IN_POPULATION].all()


def test_draws_that_are_not_independent_make_noise(clear, clear_normal, refused):
    """As those of emcee, of which few may be independent: a third here, which tells the population hardly less."""
    redshift = [each.redshift for each in clear.spectra]
    fewer = made_posteriors(clear.draws, ["tage"], redshift, independent=333)
    noisy = infer_population(fewer, ["tage"], number=NUMBER, effective=0).fit
    np.testing.assert_allclose(noisy.effective.min(), clear_normal.fit.effective.min() / 3, rtol=0.1)
    assert noisy.noise == pytest.approx(np.sqrt(3) * clear_normal.fit.noise, rel=0.1)
    with refused("effective draws", "galaxies"):
        infer_population(made_posteriors(clear.draws, ["tage"], redshift, independent=30), ["tage"], number=NUMBER)


def test_who_is_left_out_is_said(found, caplog):
    redshift = [each.redshift for each in found.spectra]
    some = made_posteriors(found.draws, ["tage"], redshift, outside=[2, 5])
    fit = infer_population(some, ["tage"], leave_out=[7], number=NUMBER)
    assert fit.left_out == {"left out by hand": 1, "outside the model": 2}
    assert "397 galaxies; not of 3 more" in fit.notes[0] and fit.notes[0] in caplog.text
    after = fit.galaxies(some)
    assert after.verdict[7] == TOO_FAR and after.verdict[2] == "outside the model" and after.there.sum() == 397


def test_the_table_has_units_and_can_be_read_again(normal, tmp_path):
    normal.write_table(tmp_path / "population.ecsv")
    table = QTable.read(tmp_path / "population.ecsv")
    assert table["MEAN_TAGE_P50"].unit == "Gyr" and table["GALAXIES"][0] == 400
    assert table["WIDTH_TAGE_P16"][0] < table["WIDTH_TAGE_P50"][0] < table["WIDTH_TAGE_P84"][0]
    density = normal.density_table("tage")
    assert density["DENSITY_P50"].unit == "1 / Gyr"
    step = np.diff(density["TAGE"])[0]
    off = (normal.fit.width.std() / normal.fit.width.mean()) ** 2  # by which a median of densities is not a mean
    assert (density["DENSITY_P50"].sum() * step).to_value("") == pytest.approx(1, abs=2 * off)


def test_detection_needs_a_population_inside_the_ends(refused):
    """Galaxies that look older than 6 Gyr are in the catalogue."""
    made = made_ages(300, 6.5, 1.5, seed=1, most=0.1, error=1.0)
    detection = lambda places: stats.norm.cdf(places[..., 0] - 6)
    seen = infer_population(made.found[made.seen > 6], ["tage"], detection=detection, number=NUMBER).fit
    assert abs(seen.mean.mean() - 6.5) < 3 * seen.mean.std() and abs(seen.width.mean() - 1.5) < 3 * seen.width.std()
    with refused("beyond the interim prior"):
        old, everything = made_ages(200, 8.0, 2.0, 1).found, lambda places: np.ones(places.shape[:-1])
        infer_population(old, ["tage"], detection=everything, number=NUMBER, effective=0)


def write_store(path, found, blocks: int):
    """Write posteriors as a result of digs infer CATALOGUE, of which the last blocks are not done yet."""
    number, draws, _ = found.draws.shape
    settings = {"settings": EngineSettings().plain()}
    store = ResultStore.opened(path, number, draws, found.names, settings, {})
    group, some = store.group, slice(0, blocks * BLOCK + 5)  # the next block is being written
    group["draws"][some], group["log_weight"][some] = found.draws[some], found.log_weight[some]
    group["verdict"][some] = [KINDS.index(each) for each in found.verdict[some]]
    group["redshift"][some] = [each.redshift for each in found.spectra[some]]
    group["log_evidence_error"][some] = found.log_evidence_error[some]
    for name, values in found.statistics.items():
        group[name][some] = values[some]
    group["done"][:blocks] = 1
    return path


def test_a_catalogue_in_a_folder_is_read(clear, tmp_path, refused):
    path = write_store(tmp_path / "found.zarr", clear, 12)
    stored = infer_population(path, ["tage"], keep=1000, number=NUMBER)
    assert stored.left_out == {"not made yet": 8}
    same = infer_population(clear[:192], ["tage"], number=NUMBER).fit
    np.testing.assert_array_equal(stored.fit.covariance, same.covariance)
    few = infer_population(str(path), ["tage"], keep=500, number=NUMBER)
    assert few.draws.values.shape == (192, 500, 1) and few.draws.values.dtype == np.float32
    noise = np.hypot(few.fit.noise, np.sqrt(2 / (NUMBER / 4)))
    assert abs(few.fit.mean.mean() - same.mean.mean()) < 3 * noise * same.mean.std()
    with refused("not those of the population"):
        few.galaxies(clear)
    np.testing.assert_array_equal(few.fit.mean, infer_population(path, ["tage"], keep=500, number=NUMBER).fit.mean)


def test_what_cannot_be_done_is_refused(found, normal, tmp_path, refused):
    with refused("'age'", "tage"):
        infer_population(found, ["age"])
    with refused("columns", "list"):
        infer_population(found, "tage")
    with refused("No galaxy"):
        infer_population(found, ["tage"], leave_out=range(400))
    with refused("'age'", "population"):
        normal.density("age")
    with refused("not those of the population"):
        normal.galaxies(found[:10])
    far = made_posteriors(found.draws[:20], ["tage"], np.full(20, 3.0))
    with refused("beyond the prior", "infer"):
        infer_population(far, ["tage"])
    with refused("none.zarr"):
        infer_population(tmp_path / "none.zarr", ["tage"])
    path = write_store(tmp_path / "found.zarr", found[:21], 1)
    with refused("'age'", "found.zarr"):
        infer_population(path, ["age"])
    group = zarr.open_group(str(path))
    group["log_evidence_error"][3] = 0.5
    with refused("galaxy 3", "not those of digs.infer"):
        infer_population(path, ["tage"])
    group["log_evidence_error"][3], group["redshift"][4] = found.log_evidence_error[3], np.nan
    with refused("redshifts of galaxy 4"):
        infer_population(path, ["tage"])
    group["redshift"][4], group["draws"][5] = 0.1, np.nan
    with refused("galaxy 5", "no numbers"):
        infer_population(path, ["tage"])
    zarr.open_group(str(tmp_path / "other.zarr"), mode="w")
    with refused("holds no posteriors"):
        infer_population(tmp_path / "other.zarr", ["tage"])
    assert ERROR > WIDTH  # or point estimates would do


def test_what_takes_too_much_memory_is_refused(refused):
    """Before any of it is taken: a million galaxies of 300 draws in two parameters take 3.4 GiB."""
    prior, rows = EnginePrior(["logmass", "tage"], {}), np.arange(1_000_000)
    with refused("1000000 galaxies", "3.4 GiB", "keep=178"):
        prior.divided_out(iter(()), 300, np.zeros(len(rows)), np.ones(len(rows)), rows)
    check_draws(100_000, 200, 3)
    check_cells(100_000, 30)
    with refused("900 cells", "cells or fewer"):
        check_cells(100_000, 900)

"""Normal populations against closed forms: normal likelihoods have one, whose posterior is known without draws.

Thresholds are three standard errors where a test does not say another reason.
"""

import numpy as np
import pytest
from made_posteriors import check_same_posterior
from scipy import stats

from digs.inference.population import normal_shapes
from digs.inference.population.interim_draws import InterimDraws, OfPlaces, interim_draws
from digs.inference.population.normal_population import normal_population
from digs.inference.population.student_rounds import student_rounds

NUMBER = 300  # draws of a population's posterior
WIDTH, ERROR = 0.4, 0.3


def flat(places: np.ndarray) -> np.ndarray:
    return np.zeros(places.shape[:-1])


def measured(truth: np.ndarray, error, draws: int, seed: int) -> tuple[np.ndarray, InterimDraws]:
    """Measurements of some galaxies, (N, d), with normal errors, and draws of their posteriors with a flat prior."""
    random = np.random.default_rng(seed)
    seen = truth + error * random.normal(size=truth.shape)
    values = seen[:, None] + error * random.normal(size=(len(truth), draws, truth.shape[1]))
    names = ("logmass", "tage")[: truth.shape[1]]
    return seen, InterimDraws(names, values, flat(values), np.arange(len(truth)), flat)


def closed_form(seen: np.ndarray, error) -> tuple[np.ndarray, np.ndarray]:
    """Means, (n, d), and covariances, (n, d, d), of populations: draws of the posterior, without draws of galaxies."""
    center, scale = seen.mean(0), seen.std(0)
    seen, d = (seen - center) / scale, seen.shape[1]

    def log_density(phi: np.ndarray) -> np.ndarray:
        mean, factor = normal_shapes.unpacked(phi, d)
        covariance = factor @ factor.swapaxes(1, 2) + np.diag((np.ones(d) * error / scale) ** 2)
        off = seen - mean[:, None]
        chi_squared = np.einsum("wni,wij,wnj->w", off, np.linalg.inv(covariance), off)
        found = -chi_squared / 2 - len(seen) * np.linalg.slogdet(covariance)[1] / 2
        return found + normal_shapes.log_prior(phi, d)

    start = normal_shapes.packed(np.zeros(d), np.cov(seen, rowvar=False).reshape(d, d) / 2)
    phi = student_rounds(log_density, start, 2000, np.random.default_rng(0), "Closed form")
    mean, factor = normal_shapes.unpacked(phi, d)
    wide = scale[:, None] * factor
    return center + scale * mean, wide @ wide.swapaxes(1, 2)


def one_width(galaxies: int, seed: int, draws: int = 200) -> tuple[np.ndarray, np.ndarray, InterimDraws]:
    """True values of a population of mean 10 and width WIDTH in one parameter, what is measured, and draws."""
    truth = np.random.default_rng(seed).normal(10, WIDTH, (galaxies, 1))
    return truth, *measured(truth, ERROR, draws, seed + 1000)


def test_two_parameters_and_their_correlation_are_those_of_the_closed_form():
    """The truth has 0.6; what these galaxies say of it, the closed form knows."""
    width, error = np.array([0.2, 0.6]), np.array([0.1, 0.3])
    covariance = np.outer(width, width) * [[1, 0.6], [0.6, 1]]
    truth = np.random.default_rng(1).multivariate_normal([10.5, 3], covariance, 80)
    seen, draws = measured(truth, error, 1000, 2)
    found = normal_population(draws)
    mean, covariance = closed_form(seen, error)
    widths = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlation = covariance[:, 0, 1] / widths.prod(1)
    for column in range(2):
        check_same_posterior(found.mean[:, column], mean[:, column], found.noise)
        check_same_posterior(found.width[:, column], widths[:, column], found.noise)
    check_same_posterior(found.correlation[:, 0, 1], correlation, found.noise)


def test_intervals_hold_the_truth_as_often_as_they_should():
    """And their middles are those of the closed form, but for the noise of few draws."""
    inside, shift, noise = [], [], []
    for seed in range(30):
        _, seen, draws = one_width(40, seed)
        found = normal_population(draws, number=NUMBER, effective=4)
        _, covariance = closed_form(seen, ERROR)
        exact = np.sqrt(covariance[:, 0, 0])
        low, high = np.quantile(np.stack([found.mean[:, 0], found.width[:, 0]], 1), (0.16, 0.84), axis=0)
        inside.append((low < (10, WIDTH)) & (high > (10, WIDTH)))
        shift.append((found.width.mean() - exact.mean()) / exact.std())
        noise.append(found.noise)
    share = np.mean(inside, axis=0)
    assert (np.abs(share - 0.68) < 3 * np.sqrt(0.68 * 0.32 / 30)).all()
    of_one = np.hypot(np.mean(noise), 1 / np.sqrt(NUMBER / 4))
    assert abs(np.mean(shift)) < 3 * of_one / np.sqrt(30)


def test_point_estimates_have_the_wrong_width():
    """Medians of posteriors scatter by the errors, too."""
    truth = np.random.default_rng(5).normal(10, WIDTH, (150, 1))
    seen, draws = measured(truth, 0.5, 600, 6)
    of_medians = np.median(draws.values, axis=1).std()
    found = normal_population(draws, number=NUMBER, effective=4).width
    exact = np.sqrt(closed_form(seen, 0.5)[1][:, 0, 0])
    assert abs(found.mean() - WIDTH) < 3 * found.std() and abs(found.mean() - exact.mean()) < exact.std()
    assert of_medians - WIDTH > 3 * found.std()  # 0.24, where 150 galaxies have an error of 0.06


def test_the_interim_prior_is_divided_out(made_catalogue):
    """Posteriors with a narrow prior lead to the same population as those with a flat one.

    Ignored it makes the width 0.08 less, where 240 galaxies have an error of 0.03.
    """
    _, seen, draws = one_width(240, 7, 400)
    flat_result = normal_population(draws, number=NUMBER)
    prior_mean, prior_width = 9.6, 0.7
    precision = ERROR**-2 + prior_width**-2
    middle = (seen * ERROR**-2 + prior_mean * prior_width**-2) / precision
    values = middle[:, None] + np.random.default_rng(8).normal(size=(240, 400, 1)) / precision**0.5
    log_prior = lambda places: -((places[..., 0] - prior_mean) ** 2) / 2 / prior_width**2
    found = interim_draws(made_catalogue(values, ["logmass"]), ["logmass"], log_prior)
    again = normal_population(found, number=NUMBER)
    ignored = normal_population(interim_draws(made_catalogue(values, ["logmass"]), ["logmass"], flat), number=NUMBER)
    noise = np.sqrt(again.noise**2 + flat_result.noise**2 + 2 / (NUMBER / 4))  # their draws are not the same
    assert abs(again.width.mean() - flat_result.width.mean()) < 3 * noise * flat_result.width.std()
    assert abs(again.mean.mean() - flat_result.mean.mean()) < 3 * noise * flat_result.mean.std()
    assert flat_result.width.mean() - ignored.width.mean() > again.width.std()


def by_data(seed: int) -> tuple[InterimDraws, OfPlaces]:
    """Draws of those galaxies of a population that are measured to be above 9.7, and the probability of that."""
    truth = np.random.default_rng(seed).normal(10, WIDTH, (200, 1))
    seen, draws = measured(truth, ERROR, 300, seed + 1)
    kept = seen[:, 0] > 9.7
    some = InterimDraws(draws.names, draws.values[kept], draws.log_weight[kept], draws.rows[kept], flat)
    return some, lambda places: stats.norm.cdf((places[..., 0] - 9.7) / ERROR)


def by_truth(seed: int) -> tuple[InterimDraws, OfPlaces]:
    """The same of those that are likely to be chosen by what they are."""
    random = np.random.default_rng(seed)
    truth = random.normal(10, WIDTH, (200, 1))
    detection = lambda places: stats.norm.cdf((places[..., 0] - 9.7) / 0.1)
    _, draws = measured(truth[random.random(200) < detection(truth)], ERROR, 300, seed + 1)
    return draws.of_detected(detection), detection


@pytest.mark.parametrize("choose", [by_data, by_truth])
def test_what_was_not_detected_is_accounted_for(choose):
    draws, detection = choose(9)
    found = normal_population(draws, detection, number=NUMBER, effective=2)
    of_catalogue = normal_population(draws, number=NUMBER, effective=2)
    for ours, true in ((found.mean, 10), (found.width, WIDTH)):
        assert abs(ours.mean() - true) < 3 * ours.std()
    assert of_catalogue.mean.mean() - 10 > 3 * of_catalogue.mean.std()


def test_a_population_that_is_hardly_seen_is_refused(refused):
    """The tail of a normal distribution says little of the rest of it."""
    _, _, draws = one_width(60, 14)
    with refused("in the catalogue"):
        normal_population(draws, lambda places: places[..., 0] > 10.8, number=NUMBER, effective=0)


def test_too_few_draws_are_refused(refused):
    _, _, draws = one_width(30, 13, 30)
    with refused("galaxies", "fewer than 20 effective draws", "more draws"):
        normal_population(draws, number=NUMBER, effective=20)


@pytest.mark.parametrize("number", [1, 2])
def test_too_few_galaxies_are_refused(refused, number):
    with refused(f"number of galaxies is {number}", "3 or more"):
        normal_population(one_width(number, 1)[2])


def test_a_population_beyond_the_interim_prior_is_refused(refused):
    _, _, draws = one_width(60, 14)
    box = lambda places: np.where(places[..., 0] < 10.2, 0.0, -np.inf)
    inside = draws.values[..., 0] < 10.2
    kept = inside.sum(1) > 50
    values = np.stack([row[one][:50] for row, one in zip(draws.values[kept], inside[kept], strict=True)])
    cut = InterimDraws(draws.names, values, flat(values), np.arange(kept.sum()), box)
    with refused("beyond the interim prior", "detection"):
        normal_population(cut, number=NUMBER, effective=2)


def test_galaxies_without_posterior_are_left_out(made_catalogue):
    _, _, draws = one_width(40, 15)
    found = interim_draws(made_catalogue(draws.values, ["logmass"], outside=[3, 4]), ["logmass"], flat)
    assert len(found.values) == 38 and not {3, 4} & set(found.rows.tolist())
    assert np.isfinite(normal_population(found, number=NUMBER, effective=2).width).all()


def test_a_catalogue_that_tells_nothing_is_refused(made_catalogue, refused):
    values = np.ones((2, 10, 1))
    with refused("No galaxy"):
        interim_draws(made_catalogue(values, ["tage"], outside=[0, 1]), ["tage"], flat)
    with refused("interim prior", "galaxies 0 and 1"):
        interim_draws(made_catalogue(values, ["tage"]), ["tage"], lambda places: np.full(places.shape[:-1], -np.inf))
    with refused("'age'"):
        interim_draws(made_catalogue(values, ["tage"]), ["age"], flat)


def test_the_same_seed_gives_the_same_population():
    _, _, draws = one_width(30, 16)
    one, again, other = (normal_population(draws, seed=seed, number=50, effective=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.covariance, again.covariance)
    assert not np.array_equal(one.covariance, other.covariance)


@pytest.mark.parametrize("value", ["mean of logmass", "width of logmass"])
def test_the_summary_names_its_moments(value):
    found = normal_population(one_width(30, 17)[2], number=NUMBER, effective=2).summary()
    assert set(found) == {"mean of logmass", "width of logmass"} and found[value]["error"] > 0

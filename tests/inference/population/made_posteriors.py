"""Posteriors as digs.infer returns them, of galaxies whose ages are measured with normal errors, without spectra."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from astropy.cosmology import WMAP9
from scipy.stats import norm, truncnorm

from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.results.galaxy_draws import OUTSIDE, REFITTED, TRUSTED

YOUNGEST, ERROR = 0.01, 2.0  # Gyr


def made_posteriors(
    draws: np.ndarray,
    names: Sequence[str],
    redshift: np.ndarray,
    independent: float | None = None,
    outside: Sequence[int] = (),
) -> SpectrumPosteriors:
    """Return posteriors of these draws, (N, draws, d), of even weights.

    Args:
        independent: how many of the draws of a galaxy are, where they are those of emcee.
        outside: rows of galaxies without a posterior.
    """
    number, each, _ = draws.shape
    draws, log_weight = draws.copy(), np.zeros((number, each))
    verdict = np.full(number, TRUSTED if independent is None else REFITTED, dtype=object)
    verdict[list(outside)] = OUTSIDE
    draws[list(outside)] = log_weight[list(outside)] = np.nan
    return SpectrumPosteriors(
        draws=draws,
        names=tuple(names),
        log_weight=log_weight,
        log_evidence=np.zeros(number),
        log_evidence_error=np.zeros(number),
        verdict=verdict.astype(str),
        reason=np.full(number, ""),
        lights={},
        ids=np.arange(number),
        sps_label="synthetic",
        statistics={
            "effective": np.full(number, float(each if independent is None else independent)),
            "calls": np.full(number, float(each)),
        },
        notes=((),) * number,
        spectra=tuple(SimpleNamespace(redshift=float(each)) for each in redshift),
        settings=EngineSettings(),
    )


def check_same_posterior(ours: np.ndarray, exact: np.ndarray, noise: float) -> None:
    """Check that draws of a population's moment, (n,), are those of a posterior that is known, by draws of it, (m,).

    Few draws of the galaxies move ours by `noise` of its error, which is in its width; with errors half as large as the
    population is wide, and n effective draws, it is some 1 / sqrt(n). Few draws of the population move mean and width,
    too: at least a quarter of those that are asked for are worth an independent one. Four standard errors of both
    together are allowed: there are some thirty such checks.
    """
    error, worth = exact.std(), 1 / (len(ours) / 4) + 1 / (len(exact) / 4)
    assert noise < 0.25  # or the check says little
    assert abs(ours.mean() - exact.mean()) < 4 * np.hypot(noise, np.sqrt(worth)) * error
    kurtosis = (((exact - exact.mean()) / error) ** 4).mean()
    of_width = 4 * np.sqrt((kurtosis - 1) / 4 * worth)
    assert 1 - of_width < ours.std() / error < np.hypot(1, noise) + of_width


def cut_off(mean: np.ndarray, width: float | np.ndarray, oldest: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return draws of normal distributions that end at YOUNGEST and at the oldest age."""
    low, high = (YOUNGEST - mean) / width, (oldest - mean) / width
    return truncnorm(low, high, loc=mean, scale=width).rvs(np.broadcast(mean, width, oldest).shape, random_state=random)


@dataclass(frozen=True)
class MadeAges:
    """Posteriors of ages, and what they were made of.

    found: the posteriors, with a prior that is flat up to the universe's age.
    truth, seen, oldest: true ages, those measured with normal errors, and the universe's, in Gyr, shape (N,).
    """

    found: SpectrumPosteriors
    truth: np.ndarray
    seen: np.ndarray
    oldest: np.ndarray


def made_ages(
    galaxies: int, mean: float, width: float, seed: int, draws: int = 1000, most: float = 0.6, error: float = ERROR
) -> MadeAges:
    """Return ages of a normal population that ends with the universe's age.

    Args:
        most: redshift, from 0.02 on.
    """
    random = np.random.default_rng(seed)
    redshift = random.uniform(0.02, most, galaxies)
    oldest = WMAP9.age(redshift).to_value("Gyr")
    truth = cut_off(np.full(galaxies, mean), width, oldest, random)
    seen = truth + error * random.normal(size=galaxies)
    values = cut_off(seen[:, None], error, np.repeat(oldest[:, None], draws, axis=1), random)
    return MadeAges(made_posteriors(values[..., None], ["tage"], redshift), truth, seen, oldest)


def exact_population(made: MadeAges, mean: np.ndarray, width: np.ndarray, error: float = ERROR) -> np.ndarray:
    """Return the posterior of a population, by quadrature, without draws: shape (means, widths), of sum 1."""
    m, w = np.meshgrid(mean, width, indexing="ij")
    both, total = np.hypot(w, error), np.zeros(m.shape)
    spread = w * error / both
    for seen, oldest in zip(made.seen, made.oldest, strict=True):
        middle = (seen * w**2 + m * error**2) / both**2
        there = norm.cdf((oldest - middle) / spread) - norm.cdf((YOUNGEST - middle) / spread)
        inside = norm.cdf((oldest - m) / w) - norm.cdf((YOUNGEST - m) / w)
        total += norm.logpdf(seen, m, both) + np.log(there.clip(1e-300)) - np.log(inside.clip(1e-300))
    share = np.exp(total - total.max())
    return share / share.sum()

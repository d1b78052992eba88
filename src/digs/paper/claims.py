"""The quantitative claims of Khullar et al. (2022) beside what the data products here say, and the rule that judges.

- A number with an error is reproduced where it agrees within two standard errors, ours and that of rounding theirs;
  improved where ours is better by more; not reproduced where it is worse by more.
- A width or a cost, which hangs on a noise realisation or a machine that nobody else has, is reproduced within a factor
  of FACTOR, and improved or not reproduced beyond, in the same way. A narrower posterior is an improvement only if
  its intervals hold what they should.
- A statement is reproduced where the test named beside it holds. Tests of all five parameters at once ask for a least
  probability of LEAST_P, a twentieth shared among five. Where they show a fault, the same test without the fault, all
  five parameters' intervals within two standard errors of 68%, is an improvement.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from scipy.stats import ks_2samp

from digs.base import paths
from digs.base.statistics import NAMED_LEVELS, QUANTILES, bootstrap_rows
from digs.config.params import Params
from digs.config.theta import NAMES, index, parameters
from digs.diagnostics.ranks import central, recovery
from digs.files.atomic import read_json
from digs.files.product import Product, read_product
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.flows.network_files import load_record
from digs.paper import amortisation as costs
from digs.paper import khullar2022 as published
from digs.paper.galaxy_of_fig3 import residuals, rms
from digs.paper.latex_numbers import (
    cell,
    compact,
    from_to,
    grouped_integer,
    measured_range,
    plain,
    probability,
    scientific,
    uncertain,
)

FACTOR = 1.5


SIGMAS = 2.0


LEAST_P = 0.05 / len(NAMES)


EXCESS = 0.1  # of coverage at 68%, from which intervals count as far too wide


WORDS = {"logmass": "mass", "logzsol": "metallicity", "dust2": "dust", "tage": "age", "logtau": r"$\log\tau$"}


class ClaimVerdict(StrEnum):
    """What becomes of a claim."""

    REPRODUCED = "reproduced"
    IMPROVED = "improved"
    NOT_REPRODUCED = "not reproduced"


class Ruling(NamedTuple):
    """A verdict, and the rule that gives it in words."""

    verdict: ClaimVerdict
    rule: str


@dataclass(frozen=True)
class Claim:
    """What is claimed, the value there and here (LaTeX), the ruling, and the stage and script that show it."""

    what: str
    published: str
    ours: str
    ruling: Ruling
    stage: str
    script: str


def by_error(ours: float, error: float, stated: float, decimals: int) -> Ruling:
    """Judge a number that is the better the larger, and stated to so many decimals."""
    rule = (
        f"reproduced within {SIGMAS:g} standard errors, ours and that of rounding theirs; improved where ours is "
        "larger by more, not reproduced where it is smaller by more"
    )
    apart = (ours - stated) / math.hypot(error, 10**-decimals / math.sqrt(12))
    if abs(apart) <= SIGMAS:
        return Ruling(ClaimVerdict.REPRODUCED, rule)
    return Ruling(ClaimVerdict.IMPROVED if apart > 0 else ClaimVerdict.NOT_REPRODUCED, rule)


def by_factor(ours: float, low: float, high: float | None = None, larger_is_better: bool = False) -> Ruling:
    """Judge a width or cost, stated as a number or a range."""
    better, worse = ("larger", "smaller") if larger_is_better else ("smaller", "larger")
    rule = (
        f"reproduced within a factor of {FACTOR:g} of what is stated; improved where ours is {better} by more, not "
        f"reproduced where it is {worse} by more"
    )
    high = low if high is None else high
    if low / FACTOR <= ours <= high * FACTOR:
        return Ruling(ClaimVerdict.REPRODUCED, rule)
    return Ruling(ClaimVerdict.IMPROVED if (ours > high) == larger_is_better else ClaimVerdict.NOT_REPRODUCED, rule)


def by_test(holds: bool, test: str) -> Ruling:
    """Judge by whether what is claimed holds; the words say what must."""
    return Ruling(ClaimVerdict.REPRODUCED if holds else ClaimVerdict.NOT_REPRODUCED, f"reproduced where {test}")


def central_truths(product: Product, params: Params) -> np.ndarray:
    """Return whether truths are in the central 68% of their prior ranges, shape (galaxies, 5)."""
    box = parameters(params.prior)
    return central(product["theta"], np.array([p.low for p in box]), np.array([p.high for p in box]))


def central_correlation(product: Product, params: Params, in_all: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return correlations of medians with truths in the central 68% of each prior range, with errors, shape (5,) each.

    Args:
        product: of kind POSTERIORS or REFERENCE.
        in_all: whether galaxies are to be central in all parameters at once.
    """
    truth, quantiles, settings = product["theta"], product["quantiles"], params.calibration
    inside = central_truths(product, params)
    if in_all:
        inside = np.broadcast_to(inside.all(1, keepdims=True), inside.shape)

    def correlation(rows: np.ndarray) -> list[float]:
        chosen = [rows[inside[rows, place]] for place in range(len(NAMES))]
        return [recovery(quantiles[row], truth[row])["correlation"][place] for place, row in enumerate(chosen)]

    resampled = [correlation(rows) for rows in bootstrap_rows(len(truth), settings.bootstrap, settings.seed)]
    return np.array(correlation(np.arange(len(truth)))), np.std(resampled, 0)


def recovery_claims(posteriors: Product, params: Params) -> list[Claim]:
    """Return the claims of Fig. 4: correlations of recovered with true parameters."""
    claims = []
    for name, ours, error in zip(NAMES, *central_correlation(posteriors, params), strict=True):
        stated = published.CORRELATIONS[name]
        ruling = by_error(ours, error, stated, published.CORRELATION_DECIMALS)
        what, text = f"Correlation, {WORDS[name]}", f"{stated:.{published.CORRELATION_DECIMALS}f}"
        claims.append(Claim(what, f"${text}$", f"${uncertain(ours, error)}$", ruling, "posteriors", "tab_calibration"))
    return claims


def _calibrated(numbers: Mapping, name: str) -> bool:
    """Whether 68% intervals hold 68% of the truths, or more, within two standard errors."""
    share, level = numbers["exact"][name]["coverage_68"], NAMED_LEVELS["coverage_68"]
    return share["value"] > level - SIGMAS * share["error"]


def width_claims(measured: Mapping) -> list[Claim]:
    """Return the abstract's claim: half-widths for a given galaxy, by the networks `lookup` and `fiducial`."""
    claims = []
    for name, stated in published.HALF_WIDTHS.items():
        for network in ("lookup", "fiducial"):
            width = measured[network]["galaxy"][name]["half_width"]
            verdict, rule = by_factor(width["value"], stated)
            if verdict is ClaimVerdict.IMPROVED and not _calibrated(measured[network], name):
                verdict = ClaimVerdict.NOT_REPRODUCED
            ruling = Ruling(verdict, f"{rule}; no improvement where 68% intervals hold too little")
            what = rf"Half-width, {WORDS[name]} (dex), by \texttt{{{network}}}"
            ours = cell(width)
            claims.append(Claim(what, f"${stated:.2f}$", ours, ruling, "lookup_experiment", "tab_lookup"))
    return claims


def residual_claims(params: Params) -> list[Claim]:
    """Return the claims of Fig. 3: the best fit by `fiducial` and the spectrum differ by less than 3%."""
    found, limit = residuals(params), 100 * published.RESIDUAL
    measured = {
        "the observed spectrum, rms": rms(found["data"]),
        "the noiseless spectrum, rms": rms(found["truth"]),
        "the noiseless spectrum, worst pixel": float(found["truth"].max()),
    }
    return [
        Claim(
            f"Best fit from {what}",
            rf"$<{limit:g}\%$",
            rf"${plain(value)}\%$",
            by_test(value < limit, f"the difference is below {limit:g}%"),
            "flow_fiducial",
            "fig_corner",
        )
        for what, value in measured.items()
    ]


def calibration_claims(calibration: Mapping, measured: Mapping) -> list[Claim]:
    """Return the claims of Figs. 5 and 6: uniform ranks, and too wide intervals for mass, metallicity and dust."""
    looked_up = min(measured["lookup"]["lookup"][name]["uniform_ranks_p_value"] for name in NAMES)
    test_set = min(calibration[name]["uniform_ranks_p_value"] for name in NAMES)
    level = NAMED_LEVELS["coverage_68"]
    excess = {name: measured["lookup"]["exact"][name]["coverage_68"]["value"] - level for name in NAMES}
    pattern = all((excess[name] > EXCESS) == (name in published.UNDER_CONFIDENT) for name in NAMES)
    shares = [calibration[name]["coverage_68"] for name in NAMES]
    fair = all(abs(share["value"] - level) <= SIGMAS * share["error"] for share in shares)
    wide, fine = (
        [excess[name] + level for name in NAMES if (name in published.UNDER_CONFIDENT) == is_wide]
        for is_wide in (True, False)
    )
    shape = f"68% intervals of mass, metallicity and dust, and of no others, hold over {EXCESS:g} too much"
    even = f"the least p of five parameters is above {LEAST_P:g}"
    fault = f"a fault of theirs: improved where all 68% intervals hold 68% within {SIGMAS:g} standard errors"
    verdict = ClaimVerdict.IMPROVED if fair else ClaimVerdict.NOT_REPRODUCED
    return [
        Claim(
            r"Ranks uniform: \texttt{lookup}, looked-up spectra", "yes", f"$p={probability(looked_up)}$",
            by_test(looked_up > LEAST_P, even), "lookup_experiment", "tab_lookup",
        ),
        Claim(
            r"Ranks uniform: \texttt{paper}, test set", "yes", f"$p={probability(test_set)}$",
            by_test(test_set > LEAST_P, even), "calibration", "fig_sbc",
        ),
        Claim(
            r"68\% too wide in three parameters: \texttt{lookup}",
            "yes", f"${min(wide):.2f}$--${max(wide):.2f}$; ${min(fine):.2f}$--${max(fine):.2f}$",
            by_test(pattern, shape), "lookup_experiment", "fig_lookup",
        ),
        Claim(
            r"The same: \texttt{paper}", "yes", f"all ${from_to(*_ends([s['value'] for s in shares]))}$",
            Ruling(verdict, fault), "calibration", "tab_calibration",
        ),
    ]  # fmt: skip


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def population_claims(posteriors: Product) -> list[Claim]:
    """Return the claim of Sec. 4 that galaxies of young and old median age do not differ; none without either."""
    low, median, high = (posteriors["quantiles"][:, QUANTILES.index(each)] for each in (0.16, 0.5, 0.84))
    age = median[:, index("tage")]
    young, old = age < published.YOUNG, age > published.OLD
    if not (young.any() and old.any()):
        return []
    p_values = [ks_2samp(ranks[young], ranks[old]).pvalue for ranks in posteriors["rank"].T]
    ratio = [np.median(width[old]) / np.median(width[young]) for width in ((high - low) / 2).T]
    alike = all(1 / FACTOR <= each <= FACTOR for each in ratio)
    apart = f"young ($<{published.YOUNG:g}$ Gyr) and old ($>{published.OLD:g}$ Gyr)"
    return [
        Claim(
            f"Ranks alike, {apart}", "yes", f"$p={probability(min(p_values))}$",
            by_test(min(p_values) > LEAST_P, f"the least p of five two-sample tests is above {LEAST_P:g}"),
            "posteriors", "tab_claims",
        ),
        Claim(
            "Half-widths of old over those of young", "alike", f"${plain(min(ratio))}$--${plain(max(ratio))}$",
            by_test(alike, f"all five ratios lie within a factor of {FACTOR:g} of one"), "posteriors", "tab_claims",
        ),
    ]  # fmt: skip


def cost_claims(timing: Mapping, training: Mapping) -> list[Claim]:
    """Return the claims of Secs. 3.3, 3.5 and 4 on training, one posterior, one MCMC fit, and galaxies in its time."""
    exact, hour = timing["networks"]["exact"], costs.HOUR
    fits, per_fit = (
        timing["fit_seconds"],
        {name: each["galaxies_per_fit_with_training"] for name, each in exact["against"].items()},
    )
    place = min(range(len(exact["draws"])), key=lambda place: abs(timing["draws_each"][place] - published.DRAWS))
    posterior, draws = exact["draws"][place], timing["draws_each"][place]
    cpu_hours, fit_range = training["cpu_seconds"] / hour, "--".join(f"${each:g}$" for each in published.FIT_HOURS)
    stated = "--".join(f"${scientific(each)}$" for each in published.GALAXIES_PER_FIT)
    rows = [
        (
            "Epochs to convergence", f"${published.EPOCHS}$", f"${training['epochs']}$",
            by_factor(training["epochs"], published.EPOCHS), "flow", "fig_training",
        ),
        (
            "Training (core hours)", f"${published.TRAINING_HOURS:g}$", f"${plain(cpu_hours)}$",
            by_factor(cpu_hours, published.TRAINING_HOURS), "flow", "fig_training",
        ),
        (
            f"A posterior of ${grouped_integer(draws)}$ draws (s)", f"${published.POSTERIOR_SECONDS:g}$",
            measured_range(posterior), by_factor(posterior["median"], published.POSTERIOR_SECONDS),
            "timing", "fig_timing",
        ),
    ]  # fmt: skip
    for name, simulator in (("prospector", r"\prospector{}"), ("exact", "the exact simulator")):
        rows += [
            (
                f"MCMC fit with {simulator} (h)", fit_range, measured_range(fits[name], hour),
                by_factor(fits[name]["median"], *published.FITS), "timing", "tab_timing",
            ),
            (
                f"Galaxies per fit with {simulator}, training paid", stated, f"${compact(per_fit[name]['median'])}$",
                by_factor(per_fit[name]["median"], *published.GALAXIES_PER_FIT, larger_is_better=True),
                "timing", "tab_timing",
            ),
        ]  # fmt: skip
    return [Claim(*row) for row in rows]


def all_claims(params: Params) -> list[Claim]:
    """Return every claim with its verdict, from the tracked data products."""
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    return [
        *recovery_claims(posteriors, params),
        *width_claims(measured),
        *residual_claims(params),
        *calibration_claims(read_json(paths.DATA / "calibration.json")["parameters"], measured),
        *population_claims(posteriors),
        *cost_claims(read_json(costs.TIMING), load_record(posteriors.attributes["network"]).training),
    ]

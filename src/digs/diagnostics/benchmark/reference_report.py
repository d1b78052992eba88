"""What is said of the references of a track: how they were made, their largest errors, and how emcee's differ."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.base.statistics import bootstrap_rows, proportion, ratio_and_shift
from digs.config.stages.benchmark_settings import ReferenceRules
from digs.diagnostics.benchmark.references import Reference
from digs.diagnostics.benchmark.rules import MEASURES, broken
from digs.diagnostics.benchmark.tracks import Track
from digs.diagnostics.per_parameter import statistic_per_parameter
from digs.exact.converged_chains import ConvergedChains

_SHOWN = 5  # references that an error names
_BOOTSTRAP = 400


def check_references(name: str, references: Sequence[Reference], rules: ReferenceRules) -> None:
    """Check that all references of a track obey the rules.

    Raises:
        DigsError: some do not; it names the first ones and what they break.
    """
    failures = {row: found for row, one in enumerate(references) if (found := broken(one.measures, rules))}
    if failures:
        first = "; ".join(f"{row} ({', '.join(found)})" for row, found in list(failures.items())[:_SHOWN])
        raise DigsError(
            f"{len(failures)} of {len(references)} references of the track '{name}' break a rule: {first}; raise "
            "benchmark.attempts or benchmark.mixture in params.yaml, and run the stage again."
        )


def making_of(references: Sequence[Reference]) -> dict[str, Any]:
    """Return how the references of a track came about, and the worst of what is measured of them.

    repeats: how often a draw is there, at most; repeated: the share of references in which any is there twice.
    """
    attempts = [one.attempts for one in references]
    measures = np.stack([one.measures for one in references])
    worst = {
        name: float(column.min() if name == "effective" else column.max())
        for name, column in zip(MEASURES, measures.T, strict=True)
    }
    repeats = np.array([one.repeats for one in references])
    return {
        "references": len(references),
        "by_grid": attempts.count(0),
        "by_mixture_rounds": {str(number): attempts.count(number) for number in sorted({*attempts} - {0})},
        "median_effective": float(np.median(measures[:, 0])),
        "worst": worst,
        "repeats": int(repeats.max()),
        "repeated": proportion(repeats > 1),
    }


def rounding_of(track: Track, draws: np.ndarray) -> dict[str, float]:
    """Return by how much rounding changes ln L of draws: median, and 99th percentile of the absolute values.

    Args:
        track: with its draws as they are stored.
        draws: the same before rounding, (N, m, 5).
    """
    change = np.abs(track.log_likelihood(track.draws) - track.log_likelihood(draws))
    return {"median": float(np.median(change)), "percentile_99": float(np.quantile(change, 0.99))}


def against_chains(quantiles: np.ndarray, chains: ConvergedChains, seed: int) -> dict[str, Any]:
    """Return how references differ from the converged ones of chains, with errors from resampled galaxies.

    measured: of each parameter the medians over galaxies of the ratio of half-widths (chains' over references'), of the
    shift of medians in half-widths, and of its absolute value; largest: over galaxies and parameters.

    Args:
        quantiles: of the references, (N, quantiles, 5).
        chains: of the same galaxies.
        seed: of the resampling.
    """
    good = chains.converged
    ratio, shift = ratio_and_shift(chains.quantiles[good], quantiles[good])
    resampled = bootstrap_rows(int(good.sum()), _BOOTSTRAP, seed)
    values = {"ratio": ratio, "shift": shift, "absolute_shift": np.abs(shift)}
    return {
        "galaxies": len(good),
        "converged": int(good.sum()),
        "not_converged": np.flatnonzero(~good).tolist(),
        "median_sample_size": float(np.median(chains.sample_size.min(1))),
        "measured": statistic_per_parameter(values, np.median, resampled),
        "largest": {
            "ratio": float(ratio.max()),
            "smallest_ratio": float(ratio.min()),
            "absolute_shift": float(np.abs(shift).max()),
        },
    }

"""Stage `validation`: whether posteriors are calibrated jointly, locally, in subsets and at other noise."""

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import (
    NAMED_LEVELS,
    QUANTILES,
    bootstrap_rows,
    efficiency,
    mean_and_error,
    weighted_quantiles,
    with_error,
)
from digs.config.params import load_params
from digs.config.stages.validation_settings import NoiseLevelsSettings, ValidationSettings
from digs.config.theta import NAMES
from digs.diagnostics.joint import (
    LocalTest,
    contraction,
    density_rank,
    distance_rank,
    excursion,
    simultaneous_band,
    weighted_probability,
    whiten,
    z_score,
)
from digs.diagnostics.ranks import probability_integral, rank_cdf, ranks, uniformity_p_value
from digs.diagnostics.subsets import SELECTIONS, SUMMARIES, Judged, bins, same_p_value, traits
from digs.exact.likelihood import log_joint
from digs.files.atomic import write_json
from digs.files.product import read_product, write_product
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.validation_schema import VALIDATION
from digs.inference.other_noise import stretched_draws
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import Sample, exact_sample, looked_up_sample

AT_ONCE = 100  # galaxies
JOINT = ("density", "distance")
Found = dict[str, np.ndarray]  # of all galaxies, by name


def infer(
    posterior: Posterior,
    sample: Sample,
    reference: np.ndarray,
    settings: ValidationSettings,
    label: str,
    weigh: bool = False,
) -> Found:
    """What is kept of every posterior; `draw` is one more draw, which stands for the truth of an exact posterior.

    Args:
        weigh: whether to find the exact posterior's cumulative probability at the truth, too, by weighting the draws.
    """
    theta, flux = sample
    low, high = posterior.flow.prior.low.numpy(), posterior.flow.prior.high.numpy()
    fraction, simulator, blocks = posterior.record.noise_fraction, Simulator(), []
    for start in progress(range(0, len(flux), AT_ONCE), desc=label, unit=f"{AT_ONCE} galaxies"):
        rows = slice(start, start + AT_ONCE)
        draws = posterior.sample(flux[rows], settings.draws + 1, settings.seed + start).double()
        log_prob = posterior.log_prob(torch.cat([draws[:, 1:], theta[rows, None]], 1), flux[rows]).numpy()
        truth, draw, draws = theta[rows].numpy(), draws[:, 0].numpy(), draws[:, 1:].numpy()
        lower, median, upper = np.quantile(draws, (0.16, 0.5, 0.84), axis=1)
        white = whiten(np.stack([truth, draw], 1), draws)
        joint_rank = density_rank(log_prob[:, :-1], log_prob[:, -1]), distance_rank(draws, truth, reference[rows])
        blocks.append(
            {
                "mean": draws.mean(1),
                "median": median,
                "half_width": (upper - lower) / 2,
                "contraction": contraction(draws, low, high),
                "rank": ranks(draws, truth),
                "z": z_score(draws, truth),
                "joint_rank": np.stack(joint_rank, 1),
                "white_truth": white[:, 0],
                "draw": draw,
                "draw_rank": ranks(draws, draw),
                "draw_z": z_score(draws, draw),
                "white_draw": white[:, 1],
            }
        )
        if weigh:
            joint = log_joint(simulator, posterior.flow.prior, torch.as_tensor(draws), flux[rows], fraction).numpy()
            blocks[-1]["exact_probability"] = weighted_probability(draws, truth, joint - log_prob[:, :-1])
    return {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}


def judged_by(found: Found, truth: np.ndarray, draws: int) -> dict[str, Judged]:
    """By each of SELECTIONS, what the posteriors are measured with."""
    by_truth = Judged(found["mean"] - truth, found["z"], found["rank"], draws)
    by_draw = Judged(found["mean"] - found["draw"], found["draw_z"], found["draw_rank"], draws)
    return {"truth": by_truth, "expected": by_draw, "estimate": by_truth}


def levels(settings: ValidationSettings) -> np.ndarray:
    return np.linspace(0, 1, settings.levels + 1)


def number(value: float, error: float) -> dict[str, float]:
    return {"value": float(value), "error": float(error)}


def calibration(
    found: Found, truth: np.ndarray, settings: ValidationSettings, band: np.ndarray
) -> tuple[Found, dict[str, Any]]:
    """Curves, and numbers with their errors, of each parameter and of all together."""
    level = levels(settings)
    resampled = bootstrap_rows(len(truth), settings.bootstrap, settings.seed)
    rank = np.concatenate([found["rank"], found["joint_rank"]], 1)
    cdf = rank_cdf(rank, settings.draws, level)
    again = np.array([rank_cdf(rank[rows], settings.draws, level) for rows in resampled])
    departure, departure_error = np.abs(cdf - level).max(1), np.abs(again - level).max(2).std(0)
    outside, p_values = excursion(cdf, level, band), uniformity_p_value(rank, settings.draws)
    measured: dict[str, Any] = {
        name: {
            "departure": number(departure[place], departure_error[place]),
            "excursion": float(outside[place]),
            "uniform_ranks_p_value": float(p_values[place]),
        }
        for place, name in enumerate((*NAMES, *JOINT))
    }
    for name, column in zip(JOINT, found["joint_rank"].T, strict=True):
        measured[name] |= joint_coverage(column, settings.draws, resampled)
    judged = judged_by(found, truth, settings.draws)["truth"]
    values, errors = judged.summaries_and_errors(np.arange(len(truth)), settings.bootstrap, settings.seed)
    for place, name in enumerate(NAMES):
        residual = judged.residual[:, place]
        measured[name] |= {key: number(values[at, place], errors[at, place]) for at, key in enumerate(SUMMARIES)}
        measured[name] |= {
            "scatter": with_error(residual, np.std, resampled),
            "rmse": with_error(residual, lambda each: np.sqrt(np.mean(each**2)), resampled),
            "half_width": with_error(found["half_width"][:, place], np.median, resampled),
            "contraction": with_error(found["contraction"][:, place], np.median, resampled),
        }
    arrays = {
        "rank_cdf": cdf[: len(NAMES)],
        "joint_cdf": cdf[len(NAMES) :],
        "joint_band": np.quantile(again[:, len(NAMES) :], (QUANTILES[0], QUANTILES[-1]), axis=0),
        "z": found["z"][: settings.shown],
        "contraction": found["contraction"][: settings.shown],
    }
    return arrays, measured


def against_exact(found: Found, settings: ValidationSettings, band: np.ndarray) -> dict[str, Any]:
    """How the exact posterior's ranks are distributed on the same spectra, and how far the network's are from them."""
    exact, level = found["exact_probability"], levels(settings)
    excess = torch.as_tensor(probability_integral(found["rank"], settings.draws) - exact)
    outside = excursion((exact.T[:, :, None] <= level).mean(1), level, band)
    return {
        name: {
            "excursion": float(outside[place]),
            "mean": mean_and_error(torch.as_tensor(exact[:, place] - 0.5)),
            "excess": mean_and_error(excess[:, place]),
        }
        for place, name in enumerate(NAMES)
    }


def joint_coverage(rank: np.ndarray, draws: int, resampled: np.ndarray) -> dict[str, dict[str, float]]:
    """How many ranks of all parameters at once, shape (galaxies,), are in the first 68% and 95%."""
    place = probability_integral(rank, draws)
    return {key: with_error(place <= level, np.mean, resampled) for key, level in NAMED_LEVELS.items()}


def in_subsets(
    found: Found, truth: np.ndarray, settings: ValidationSettings, prior: Prior
) -> tuple[Found, dict[str, Any]]:
    """The arrays of the subsets, and how young and old galaxies compare."""
    judged = judged_by(found, truth, settings.draws)
    chosen = {"truth": truth, "expected": found["draw"], "estimate": found["median"]}
    rows, simulator = {}, Simulator()
    for selection in SELECTIONS:
        values = traits(chosen[selection], simulator, prior, settings.line)
        rows[selection] = {trait: bins(values[trait], ends) for trait, ends in settings.subsets.items()}
    flat = {selection: [each for subsets in rows[selection].values() for each in subsets] for selection in SELECTIONS}
    drawn = judged["expected"]
    arrays = {
        "subset": np.array(
            [
                [judged[selection].summaries_and_errors(each, settings.bootstrap, settings.seed) for each in subsets]
                for selection, subsets in flat.items()
            ]
        ),
        "subset_p_value": np.array(
            [
                [
                    same_p_value(judged["truth"].probability[real], drawn.probability[expected])
                    for real, expected in zip(flat["truth"], flat["expected"], strict=True)
                ],
                [uniformity_p_value(judged["estimate"].rank[each], settings.draws) for each in flat["estimate"]],
            ]
        ),
        "subset_galaxies": np.array([[len(each) for each in subsets] for subsets in flat.values()]),
    }
    ages = {
        selection: judged[selection].compared(found["half_width"], by["tage"][0], by["tage"][-1], settings.bootstrap)
        for selection, by in rows.items()
    }
    return arrays, ages


def local(posterior: Posterior, found: Found, flux: torch.Tensor, settings: ValidationSettings) -> list[float]:
    """p-values of L-C2ST at the first galaxies; the medians of all parameters are its summary of a spectrum."""
    summary = posterior.flow.prior.to_unit(torch.as_tensor(found["median"])).numpy()
    test = LocalTest(found["white_truth"], found["white_draw"], summary, settings.local.trials, settings.seed)
    draws = posterior.sample(flux[: settings.local.galaxies], settings.draws, settings.seed).double().numpy()
    return [test.p_value(*each) for each in zip(whiten(draws, draws), summary, strict=False)]


def at_noise(signal_to_noise: float, settings: NoiseLevelsSettings, all_settings: ValidationSettings) -> dict[str, Any]:
    """Calibration on spectra of this noise, and widths against the exact posterior where its draws suffice."""
    posterior, simulator = Posterior.load(settings.network), Simulator()
    fraction, seed = 1 / signal_to_noise, all_settings.seed
    theta, flux = exact_sample(simulator, posterior.flow.prior, fraction, settings.spectra, seed, "noise levels")
    truth = theta.numpy()
    found = infer(posterior, (theta, flux), truth, all_settings, f"S/N {signal_to_noise:g}")
    judged = judged_by(found, truth, all_settings.draws)["truth"]
    values, errors = judged.summaries_and_errors(np.arange(len(truth)), all_settings.bootstrap, seed)
    resampled = bootstrap_rows(len(truth), all_settings.bootstrap, seed)

    stretch = (fraction / posterior.record.noise_fraction) ** settings.stretch
    quantiles, share = [], []
    for row in progress(range(settings.exact), desc="exact", unit="galaxy"):
        draws, log_weight = stretched_draws(
            posterior, simulator, flux[row : row + 1], fraction, stretch, settings.candidates, seed + row
        )
        quantiles.append(weighted_quantiles(draws[0].numpy(), torch.softmax(log_weight[0], 0).numpy()))
        share.append(efficiency(log_weight).item())
    enough = np.flatnonzero(np.array(share) * settings.candidates >= settings.sample_size)
    result: dict[str, Any] = {
        "signal_to_noise": signal_to_noise,
        "joint": joint_coverage(found["joint_rank"][:, JOINT.index("density")], all_settings.draws, resampled),
        "exact_galaxies": len(enough),
        "efficiency": float(np.median(share)),
    }
    lower, upper = (np.array(quantiles)[:, QUANTILES.index(each)] for each in (0.16, 0.84))
    ratio = (found["half_width"][: settings.exact] / ((upper - lower) / 2))[enough]
    resampled = bootstrap_rows(len(enough), all_settings.bootstrap, seed)
    for place, name in enumerate(NAMES):
        result[name] = {key: number(values[at, place], errors[at, place]) for at, key in enumerate(SUMMARIES)}
        result[name]["ratio"] = with_error(ratio[:, place], np.median, resampled) if len(enough) > 1 else None
    return result


def main() -> None:
    """Test networks on fresh exact spectra, and say where and at which noise their posteriors fail."""
    params = load_params(ValidationSettings)
    settings = params.validation
    torch.set_num_threads(params.threads)
    simulator, fraction = Simulator(), params.noise.fraction
    reference, posteriors = (
        Posterior.load(settings.references),
        {name: Posterior.load(name) for name in settings.networks},
    )
    prior = reference.flow.prior
    product = read_product(paths.DATA / "library.h5", LIBRARY)
    library = torch.as_tensor(product["theta"]), torch.as_tensor(product["flux"])
    samples = {
        "exact": exact_sample(simulator, prior, fraction, settings.spectra, settings.seed, "validation"),
        "looked_up": looked_up_sample(library, prior, fraction, settings.spectra, settings.seed, "validation"),
    }
    references = {kind: reference.sample(flux, 1, settings.seed)[:, 0].numpy() for kind, (_, flux) in samples.items()}

    band = simultaneous_band(settings.spectra, levels(settings), settings.band)
    arrays: dict[str, list[np.ndarray]] = {}
    measured: dict[str, Any] = {name: {} for name in settings.networks}
    cases = [(name, "exact") for name in settings.networks] + [(settings.looked_up, "looked_up")]
    for name, kind in cases:
        posterior, (theta, flux) = posteriors[name], samples[kind]
        found = infer(
            posterior, samples[kind], references[kind], settings, f"{name}, {kind}", name == settings.weighted
        )
        curves, measured[name][kind] = calibration(found, theta.numpy(), settings, band)
        if kind == "exact":
            subsets, measured[name]["ages"] = in_subsets(found, theta.numpy(), settings, prior)
            curves |= subsets
            if name == settings.weighted:
                measured[name]["against_exact"] = against_exact(found, settings, band)
            if name in settings.local.networks:
                measured[name]["local_p_values"] = local(posterior, found, flux, settings)
        for key, values in curves.items():
            arrays.setdefault(key, []).append(values)

    noise_levels = [at_noise(each, settings.noise_levels, settings) for each in settings.noise_levels.signal_to_noise]
    write_product(
        paths.DATA / "validation.h5",
        VALIDATION,
        {"level": levels(settings), "band": band} | {key: np.stack(values) for key, values in arrays.items()},
        cases=[f"{name}, {kind}" for name, kind in cases],
        networks=settings.networks,
        probability=settings.band,
        subsets=settings.subsets,
        selections=list(SELECTIONS),
        summaries=list(SUMMARIES),
        seed=settings.seed,
    )
    write_json(
        paths.DATA / "validation.json",
        {"galaxies": settings.spectra, "draws": settings.draws, "measured": measured, "noise_levels": noise_levels},
    )


if __name__ == "__main__":
    run_stage(main)

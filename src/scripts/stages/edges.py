"""Stage `edges`: bias and coverage close to the ends of the prior."""

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import NAMED_LEVELS, bootstrap_rows, with_error
from digs.config.params import load_params
from digs.config.stages.edges_settings import EdgesSettings
from digs.config.theta import NAMES
from digs.files.atomic import write_json
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage
from digs.training.pairs import exact_sample

AT_ONCE = 100  # galaxies
LEAST = 30  # galaxies that say anything
RESAMPLINGS = 200
LEAST_DRAWS = 20  # inside the prior, that tell a posterior


def infer(
    name: str, prior: Prior, flux: torch.Tensor, truth: np.ndarray, settings: EdgesSettings
) -> dict[str, np.ndarray]:
    """Median, half-width and cumulative probability at the truth of every posterior, shape (galaxies, 5) each.

    Draws outside the prior of params.yaml, which those of a network trained on a wider one may be, are left out; nan
    where hardly any are inside.
    """
    posterior = Posterior.load(name)
    result: dict[str, list[np.ndarray]] = {"median": [], "half_width": [], "probability": []}
    for start in progress(range(0, len(flux), AT_ONCE), desc=name, unit=f"{AT_ONCE} galaxies"):
        draws = posterior.sample(flux[start : start + AT_ONCE], settings.draws, settings.seed + start).double()
        inside = prior.contains(draws)[..., None]
        number = inside.sum(1)
        inside = inside & (number >= LEAST_DRAWS)[:, None]
        kept = torch.where(inside, draws, torch.nan)
        low, median, high = torch.nanquantile(kept, torch.tensor([0.16, 0.5, 0.84], dtype=torch.float64), 1)
        below = (kept < torch.as_tensor(truth[start : start + AT_ONCE])[:, None]).sum(1)
        for key, values in zip(result, (median, (high - low) / 2, (below + 0.5) / (number + 1)), strict=True):
            result[key].append(values.numpy())
    return {key: np.concatenate(values) for key, values in result.items()}


def measure(truth: np.ndarray, found: dict[str, np.ndarray], rows: np.ndarray, place: int) -> dict[str, Any] | None:
    """Bias, in the parameter's unit and in half-widths, and coverage of some galaxies; the lost ones have no draws."""
    known = rows & np.isfinite(found["median"][:, place])
    lost, rows, number = int(rows.sum() - known.sum()), known, int(known.sum())
    if number < LEAST:
        return None
    residual = found["median"][rows, place] - truth[rows, place]
    depth = np.abs(2 * found["probability"][rows, place] - 1)
    numbers: dict[str, Any] = {"galaxies": number, "lost": lost}
    resampled = bootstrap_rows(number, RESAMPLINGS, place)
    for key, values, statistic in (
        # medians, as a few posteriors that are all at the end have next to no width
        ("bias", residual, np.median),
        ("bias_in_widths", residual / found["half_width"][rows, place], np.median),
        *((key, depth <= level, np.mean) for key, level in NAMED_LEVELS.items()),
    ):
        numbers[key] = with_error(values, statistic, resampled)
    return numbers


def main() -> None:
    """Measure bias and coverage within a few percent of each end of the prior."""
    params = load_params(EdgesSettings)
    settings = params.edges
    torch.set_num_threads(params.threads)
    prior = Prior.over(params.prior)
    sample = exact_sample(Simulator(), prior, params.noise.fraction, settings.spectra, settings.seed, "edges")
    truth = sample[0].numpy()
    measured: dict[str, Any] = {}
    for name in settings.networks:
        found = infer(name, prior, sample[1], truth, settings)
        selections = {
            "by_truth": prior.to_unit(sample[0]).numpy(),
            "by_estimate": prior.to_unit(torch.as_tensor(found["median"])).numpy(),
        }
        measured[name] = {
            parameter: {
                end: {
                    key: measure(truth, found, distance[:, place] < settings.share, place)
                    for key, distance in zip(
                        selections, (unit if end == "low" else 1 - unit for unit in selections.values()), strict=True
                    )
                }
                for end in ("low", "high")
            }
            for place, parameter in enumerate(NAMES)
        }
    write_json(paths.DATA / "edges.json", {**settings.model_dump(), "measured": measured})


if __name__ == "__main__":
    run_stage(main)

"""Studies: networks that differ from a recipe in one thing, trained alike and compared on the same exact pairs."""

from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from digs.base.progress import progress
from digs.base.random_streams import galaxy_keys, normal_numbers
from digs.base.statistics import mean_and_error
from digs.config.model import Network
from digs.config.stages.study_settings import StudiesCommonSettings
from digs.config.theta import NAMES
from digs.files.atomic import read_json, write_json
from digs.files.resumable import work_key
from digs.flows.flow import build_flow
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.training.loop import held_out_loss, train
from digs.training.pairs import exact_recipe, exact_sample

_QUANTILES = (0.16, 0.84)


def train_candidate(
    settings: Network, prior: Prior, fraction: float, common: StudiesCommonSettings, folder: Path
) -> Path:
    """Train one network on one thread and write what it is worth, unless that was done before.

    Args:
        fraction: of the noise.
        common: what all networks are compared on.
        folder: of the results and of trainings that are not finished.
    Returns:
        a JSON file with the loss on each pair, the widths of each spectrum's posterior, and what the training took.
    """
    torch.set_num_threads(1)
    box = [prior.low.tolist(), prior.high.tolist()]
    depends_on = [settings.model_dump(exclude_none=True), box, fraction, common.model_dump()]
    key = work_key(depends_on, __file__, POPULATIONS_FILE.read_bytes())
    result = folder / f"{key}.json"
    if result.exists():
        return result
    simulator = Simulator()
    recipe = exact_recipe(simulator, prior, settings, fraction)
    torch.manual_seed(settings.seed)
    network = build_flow(settings.architecture, prior, simulator.pixels, fraction, recipe.example)
    trained = train(network, recipe.pairs, recipe.held_out, settings, folder / f"{key}.safetensors")

    sample = exact_sample(simulator, prior, fraction, common.pairs, common.seed, "loss")
    loss = held_out_loss(network, *sample)
    _, flux = exact_sample(simulator, prior, fraction, common.spectra, common.seed, "widths")
    normal = torch.from_numpy(normal_numbers(common.seed, "draws", galaxy_keys(flux.numpy()), common.draws, len(NAMES)))
    with torch.no_grad():
        draws = network.sampler()(normal, flux)
    low, high = torch.quantile(draws.double(), torch.tensor(_QUANTILES, dtype=torch.float64), dim=1)
    write_json(
        result,
        {
            "loss": [round(value, 5) for value in loss.tolist()],
            "half_width": ((high - low) / 2).tolist(),
            "training_pairs": settings.pairs * trained.history.epochs,
            "steps": -(-settings.pairs // settings.batch_size) * trained.history.epochs,
            "weights": sum(weight.numel() for weight in network.parameters()),
            "seconds": sum(trained.history.seconds),
        },
    )
    return result


def compare_candidates(
    settings: dict[str, Network],
    prior: Prior,
    fraction: float,
    common: StudiesCommonSettings,
    folder: Path,
    at_once: int,
    description: str,
) -> dict[str, Any]:
    """Train all networks of a study, so many at once (resumes), and compare them.

    Losses are given relative to the first network's too, pair by pair, which is far more precise than their difference.

    Args:
        settings: of the networks, by name; others as of train_candidate.
    """
    with ProcessPoolExecutor(at_once, get_context("spawn")) as pool:
        futures = {
            pool.submit(train_candidate, network, prior, fraction, common, folder): candidate
            for candidate, network in settings.items()
        }
        done = progress(as_completed(futures), total=len(futures), desc=description, unit="network")
        measured = {futures[future]: read_json(future.result()) for future in done}
    reference = torch.tensor(measured[next(iter(settings))]["loss"], dtype=torch.float64)
    comparison = {}
    for candidate, network in settings.items():
        numbers = measured[candidate]
        loss = torch.tensor(numbers.pop("loss"), dtype=torch.float64)
        half_width = torch.tensor(numbers.pop("half_width"), dtype=torch.float64)
        comparison[candidate] = {
            "loss": mean_and_error(loss),
            "loss_above_first": mean_and_error(loss - reference),
            "half_width": half_width.median(0).values.tolist(),
            "settings": network.model_dump(exclude_none=True),
            **numbers,
        }
    return {"measured": comparison, "workers": 1, "at_once": at_once}

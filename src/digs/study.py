"""Studies: networks that differ from a recipe in one thing, trained alike and compared on the same exact pairs."""

import hashlib
import inspect
import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from digs import (
    conditional,
    coordinates,
    csp,
    dust,
    estimator,
    features,
    flow,
    maf,
    noise,
    pairs,
    recipes,
    sampler,
    scores,
    simulator,
    train,
)
from digs.artifacts import read_json, write_json
from digs.params import Params, load_params
from digs.parts import SCRATCH
from digs.priors import NAMES, Prior
from digs.progress import progress
from digs.settings import Network
from digs.summaries import mean_and_error

# whose code a result depends on
_MODULES = (
    conditional, coordinates, csp, dust, estimator, features, flow, maf, noise, pairs, recipes, sampler,
    scores, simulator, train
)  # fmt: skip
_QUANTILES = (0.16, 0.84)


def train_candidate(settings: Network, params: Params, folder: Path) -> Path:
    """Train one network on one thread and write what it is worth, unless that was done before.

    Returns:
        a JSON file with the loss on each pair, the widths of each spectrum's posterior, and what the training took.
    """
    torch.set_num_threads(1)
    study = params.studies_common
    modules = [inspect.getsource(module) for module in _MODULES]
    changeable = [settings.model_dump(exclude_none=True), params.prior.model_dump(), params.noise.fraction]
    depends_on = [*changeable, study.model_dump(), modules]
    key = hashlib.sha256(simulator.SSP_GRID_FILE.read_bytes() + json.dumps(depends_on).encode()).hexdigest()[:16]
    result = folder / f"{key}.json"
    if result.exists():
        return result
    prior, fraction, model = Prior(), params.noise.fraction, simulator.default_simulator()
    recipe = recipes.exact_recipe(model, prior, settings, fraction)
    torch.manual_seed(settings.seed)
    network = flow.build_flow(settings.architecture, prior, model.pixels, fraction, recipe.example)
    trained = train.train(network, recipe.pairs, recipe.held_out, settings, folder / f"{key}.safetensors")

    sample = recipes.exact_sample(model, prior, fraction, study.pairs, study.seed, "loss")
    loss = train.held_out_loss(network, *sample)
    _, flux = recipes.exact_sample(model, prior, fraction, study.spectra, study.seed, "widths")
    normal = torch.randn(len(flux), study.draws, len(NAMES), generator=torch.Generator().manual_seed(study.seed))
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


def run_study(name: str) -> dict[str, Any]:
    """Train all networks of a study, as many at a time as there are threads (resumes), and compare them.

    Losses are given relative to the first network's too, pair by pair, which is far more precise than their difference.
    """
    params = load_params()
    settings, folder = params.candidates(name), SCRATCH / "studies"
    with ProcessPoolExecutor(params.threads, get_context("spawn")) as pool:
        futures = {
            pool.submit(train_candidate, network, params, folder): candidate for candidate, network in settings.items()
        }
        done = progress(as_completed(futures), total=len(futures), desc=f"Study {name}", unit="network")
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
    return {"measured": comparison, "workers": 1, "at_once": params.threads}

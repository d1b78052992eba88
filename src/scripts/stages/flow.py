"""Stages `flow` and `flow_NAME`: train one of the networks of params.yaml."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import argparse
from dataclasses import asdict, dataclass

import torch

from digs.base import paths
from digs.config.params import Params, load_params
from digs.files.product import read_product
from digs.files.resumable import SCRATCH, work_key
from digs.files.schemas.library_schema import LIBRARY
from digs.flows.flow import Flow, build_flow
from digs.flows.network_files import NETWORKS, save_network
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage
from digs.training.loop import Trained, held_out_loss, train
from digs.training.pairs import Recipe, exact_recipe, library_recipe, lookup_recipe
from digs.training.workers import in_workers, worker, workers

LIBRARY_FILE = paths.DATA / "library.h5"
SPS = ("sps_label", "sps_fingerprint")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, help="its name in params.yaml")


@dataclass(frozen=True)
class Source:
    """The data product behind what a network is shown: its pixels, where its populations come from, and its bytes."""

    wavelength: list[float]
    provenance: dict[str, str]
    content: bytes


def prepare(params: Params, network: str, prior: Prior) -> tuple[Recipe, Source]:
    """Return what the network is shown, and the data product behind it."""
    settings, fraction = params.network(network), params.noise.fraction
    if settings.source == "exact":
        simulator = Simulator()
        provenance = {name: getattr(simulator, name) for name in SPS}
        source = Source(simulator.instrument.wavelength.tolist(), provenance, POPULATIONS_FILE.read_bytes())
        return exact_recipe(simulator, prior, settings, fraction), source
    product = read_product(LIBRARY_FILE, LIBRARY)
    library = torch.as_tensor(product["theta"]), torch.as_tensor(product["flux"])
    if settings.source == "lookup":
        recipe = lookup_recipe(library, prior, settings, fraction)
    else:
        recipe = library_recipe(library, settings, fraction)
    provenance = {name: product.attributes[name] for name in SPS}
    return recipe, Source(product["wavelength"].tolist(), provenance, LIBRARY_FILE.read_bytes())


def main(network: str) -> None:
    """Train a flow to convergence (resumes after an interruption)."""
    params = load_params()
    in_workers(params.network(network).workers or params.threads, fit, network)


def fit(network: str) -> None:
    """Do the work of one worker."""
    params = load_params()
    settings, ranges, fraction = params.network(network), params.network_prior(network), params.noise.fraction
    prior = Prior.over(ranges)
    recipe, source = prepare(params, network, prior)

    torch.manual_seed(settings.seed)  # initial weights, the same in all workers
    flow = build_flow(settings.architecture, prior, len(source.wavelength), fraction, recipe.example)

    # an unfinished training is taken up only by the same data, settings and code
    key = work_key([settings.model_dump(), ranges.model_dump(), fraction, workers()], __file__, source.content)
    checkpoint = SCRATCH / "networks" / f"{network}-{key}.safetensors"
    trained = train(flow, recipe.pairs, recipe.held_out, settings, checkpoint)
    if worker() == 0:
        save_trained(flow, network, recipe, source, trained, params)


def save_trained(flow: Flow, network: str, recipe: Recipe, source: Source, trained: Trained, params: Params) -> None:
    """Write the network's two files."""
    settings = params.network(network)
    losses = held_out_loss(flow, *recipe.held_out).reshape(-1, recipe.distinct_held_out).mean(0)
    history = trained.history
    save_network(
        NETWORKS,
        network,
        flow,
        architecture=settings.architecture,
        wavelength=source.wavelength,
        noise_fraction=params.noise.fraction,
        training={
            "history": asdict(history),
            "epochs": history.epochs,
            "best_epoch": history.best_epoch + 1,
            "stopped_because": trained.stopped_because,
            "held_out_loss": losses.mean().item(),
            "held_out_loss_error": (losses.std() / len(losses) ** 0.5).item(),
            "held_out_spectra": len(losses),
            "seconds": sum(history.seconds),
            "cpu_seconds": sum(history.cpu_seconds),
            "workers": workers(),
            "weights": sum(weight.numel() for weight in flow.parameters()),
            "settings": settings.model_dump(),
        },
        provenance=source.provenance,
    )


if __name__ == "__main__":
    run_stage(main, add_arguments)

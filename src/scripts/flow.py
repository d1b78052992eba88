"""Stage `flow`: train one of the networks of params.yaml on the library."""

import argparse
import hashlib
import os
import platform
from dataclasses import asdict

import torch

from digs import paths
from digs.artifacts import git_commit, read_product
from digs.cli import run
from digs.flow import NETWORKS, Architecture, Flow, save_network
from digs.noise import add_noise
from digs.pairs import LibraryPairs
from digs.params import load_params
from digs.priors import Prior
from digs.products import LIBRARY
from digs.rng import generator
from digs.train import held_out_loss, train

CHECKPOINTS = paths.ROOT / ".unfinished" / "networks"
HELD_OUT_REALISATIONS = 20  # of the noise, for every held-out spectrum


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", default="paper", help="its name in params.yaml (default: %(default)s)")


def _late_improvement(losses: list[float]) -> float:
    """How much the best held-out loss fell over the last tenth of the epochs: has training converged?"""
    earlier = losses[: len(losses) - max(1, len(losses) // 10)] or losses
    return min(earlier) - min(losses)


def main(network: str) -> None:
    """Train a flow on the library's spectra with fresh noise, to convergence (resumes after an interruption)."""
    params = load_params()
    settings = params.network(network)
    torch.set_num_threads(params.threads)
    library = read_product(paths.DATA / "library.h5", LIBRARY)
    theta, flux = torch.as_tensor(library["theta"]), torch.as_tensor(library["flux"])

    split = torch.randperm(len(theta), generator=generator(settings.seed, "split"))
    held, used = split.tensor_split([max(1, round(settings.validation_fraction * len(theta)))])
    held_theta = theta[held].repeat(HELD_OUT_REALISATIONS, 1)
    held_flux = add_noise(
        flux[held].repeat(HELD_OUT_REALISATIONS, 1), generator(settings.seed, "held out"), params.noise.fraction
    )
    pairs = LibraryPairs(theta[used], flux[used], params.noise.fraction, generator(settings.seed, "pairs"))

    architecture = Architecture(hidden_features=settings.hidden_features, num_transforms=settings.num_transforms)
    example_flux = add_noise(flux[used], generator(settings.seed, "example"), params.noise.fraction)
    torch.manual_seed(settings.seed)  # initial weights
    flow = Flow(architecture, Prior(), flux.shape[1], (theta[used], example_flux))

    # an unfinished training is taken up only by the same data and settings
    key = hashlib.sha256((paths.DATA / "library.h5").read_bytes() + params.model_dump_json().encode()).hexdigest()[:16]
    trained = train(flow, pairs, (held_theta, held_flux), settings, CHECKPOINTS / f"{network}-{key}.safetensors")

    losses = held_out_loss(flow, held_theta, held_flux).reshape(HELD_OUT_REALISATIONS, len(held)).mean(0)
    history = trained.history
    save_network(
        NETWORKS,
        network,
        flow,
        architecture=architecture,
        wavelength=library["wavelength"].tolist(),
        noise_fraction=params.noise.fraction,
        training={
            "history": asdict(history),
            "epochs": history.epochs,
            "best_epoch": history.best_epoch + 1,
            "late_improvement": _late_improvement(history.held_out_loss),
            "stopped_because": trained.stopped_because,
            "held_out_loss": losses.mean().item(),
            "held_out_loss_error": (losses.std() / len(held) ** 0.5).item(),
            "held_out_spectra": len(held),
            "seconds": sum(history.seconds),
            "cpu_seconds": sum(history.cpu_seconds),
            "weights": sum(weight.numel() for weight in flow.parameters()),
            "settings": settings.model_dump(),
        },
        provenance={
            "git_commit": git_commit(),
            "sps_label": library.attributes["sps_label"],
            "sps_fingerprint": library.attributes["sps_fingerprint"],
            "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        },
    )


if __name__ == "__main__":
    run(main, add_arguments)

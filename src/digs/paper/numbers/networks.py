"""Numbers of the text: how the networks were found, trained and how fast."""

import numpy as np

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.flows.network_files import load_record
from digs.paper.latex_numbers import (
    count,
    grouped_integer,
    plain,
    power_of_ten,
    scientific,
    uncertain,
    with_its_error,
)
from digs.paper.numbers import Numbers


def training(params: Params) -> Numbers:
    """Return how the network was trained."""
    record = load_record(params.posteriors.network)
    training = record.training
    history = training["history"]
    best = training["best_epoch"] - 1
    return {
        "hidden_features": str(record.architecture.hidden_features),
        "num_transforms": str(record.architecture.num_transforms),
        "epochs": str(training["epochs"]),
        "stopped_because": training["stopped_because"],
        "training_cpu_hours": plain(training["cpu_seconds"] / 3600),
        "training_loss_gap": plain(training["held_out_loss"] - history["training_loss"][best]),
    }


def training_speed(params: Params) -> Numbers:
    """Return how fast the training loop is against sbi's own."""
    speed = read_json(paths.DATA / "training_speed.json")
    return {
        "lean_pairs_per_second": count(speed["lean_pairs_per_second"]["median"]),
        "lean_batch_size": grouped_integer(speed["batch_size"]),
        "lean_ratio": plain(speed["ratio"]["median"]),
    }


def fiducial(params: Params) -> Numbers:
    """Return how the fiducial network was found and trained."""
    record = load_record("fiducial")
    training, architecture = record.training, record.architecture
    search = read_json(paths.DATA / "studies" / "search.json")["measured"]
    experiment = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    above = experiment["fiducial"]["loss_above_reference"]
    base = params.studies.candidates("search", params)["base"]
    above_base = {name: each["loss_above_first"] for name, each in search.items()}
    gain, scores = above_base.pop("five_dimensions"), above_base["scores"]
    return {
        "search_networks": str(len(search)),
        "base_transforms": str(base.architecture.num_transforms),
        "base_width": str(base.architecture.embedding.width),
        "base_features": str(base.architecture.embedding.features),
        "base_batch_size": str(base.batch_size),
        "base_learning_rate": f"{base.learning_rate:g}",
        "search_pairs": scientific(next(iter(search.values()))["training_pairs"], 1),
        "study_pairs": count(params.studies_common.pairs, 1),
        "exact_above_fiducial": uncertain(-above["value"], above["error"]),
        "scores_gain": uncertain(-scores["value"], scores["error"]),
        "closed_form_gain": with_its_error(gain),
        "search_next_cost": with_its_error(max(above_base.values(), key=lambda each: each["value"])),
        "fiducial_components": str(architecture.components),
        "fiducial_minutes": plain(training["cpu_seconds"] / 60),
    }


def compression(params: Params) -> Numbers:
    """Return what components of the spectra do not tell of the parameters."""
    compression = read_json(paths.DATA / "compression.json")
    components = {
        "scores": load_record("fiducial").architecture.components,
        "variance": params.studies.named("search").common["architecture"]["components"],
    }
    result = {"base_components": str(components["variance"])}
    for choice, number in components.items():
        lost = compression["lost"][choice][compression["components"].index(number)]
        result[f"lost_by_{choice}"] = with_its_error(lost)
    return result


def study(params: Params) -> Numbers:
    """Return how much the number of distinct theta matters, and chance."""
    budget, seeds = (read_json(paths.DATA / "studies" / f"{name}.json")["measured"] for name in ("budget", "seeds"))
    _, *others = seeds.values()
    losses = np.array([each["loss"]["value"] for each in seeds.values()])
    widths = np.array([each["half_width"] for each in seeds.values()])
    result = {
        "seeds": str(len(seeds)),
        "seeds_loss_range": plain(float(np.ptp(losses))),
        "seeds_loss_error": plain(max(each["loss_above_first"]["error"] for each in others)),
        "seeds_width_spread": plain(float(100 * (np.ptp(widths, 0) / widths.mean(0)).max())),
    }
    for name in ("hundred_thousand", "million"):
        result[f"budget_distinct_{name}"] = power_of_ten(budget[name]["settings"]["distinct"])
        result[f"budget_{name}"] = with_its_error(budget[name]["loss_above_first"])
    return result


GROUPS = (
    training,
    training_speed,
    fiducial,
    compression,
    study,
)

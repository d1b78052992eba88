"""Numbers of the text: the general network, and how good posteriors of any spectrograph's spectra are."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import compact, grouped_integer, percent, plain
from digs.paper.numbers import Numbers


def general_training(params: Params) -> Numbers:
    """Return what the general network is, and what it was trained on."""
    found = read_json(paths.DATA / "general_network.json")
    search = read_json(paths.DATA / "general_search.json")["measured"]
    return {
        "general_components": str(found["components"]),
        "general_ways": grouped_integer(found["ways"]),
        "general_pairs": compact(found["pairs"]),
        "general_minutes": plain(found["cpu_seconds"] / 60, 2),
        "general_searched": str(len(search)),
    }


def general_posteriors(params: Params) -> Numbers:
    """Return how efficient first draws are, how far ranks are off, and what emcee and Prospector say."""
    found = read_json(paths.DATA / "general_validation.json")
    judge = read_json(paths.DATA / "general_prospector.json")
    measured, emcee, opponent = found["measured"], found["emcee"], found["opponent"]
    cells = list(measured["cells"].values())
    everything, bare = measured["all"], found["bare"]
    return {
        "general_bare": str(bare["galaxies"]),
        "general_bare_signal": f"{found['signal'][-2]:g}",
        "general_bare_tails": percent(bare["coverage_95_of_all"]),
        "general_signal_low": f"{found['signal'][0]:g}",
        "general_signal_high": f"{found['signal'][-1]:g}",
        "general_each": str(found["galaxies"]),
        "general_effective": f"{found['bars']['effective']:g}",
        "general_calls": grouped_integer(found["bars"]["calls"]),
        "general_galaxies": grouped_integer(everything["galaxies"]),
        "general_first": f"{100 * everything['first']['median']:.0f}",
        "general_first_worst": f"{100 * min(cell['first']['median'] for cell in cells):.0f}",
        "general_outside": str(everything["outside"]),
        "general_joint": percent(everything["joint_68"]),
        "general_seconds": plain(everything["cpu_seconds"] / everything["galaxies"], 2),
        "general_ratio": f"{emcee['ratio']:.3f}",
        "general_chains": str(emcee["galaxies"]),
        "general_converged": str(emcee["converged"]),
        "general_confidence": f"{100 * found['bars']['confidence']:.0f}",
        "general_cells_won": str(opponent["cells_won"]),
        "general_cells": str(len(cells)),
        "general_prospector": plain(max(each["deviation"] for each in judge["measured"]), 2),
    }


def catalogue_speed(params: Params) -> Numbers:
    """Return how fast catalogues are inferred, and in how much memory."""
    found = read_json(paths.DATA / "catalogue_speed.json")
    every, sampler, control = (found["measured"][name] for name in ("catalogue", "sampler", "control"))
    return {
        "catalogue_rate": plain(60 * found["galaxies"] / every["seconds"], 2),
        "catalogue_memory": plain(every["peak_gb"], 2),
        "catalogue_cluster": plain(found["measured"]["cluster"]["speedup"], 2),
        "catalogue_control": plain(control["gain"], 2),
        "catalogue_sampler": plain(sampler["seconds"], 2),
    }


GROUPS = (general_training, general_posteriors, catalogue_speed)

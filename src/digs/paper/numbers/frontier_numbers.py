"""Numbers of the text: what exact posteriors cost by the number of parameters that are not in closed form."""

import math
from typing import Any

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.inference.frontier.catalogue_costs import break_even, cheapest
from digs.paper.latex_numbers import count, grouped_integer, percent, plain, power_of_ten, uncertain
from digs.paper.numbers import Numbers

NETWORKS = ("short", "fiducial")
MANY = 1_000_000  # galaxies: an entry of the catalogues that are told of


def frontier(params: Params) -> Numbers:
    """Return what was compared, how a network fares in the larger problems, and from where on it is the cheapest."""
    found = read_json(paths.DATA / "frontier.json")
    measured = found["measured"]
    result = {
        "frontier_galaxies": str(found["galaxies"]),
        "frontier_draws": grouped_integer(found["draws"]),
        "frontier_effective": count(found["effective"]),
        "frontier_mixtures_galaxies": str(found["mixtures"]["galaxies"]),
        "frontier_emcee_steps": grouped_integer(found["emcee"]["steps"]),
        **{f"frontier_catalogue_{place}": _galaxies(each) for place, each in enumerate(found["catalogues"])},
        "frontier_5_grid_share": percent(measured["5"]["methods"]["grid"]["share"]["median"]),
    }
    for free in ("5", "6"):
        result |= _against(free, measured[free]["methods"])
    return result | _trust(found) | _winners(found)


def _trust(found: dict[str, Any]) -> Numbers:
    """How far chains have converged, and how far evidences are from those of mixtures, in the median of galaxies."""
    every = [measured["methods"] for measured in found["measured"].values()]
    away = lambda name: [methods[name]["evidence_difference"] for methods in every if name in methods]
    grids = away("mixtures")  # which are compared with the grid
    return {
        "frontier_worst_r_hat": f"{max(methods['emcee']['worst_r_hat'] for methods in every):.2f}",
        "frontier_evidence": plain(max(max(away(name)) for name in (*NETWORKS, "nautilus")), 1),
        "frontier_grid_evidence": plain(max(grids[:-1]), 1),
        "frontier_largest_grid_evidence": plain(grids[-1], 1),
    }


def _galaxies(number: int) -> str:
    """How many galaxies: one, or a power of ten."""
    return "1" if number == 1 else power_of_ten(number)


def _against(free: str, methods: dict[str, Any]) -> Numbers:
    """How the network `short` compares with the best of the ways that need no training."""
    untrained = {name: method for name, method in methods.items() if name not in NETWORKS}
    best = min(untrained.values(), key=lambda method: method["seconds"]["value"])
    ours, other = methods["short"]["seconds"], best["seconds"]
    ratio = other["value"] / ours["value"]
    relative = math.hypot(ours["error"] / ours["value"], other["error"] / other["value"])
    return {
        f"frontier_{free}_short_gain": uncertain(ratio, ratio * relative),
        f"frontier_{free}_short_break_even": count(break_even(methods["short"], best)),
    }


def _winners(found: dict[str, Any]) -> Numbers:
    """From how many parameters on a network is the cheapest for many galaxies; an ellipsis where none ever is."""
    winners = {free: cheapest(each["methods"], MANY) for free, each in found["measured"].items()}
    last = [int(free) for free, name in winners.items() if name not in NETWORKS]
    first = max(last, default=0) + 1
    wins = first <= max(map(int, winners))
    return {"frontier_network_from": str(first) if wins else r"\ldots", "frontier_grid_up_to": str(first - 1)}


GROUPS = (frontier,)

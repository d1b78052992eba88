"""Numbers of the text: exact posteriors by a grid beside those by a network."""

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.numbers import Numbers


def brute_force(params: Params) -> Numbers:
    """Return what brute force is worth and costs, on the test set and against chains and nested sampling."""
    found = read_json(paths.DATA / "brute_force.json")
    grid, nested, ratio = found["measured"]["grid"], found["measured"]["grid"]["against_nested"], found["time_ratio"]
    of_chains = grid["against_chains"]
    ratios = [of_chains[name]["ratio"]["value"] for name in NAMES]
    return {
        "grid_galaxies": grouped_integer(found["galaxies"]),
        "grid_draws": grouped_integer(found["draws"]),
        "grid_batch": str(found["batch"]),
        "grid_set_up_seconds": plain(found["set_up_seconds"]["median"]),
        "grid_ms": plain(1e3 * grid["seconds"]["median"]),
        "grid_memory": plain(found["peak_memory_gb"]),
        "grid_time_ratio": plain(ratio["median"]),
        "grid_chains_ratio_low": f"{min(ratios):.3f}",
        "grid_chains_ratio_high": f"{max(ratios):.3f}",
        "grid_chains_shift": plain(max(of_chains[name]["shift"]["value"] for name in NAMES)),
        "grid_evidence_worst": plain(nested["largest"], 1),
    }


GROUPS = (brute_force,)

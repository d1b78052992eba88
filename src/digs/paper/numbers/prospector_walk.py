"""Numbers of the text: emcee on Prospector itself."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper import amortisation as costs
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.numbers import Numbers


def prospector_chain(params: Params) -> Numbers:
    """Return how long it walked and what it cost."""
    walk = read_json(paths.DATA / "prospector_chain.json")
    return {
        "slow_walkers": str(walk["walkers"]),
        "slow_burn_in": str(sum(params.prospector_chain.burn_in)),
        "slow_steps": str(walk["steps"]),
        "slow_calls": grouped_integer(walk["calls"]),
        "slow_hours": plain(walk["seconds"] / costs.HOUR),
        "slow_processes": str(walk["processes"]),
        "slow_full_hours": plain(walk["full_seconds_extrapolated"] / costs.HOUR),
        "slow_repeats": str(walk["repeats"]),
        "slow_scatter": plain(walk["log_density_scatter"]),
    }


GROUPS = (prospector_chain,)

"""Numbers of the text: emcee on Prospector itself."""

from digs import costs, paths
from digs.artifacts import read_json
from digs.formatting import grouped_integer, plain
from digs.numbers import Numbers
from digs.params import load_params


def prospector_chain() -> Numbers:
    """How long it walked and what it cost."""
    walk = read_json(paths.DATA / "prospector_chain.json")
    return {
        "slow_walkers": str(walk["walkers"]),
        "slow_burn_in": str(sum(load_params().prospector_chain.burn_in)),
        "slow_steps": str(walk["steps"]),
        "slow_calls": grouped_integer(walk["calls"]),
        "slow_hours": plain(walk["seconds"] / costs.HOUR),
        "slow_processes": str(walk["processes"]),
        "slow_full_hours": plain(walk["full_seconds_extrapolated"] / costs.HOUR),
        "slow_repeats": str(walk["repeats"]),
        "slow_scatter": plain(walk["log_density_scatter"]),
    }


GROUPS = (prospector_chain,)

"""Numbers of the text: exact posteriors by Prospector's own likelihood."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import plain
from digs.paper.numbers import Numbers


def prospector_weights(params: Params) -> Numbers:
    """Return what weights by Prospector's likelihood change."""
    found = read_json(paths.DATA / "prospector_posteriors.json")
    of_parameters = found["parameters"].values()
    return {
        "weighed_galaxies": str(found["galaxies"]),
        "weighed_draws": str(found["draws"]),
        "weighed_shift": plain(max(each["largest_shift"] for each in of_parameters)),
        "weighed_width": plain(100 * max(each["largest_change_of_width"] for each in of_parameters)),
    }


GROUPS = (prospector_weights,)

"""Numbers of the text: populations at FSPS's own resolution, and galaxies of them on other instruments."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import plain, scientific
from digs.paper.numbers import Numbers


def instruments(params: Params) -> Numbers:
    """Return what the compression of the populations costs, and how galaxies of them differ from Prospector's."""
    compression, measured = read_json(paths.DATA / "populations.json"), read_json(paths.DATA / "instruments.json")
    finer, runs = (
        [each for kinds in measured[which].values() for each in kinds.values()]
        for which in ("agreement", "prospector_as_it_runs")
    )
    return {
        "populations_rank": str(compression["rank"]),
        "populations_wavelengths": str(compression["wavelengths"]),
        "populations_tail": scientific(compression["tail"]),
        "instruments_tail_percent": plain(100 * measured["tail_share"], 3),
        "instruments_median": scientific(max(each["median"] for each in finer)),
        "instruments_tail": scientific(max(each["tail"] for each in finer)),
        "instruments_tail_as_it_runs": scientific(max(each["tail"] for each in runs)),
    }


GROUPS = (instruments,)

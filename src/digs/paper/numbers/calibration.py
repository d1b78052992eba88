"""Numbers of the text: recovery and calibration, what the lookup does to them, and the edges of the prior."""

from statistics import median

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import count, grouped_integer, plain, with_its_error
from digs.paper.numbers import Numbers


def calibration(params: Params) -> Numbers:
    """Return from how many draws the recovery over the test set is."""
    return {"test_draws": grouped_integer(read_json(paths.DATA / "calibration.json")["draws"])}


def lookup(params: Params) -> Numbers:
    """Return what the lookup does to the posteriors."""
    experiment = read_json(paths.DATA / "lookup_experiment.json")
    measured = experiment["measured"]
    result = {
        "lookup_loss_pairs": count(experiment["pairs"], 1),
        "lookup_spectra": grouped_integer(experiment["spectra"]),
        "lookup_draws": str(experiment["draws"]),
    }
    for network in ("lookup", "exact"):
        width = measured[network]["galaxy"]["logmass"]["half_width"]
        result[f"{network}_galaxy_width_logmass"] = with_its_error(width)
    for name in ("logmass", "logzsol", "dust2"):
        result[f"lookup_exact_coverage_{name}"] = with_its_error(measured["lookup"]["exact"][name]["coverage_68"])
    for network in ("lookup", "paper"):
        result[f"{network}_loss_above_exact"] = with_its_error(measured[network]["loss_above_reference"])
    return result


def edge(params: Params) -> Numbers:
    """Return the coverage of the fiducial network close to the ends of the prior: the worst of the ten ends."""
    edges = read_json(paths.DATA / "edges.json")
    (low, high), (wide_low, wide_high) = params.prior.logmass, params.network("wide").prior.logmass
    ends = [edges["measured"]["fiducial"][name][end]["by_estimate"] for name in NAMES for end in ("low", "high")]
    covered = [end["coverage_68"] for end in ends if end]
    return {
        "edge_share": f"{100 * edges['share']:g}",
        "wide_percent": plain(100 * ((wide_high - wide_low) / (high - low) - 1)),
        "edge_covered_low_fiducial": plain(min(each["value"] for each in covered), 3),
        "edge_covered_high_fiducial": plain(max(each["value"] for each in covered), 3),
        "edge_error": plain(median(each["error"] for each in covered), 1),
    }


GROUPS = (
    calibration,
    lookup,
    edge,
)

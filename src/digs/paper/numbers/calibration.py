"""Numbers of the text: recovery and calibration, what the lookup does to them, and the edges of the prior."""

from statistics import median

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper.latex_numbers import count, grouped_integer, plain, probability, with_its_error
from digs.paper.numbers import Numbers


def calibration(params: Params) -> Numbers:
    """Return recovery and calibration over the test set."""
    metrics = read_json(paths.DATA / "calibration.json")
    variables = {"test_draws": grouped_integer(metrics["draws"])}
    for name, numbers in metrics["parameters"].items():
        for key, value in numbers.items():
            if isinstance(value, dict):
                variables[f"{key}_{name}"] = with_its_error(value)
        variables[f"correlation_central_{name}"] = plain(numbers["correlation_central"], 3)
        variables[f"rank_p_{name}"] = probability(numbers["uniform_ranks_p_value"])
    return variables


def lookup(params: Params) -> Numbers:
    """Return what the lookup does to the posteriors."""
    experiment = read_json(paths.DATA / "lookup_experiment.json")
    measured = experiment["measured"]
    result = {
        "lookup_loss_pairs": count(experiment["pairs"], 1),
        "lookup_spectra": grouped_integer(experiment["spectra"]),
        "lookup_draws": str(experiment["draws"]),
    }
    for network in ("lookup", "paper", "exact", "fiducial"):
        numbers = measured[network]
        for name in NAMES:
            galaxy, exact = numbers["galaxy"][name]["half_width"], numbers["exact"][name]["coverage_68"]
            result[f"{network}_galaxy_width_{name}"] = with_its_error(galaxy)
            result[f"{network}_exact_coverage_{name}"] = with_its_error(exact)
            exact = numbers["exact"][name]["coverage_95"]
            result[f"{network}_exact_coverage_95_{name}"] = with_its_error(exact)
        above = numbers["loss_above_reference"]
        result[f"{network}_loss_above_exact"] = with_its_error(above)
        result[f"{network}_exact_p"] = probability(min(numbers["exact"][p]["uniform_ranks_p_value"] for p in NAMES))
    return result


def edge(params: Params) -> Numbers:
    """Return bias and coverage close to the ends of the prior: the worst of the ten ends."""
    edges = read_json(paths.DATA / "edges.json")
    (low, high), (wide_low, wide_high) = params.prior.logmass, params.network("wide").prior.logmass
    result = {
        "edge_share": f"{100 * edges['share']:g}",
        "wide_percent": plain(100 * ((wide_high - wide_low) / (high - low) - 1)),
        "edge_spectra": grouped_integer(edges["spectra"]),
    }
    errors: list[float] = []
    for network, numbers in edges["measured"].items():
        ends = [numbers[name][end] for name in NAMES for end in ("low", "high")]
        bias = [abs(end["by_truth"]["bias_in_widths"]["value"]) for end in ends if end["by_truth"]]
        covered = [end["by_estimate"]["coverage_68"]["value"] for end in ends if end["by_estimate"]]
        result[f"edge_bias_{network}"] = plain(max(bias))
        result[f"edge_covered_low_{network}"] = plain(min(covered), 3)
        result[f"edge_covered_high_{network}"] = plain(max(covered), 3)
        errors += [end["by_estimate"]["coverage_68"]["error"] for end in ends if end["by_estimate"]]
    return result | {"edge_error": plain(median(errors), 1), "edge_largest_error": plain(max(errors), 1)}


GROUPS = (
    calibration,
    lookup,
    edge,
)

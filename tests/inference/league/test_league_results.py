"""The league beside the paper's own stages: other galaxies of the same prior, the same numbers."""

import math

import pytest

from digs.base import paths
from digs.config.theta import NAMES
from digs.files.atomic import read_json

NETWORKS = ("paper", "exact", "fiducial")
ERRORS = 5.0  # combined standard errors; fixed before the league ran


@pytest.fixture(scope="module")
def entries(tracked) -> dict:
    """The measurements of each entry on the track of Khullar et al. (2022)."""
    tracked("league.json")
    return {
        entry["name"]: {one["name"]: one for group in entry["measurements"].values() for one in group}
        for entry in read_json(paths.DATA / "league.json")["tracks"]["k22"]
    }


def in_errors(one: dict, other: dict) -> float:
    """Return how many combined standard errors two measurements differ by."""
    return abs(one["value"] - other["value"]) / math.hypot(one["error"], other["error"])


@pytest.mark.parametrize("network", NETWORKS)
def test_half_widths_of_networks_are_those_against_chains(entries, tracked, network):
    tracked("comparison.json")
    against_chains = read_json(paths.DATA / "comparison.json")["measured"][network]
    ratios = entries[network]["68% width ratio, 50%"]["parts"]
    off = {name: in_errors(ratios[name], against_chains[name]["ratio"]) for name in NAMES}
    assert max(off.values()) < ERRORS, off


@pytest.mark.parametrize("ours, theirs", [("efficiency", "efficiency"), ("efficiency, 5th percentile", "efficiency_5")])
@pytest.mark.parametrize("network", NETWORKS)
def test_efficiencies_of_networks_are_those_of_the_test_set(entries, tracked, network, ours, theirs):
    tracked("comparison.json")
    measured = read_json(paths.DATA / "comparison.json")["measured"][network]
    assert in_errors(entries[network][ours], measured[theirs]) < ERRORS


@pytest.mark.parametrize("ours, theirs", [("efficiency", "efficiency"), ("efficiency, 5th percentile", "efficiency_5")])
def test_the_efficiency_of_brute_force_is_that_of_the_test_set(entries, tracked, ours, theirs):
    tracked("brute_force.json")
    measured = read_json(paths.DATA / "brute_force.json")["measured"]["grid"]
    assert in_errors(entries["brute force"][ours], measured[theirs]) < ERRORS

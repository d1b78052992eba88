"""Numbers of the text: what jittered labels do to posteriors, predicted and measured."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import compact, grouped_integer, plain, scientific, uncertain, with_its_error
from digs.paper.numbers import Numbers

_SHOWN = ("logmass", "dust2")
_OTHERS = ("logzsol", "tage", "logtau")
_PUBLISHED = "10000"  # members of the library of Khullar et al. (2022)


def _percent(share: float) -> str:
    return plain(100 * share)


def law(params: Params) -> Numbers:
    """Return how much wider the lookup makes posteriors, by the law and by networks."""
    found = read_json(paths.DATA / "jitter.json")
    sizes = [str(size) for size in found["sizes"]]
    ratio = {size: found["measured"][size]["ratio"] for size in sizes}
    exact = found["measured"]["None"]["ratio"]["measured"]
    numbers = {
        "jitter_spectra": grouped_integer(found["spectra"]),
        "jitter_bar": _percent(found["bar"]),
        "jitter_pairs": compact(found["network"]["pairs"] * found["network"]["epochs"]),
        "jitter_smallest": grouped_integer(found["sizes"][0]),
        "jitter_largest": scientific(found["sizes"][-1], 1),
        **{f"jitter_off_{law}": _percent(found["largest_difference"][law]) for law in ("predicted", "independent")},
        "jitter_toy_law": plain(found["toys"]["independent"]["predicted"], 3),
        "jitter_toy": plain(found["toys"]["independent"]["measured"], 3),
        "jitter_others": plain(max(ratio[_PUBLISHED]["measured"][name]["value"] for name in _OTHERS), 3),
    }
    for name in _SHOWN:
        numbers |= {
            f"jitter_last_{name}": with_its_error(ratio[sizes[-1]]["measured"][name]),
            f"jitter_exact_{name}": with_its_error(exact[name]),
        }
    return numbers


def diagnostic(params: Params) -> Numbers:
    """Return what the diagnostic finds in labels that a library of the published size moved, and in right ones."""
    found = read_json(paths.DATA / "jitter.json")
    moved, right = found["measured"][_PUBLISHED], found["measured"]["None"]["diagnosed"]
    dust = moved["diagnosed"]["dust2"]
    return {
        "jitter_diagnosed": str(found["diagnosed"]),
        "jitter_dust": plain(moved["jitter"]["dust2"], 3),
        "jitter_dust_diagnosed": uncertain(dust["jitter"], dust["jitter_error"]),
        "jitter_right_z": plain(max(abs(each["z"]) for each in right.values())),
    }


GROUPS = (law, diagnostic)

"""Numbers of the text: what jittered labels do to posteriors, predicted and measured."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import compact, grouped_integer, plain, with_its_error
from digs.paper.numbers import Numbers

_SHOWN = ("logmass", "dust2")


def jitter(params: Params) -> Numbers:
    """Return how much wider the lookup makes posteriors, by the law and by networks, for each size of the library."""
    found = read_json(paths.DATA / "jitter.json")
    numbers = {
        "jitter_spectra": grouped_integer(found["spectra"]),
        "jitter_bar": plain(100 * found["bar"]),
        "jitter_largest": plain(100 * found["largest_difference"]["predicted"]),
        "jitter_largest_independent": plain(100 * found["largest_difference"]["independent"]),
        "jitter_largest_members": plain(100 * found["largest_difference"]["members"]),
        "jitter_pairs": compact(found["network"]["pairs"] * found["network"]["epochs"]),
        "jitter_toy_independent": plain(found["toys"]["independent"]["measured"], 3),
        "jitter_toy_independent_law": plain(found["toys"]["independent"]["predicted"], 3),
    }
    for size in found["sizes"]:
        of_size, exponent = found["measured"][str(size)], len(str(size)) - 1
        for name in _SHOWN:
            ratio = of_size["ratio"]
            numbers |= {
                f"jitter_{exponent}_{name}": with_its_error(ratio["measured"][name]),
                f"jitter_{exponent}_{name}_law": plain(ratio["predicted"][name]["value"], 3),
                f"jitter_{exponent}_{name}_diagnosed": plain(of_size["diagnosed"][name]["jitter"]),
                f"jitter_{exponent}_{name}_std": plain(of_size["jitter"][name]),
            }
    exact = found["measured"]["None"]["ratio"]["measured"]
    return numbers | {f"jitter_exact_{name}": with_its_error(exact[name]) for name in _SHOWN}


GROUPS = (jitter,)

"""The numbers that the text quotes from the stage `validation`."""

from typing import Any

import numpy as np

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.latex_numbers import grouped_integer, percent, plain, probability, uncertain, with_its_error

POOR, GOOD = 10, 50  # signal-to-noise ratios other than that of training, whose numbers the text has


def validation_variables(params: Params) -> dict[str, str]:
    """Return calibration on fresh spectra, in subsets and at other noise."""
    validation, settings = read_json(paths.DATA / "validation.json"), params.validation
    measured = validation["measured"]
    fiducial, exact = measured["fiducial"]["exact"], measured["fiducial"]["against_exact"]
    ages = measured["fiducial"]["ages"]["truth"]["tage"]
    levels = {each["signal_to_noise"]: each for each in validation["noise_levels"]}
    return {
        "validation_spectra": grouped_integer(validation["galaxies"]),
        "validation_band": f"{100 * settings.band:g}",
        "validation_fiducial_excursion": _excursion(fiducial),
        "validation_fiducial_p": probability(min(fiducial[name]["uniform_ranks_p_value"] for name in NAMES)),
        "validation_fiducial_density_departure": percent(fiducial["density"]["departure"]),
        "validation_fiducial_distance_departure": percent(fiducial["distance"]["departure"]),
        "validation_exact_excursion": _excursion(exact),
        "validation_exact_mean_logtau": percent(exact["logtau"]["mean"]),
        "validation_excess_logtau": percent(exact["logtau"]["excess"]),
        "validation_lookup_excursion": _excursion(measured["lookup"]["exact"]),
        "validation_lookup_looked_up_excursion": _excursion(measured["lookup"]["looked_up"]),
        "validation_paper_density_coverage_95": percent(measured["paper"]["exact"]["density"]["coverage_95"]),
        "local_galaxies": str(settings.local.galaxies),
        "young_below": f"{settings.subsets['tage'][0]:g}",
        "old_above": f"{settings.subsets['tage'][-1]:g}",
        "young_scatter_fiducial_tage": with_its_error(ages["young"]["scatter"]),
        "old_scatter_fiducial_tage": with_its_error(ages["old"]["scatter"]),
        "noise_poor": f"{POOR}",
        "noise_good": f"{GOOD}",
        "noise_poor_joint_68": percent(levels[POOR]["joint"]["coverage_68"]),
        **_subsets(),
    }


def _excursion(parameters: dict[str, Any]) -> str:
    """The largest departure of ranks from uniform ones, of all parameters."""
    return plain(max(parameters[name]["excursion"] for name in NAMES))


def _subsets() -> dict[str, str]:
    """The extremes over subsets and parameters, of the fiducial network."""
    validation = read_product(paths.DATA / "validation.h5", VALIDATION)
    selections, summaries = validation.attributes["selections"], validation.attributes["summaries"]
    network = validation.attributes["networks"].index("fiducial")
    subset = dict(zip(selections, validation["subset"][network], strict=True))  # each (subsets, 2, summaries, 5)
    p_values = validation["subset_p_value"][network, 1]  # by estimate
    shares, errors = (subset["estimate"][:, kind, summaries.index("coverage_68")].ravel() for kind in (0, 1))
    z_mean = {name: np.abs(each[:, 0, summaries.index("z_mean")]).max() for name, each in subset.items()}
    low, high = shares.argmin(), shares.argmax()
    return {
        "subsets": str(validation["subset"].shape[2]),
        "subset_tests": str(p_values.size),
        "subset_estimate_p_fiducial": probability(p_values.min()),
        "subset_coverage_fiducial_low": uncertain(shares[low], errors[low]),
        "subset_coverage_fiducial_high": uncertain(shares[high], errors[high]),
        "subset_bias_fiducial": plain(z_mean["truth"]),
        "subset_bias_expected_fiducial": plain(z_mean["expected"]),
    }


GROUPS = (validation_variables,)

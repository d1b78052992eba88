"""The numbers that the text quotes from the stage `validation`."""

from collections.abc import Iterable

import numpy as np

from digs import paths
from digs.artifacts import read_json, read_product
from digs.formatting import grouped_integer, plain, probability, uncertain
from digs.params import load_params
from digs.priors import NAMES
from digs.products import VALIDATION

_SMALL_P = 0.05


def _percent(number: dict[str, float]) -> str:
    return uncertain(100 * number["value"], 100 * number["error"])


def _ends(name: str, values: Iterable[float], digits: int = 2) -> dict[str, str]:
    values = list(values)
    return {f"{name}_low": plain(min(values), digits), f"{name}_high": plain(max(values), digits)}


def validation_variables() -> dict[str, str]:
    """Calibration on fresh spectra, in subsets and at other noise."""
    validation, settings = read_json(paths.DATA / "validation.json"), load_params().validation
    result = {
        "validation_spectra": grouped_integer(validation["galaxies"]),
        "validation_draws": str(validation["draws"]),
        "validation_band": f"{100 * settings.band:g}",
        "local_galaxies": str(settings.local.galaxies),
        "local_trials": str(settings.local.trials),
        "young_below": f"{settings.subsets['tage'][0]:g}",
        "old_above": f"{settings.subsets['tage'][-1]:g}",
        "noise_level_spectra": grouped_integer(settings.noise_levels.spectra),
    }
    for network, kinds in validation["measured"].items():
        for kind, name in (("exact", network), ("looked_up", f"{network}_looked_up")):
            if kind in kinds:
                result |= _case(f"validation_{name}", kinds[kind])
        if "local_p_values" in kinds:
            p_values = kinds["local_p_values"]
            result[f"local_small_{network}"] = str(sum(p < _SMALL_P for p in p_values))
            result[f"local_least_{network}"] = _share(min(p_values), settings.local.trials)
        result |= _ages(network, kinds["ages"])
    return result | _subsets() | _noise_levels(validation["noise_levels"])


def _share(p_value: float, trials: int) -> str:
    """A p-value that so many trials resolve."""
    return f"<{1 / trials:g}" if p_value == 0 else f"{p_value:g}"


def _case(name: str, measured: dict) -> dict[str, str]:
    """One network on one kind of spectra."""
    parameters = [measured[parameter] for parameter in NAMES]
    result = {
        f"{name}_excursion": plain(max(each["excursion"] for each in parameters)),
        f"{name}_p": probability(min(each["uniform_ranks_p_value"] for each in parameters)),
    }
    for key in ("coverage_68", "coverage_95", "z_spread"):
        result |= _ends(f"{name}_{key}", (each[key]["value"] for each in parameters), 3)
    for parameter in NAMES:
        numbers = measured[parameter]
        result[f"{name}_excursion_{parameter}"] = plain(numbers["excursion"])
        result[f"{name}_contraction_{parameter}"] = f"{numbers['contraction']['value']:.3f}"
        for key in ("bias", "scatter", "rmse", "coverage_68", "coverage_95", "half_width"):
            result[f"{name}_{key}_{parameter}"] = uncertain(numbers[key]["value"], numbers[key]["error"])
    for kind in ("density", "distance"):
        numbers = measured[kind]
        result[f"{name}_{kind}_excursion"] = plain(numbers["excursion"])
        result[f"{name}_{kind}_p"] = probability(numbers["uniform_ranks_p_value"])
        for key in ("departure", "coverage_68", "coverage_95"):
            result[f"{name}_{kind}_{key}"] = _percent(numbers[key])
    return result


def _ages(network: str, ages: dict) -> dict[str, str]:
    """Young against old galaxies, chosen by their true ages; their ranks, by the estimated ones."""
    result = {f"{group}_{network}": str(number) for group, number in ages["truth"]["galaxies"].items()}
    for name in NAMES:
        numbers = ages["truth"][name]
        for group in ("young", "old"):
            for key in ("scatter", "half_width"):
                result[f"{group}_{key}_{network}_{name}"] = uncertain(*numbers[group][key].values())
            result[f"{group}_expected_{network}_{name}"] = uncertain(*ages["expected"][name][group]["scatter"].values())
        result[f"ages_p_{network}_{name}"] = probability(numbers["scatter_p_value"])
    result[f"ages_largest_p_{network}"] = probability(max(ages["truth"][name]["scatter_p_value"] for name in NAMES))
    result[f"ages_ranks_p_{network}"] = probability(min(ages["estimate"][name]["ranks_p_value"] for name in NAMES))
    return result


def _subsets() -> dict[str, str]:
    """The extremes over subsets and parameters."""
    validation = read_product(paths.DATA / "validation.h5", VALIDATION)
    selections, summaries = validation.attributes["selections"], validation.attributes["summaries"]
    result = {
        "subsets": str(validation["subset"].shape[2]),
        "subset_tests": str(validation["subset_p_value"][0, 0].size),
    }
    for network, subset, p_values in zip(
        validation.attributes["networks"], validation["subset"], validation["subset_p_value"], strict=True
    ):
        by_truth, by_estimate = p_values
        result[f"subset_truth_p_{network}"] = probability(by_truth.min())
        result[f"subset_estimate_p_{network}"] = probability(by_estimate.min())
        value, error = subset[selections.index("estimate")].swapaxes(0, 1)
        result |= _ends(f"subset_coverage_{network}", value[:, summaries.index("coverage_68")].ravel())
        result |= _ends(f"subset_spread_{network}", value[:, summaries.index("z_spread")].ravel())
        covered = (value - 0.68)[:, summaries.index("coverage_68")] / error[:, summaries.index("coverage_68")]
        result[f"subset_worst_{network}"] = plain(np.abs(covered).max())
        value = subset[selections.index("truth"), :, 0, summaries.index("z_mean")]
        expected = subset[selections.index("expected"), :, 0, summaries.index("z_mean")]
        result[f"subset_bias_{network}"] = plain(np.abs(value).max())
        result[f"subset_bias_expected_{network}"] = plain(np.abs(expected).max())
        result[f"subset_bias_excess_{network}"] = plain(np.abs(value - expected).max())
    return result


def _noise_levels(levels: list[dict]) -> dict[str, str]:
    """What the network makes of other noise."""
    result = {}
    for numbers in levels:
        name = f"noise_{numbers['signal_to_noise']:g}"
        result[f"{name}_joint_68"] = _percent(numbers["joint"]["coverage_68"])
        result[f"{name}_joint_95"] = _percent(numbers["joint"]["coverage_95"])
        result[f"{name}_exact"] = str(numbers["exact_galaxies"])
        result[f"{name}_efficiency"] = plain(100 * numbers["efficiency"])
        result |= _ends(f"{name}_coverage", (100 * numbers[each]["coverage_68"]["value"] for each in NAMES))
        result |= _ends(f"{name}_bias", (numbers[each]["z_mean"]["value"] for each in NAMES))
        ratios = [numbers[each]["ratio"]["value"] for each in NAMES if numbers[each]["ratio"]]
        if ratios:
            result |= _ends(f"{name}_ratio", ratios)
            result[f"{name}_ratio_error"] = plain(max(numbers[each]["ratio"]["error"] for each in NAMES), 1)
    return result

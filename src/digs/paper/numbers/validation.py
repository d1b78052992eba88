"""The numbers that the text quotes from the stage `validation`."""

from collections.abc import Iterable

import numpy as np

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.validation_schema import VALIDATION
from digs.paper.latex_numbers import compact, grouped_integer, percent, plain, probability, uncertain, with_its_error

_SMALL_P = 0.05


def _ends(name: str, values: Iterable[float], digits: int = 2) -> dict[str, str]:
    values = list(values)
    return {f"{name}_low": plain(min(values), digits), f"{name}_high": plain(max(values), digits)}


def validation_variables(params: Params) -> dict[str, str]:
    """Return calibration on fresh spectra, in subsets and at other noise."""
    validation, settings = read_json(paths.DATA / "validation.json"), params.validation
    result = {
        "validation_spectra": grouped_integer(validation["galaxies"]),
        "validation_draws": str(validation["draws"]),
        "validation_band": f"{100 * settings.band:g}",
        "local_p": f"{_SMALL_P:g}",
        "local_galaxies": str(settings.local.galaxies),
        "young_below": f"{settings.subsets['tage'][0]:g}",
        "old_above": f"{settings.subsets['tage'][-1]:g}",
        "noise_level_spectra": grouped_integer(settings.noise_levels.spectra),
        "noise_level_draws": grouped_integer(settings.noise_levels.draws),
        "validation_exact_draws": str(settings.exact_draws),
    }
    for network, kinds in validation["measured"].items():
        for kind, name in (("exact", network), ("looked_up", f"{network}_looked_up")):
            if kind in kinds:
                result |= _case(f"validation_{name}", kinds[kind])
        if "against_exact" in kinds:
            result |= _against_exact(kinds["against_exact"])
        if "local_p_values" in kinds:
            p_values = kinds["local_p_values"]
            result[f"local_small_{network}"] = str(sum(p < _SMALL_P for p in p_values))
            result[f"local_least_{network}"] = _share(min(p_values), settings.local.trials)
        result |= _ages(network, kinds["ages"])
    return result | _subsets(params) | _noise_levels(validation["noise_levels"], settings.noise_levels.draws)


def _share(p_value: float, trials: int) -> str:
    """A p-value that so many trials resolve."""
    return f"<{1 / trials:g}" if p_value == 0 else f"{p_value:g}"


def _case(name: str, measured: dict) -> dict[str, str]:
    """One network on one kind of spectra."""
    parameters = [measured[parameter] for parameter in NAMES]
    result = {
        f"{name}_excursion": plain(max(each["excursion"] for each in parameters)),
        f"{name}_p": probability(min(each["uniform_ranks_p_value"] for each in parameters)),
        **_ends(f"{name}_coverage", (each["coverage_68"]["value"] for each in parameters), 3),
        f"{name}_coverage_error": plain(max(each["coverage_68"]["error"] for each in parameters), 1),
    }
    for parameter, numbers in zip(NAMES, parameters, strict=True):
        result[f"{name}_excursion_{parameter}"] = plain(numbers["excursion"])
        result[f"{name}_contraction_{parameter}"] = f"{numbers['contraction']['value']:.3f}"
        result[f"{name}_coverage_68_{parameter}"] = with_its_error(numbers["coverage_68"])
    for kind in ("density", "distance"):
        for key in ("departure", "coverage_68", "coverage_95"):
            result[f"{name}_{kind}_{key}"] = percent(measured[kind][key])
    return result


def _against_exact(numbers: dict) -> dict[str, str]:
    """The ranks of the exact posterior, and the excess over them of a network's, in percentage points."""
    result = {"validation_exact_excursion": plain(max(each["excursion"] for each in numbers.values()))}
    for parameter, each in numbers.items():
        result[f"validation_exact_mean_{parameter}"] = percent(each["mean"])
        result[f"validation_excess_{parameter}"] = percent(each["excess"])
    return result


def _ages(network: str, ages: dict) -> dict[str, str]:
    """Young against old galaxies, chosen by their true ages; their ranks, by the estimated ones."""
    result = {f"{group}_{network}": str(number) for group, number in ages["truth"]["galaxies"].items()}
    for name in NAMES:
        for group in ("young", "old"):
            for kind, selection in (("scatter", "truth"), ("expected", "expected"), ("estimated", "estimate")):
                result[f"{group}_{kind}_{network}_{name}"] = with_its_error(ages[selection][name][group]["scatter"])
    result[f"ages_largest_p_{network}"] = probability(max(ages["truth"][name]["scatter_p_value"] for name in NAMES))
    result[f"ages_ranks_p_{network}"] = probability(min(ages["estimate"][name]["ranks_p_value"] for name in NAMES))
    return result


def _subsets(params: Params) -> dict[str, str]:
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
        for key, summary in (("coverage", "coverage_68"), ("spread", "z_spread")):
            at = summaries.index(summary)
            values, errors = value[:, at].ravel(), error[:, at].ravel()
            for end, place in (("low", values.argmin()), ("high", values.argmax())):
                result[f"subset_{key}_{network}_{end}"] = uncertain(values[place], errors[place])
            result[f"subset_{key}_error_{network}"] = plain(np.median(errors), 1)
        value = subset[selections.index("truth"), :, 0, summaries.index("z_mean")]
        expected = subset[selections.index("expected"), :, 0, summaries.index("z_mean")]
        result[f"subset_bias_{network}"] = plain(np.abs(value).max())
        result[f"subset_bias_expected_{network}"] = plain(np.abs(expected).max())
    return result


def _noise_levels(levels: list[dict], draws: int) -> dict[str, str]:
    """What the network makes of other noise."""
    result = {}
    for numbers in levels:
        name = f"noise_{numbers['signal_to_noise']:g}"
        result[name] = f"{numbers['signal_to_noise']:g}"
        result[f"{name}_joint_68"] = percent(numbers["joint"]["coverage_68"])
        result[f"{name}_effective"] = plain(100 * numbers["effective"]["5"] / draws, 3)
        result |= _ends(f"{name}_coverage", (100 * numbers[each]["coverage_68"]["value"] for each in NAMES))
        result |= _ends(f"{name}_bias", (numbers[each]["bias_ratio"]["value"] for each in NAMES))
        result[f"{name}_z_mean"] = compact(max((numbers[each]["z_mean"]["value"] for each in NAMES), key=abs))
        result |= _ends(f"{name}_ratio", (numbers[each]["ratio"]["value"] for each in NAMES))
        result[f"{name}_ratio_error"] = plain(max(numbers[each]["ratio"]["error"] for each in NAMES), 1)
    return result


GROUPS = (validation_variables,)

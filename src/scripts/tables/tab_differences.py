"""Table `tab_differences`: where text, figures and code of Khullar et al. (2022) differ, and what it changes."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import math

from astropy.stats import gaussian_sigma_to_fwhm

from digs.base import paths
from digs.base.command import run
from digs.config.model import Spectrum
from digs.config.params import Params, load_params
from digs.config.stages.choices_settings import ChoicesSettings
from digs.config.stages.library_settings import LibrarySettings
from digs.config.stages.posteriors_settings import PosteriorsSettings
from digs.config.stages.reference_settings import ReferenceSettings
from digs.config.stages.validation_settings import ValidationSettings
from digs.config.theta import NAMES
from digs.files.atomic import read_json
from digs.paper import khullar2022 as published
from digs.paper.khullar2022 import PUBLISHED
from digs.paper.latex_numbers import (
    compact,
    from_to,
    grouped_integer,
    plain,
    probability,
    scientific,
    uncertain,
    with_its_error,
)
from digs.paper.plotting import save_rows


def ratios_to_exact(network: str) -> str:
    """Return half-widths by a network over those by `exact`, for the galaxy of Fig. 3: the least and the greatest."""
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]
    widths, exact = (
        [measured[each]["galaxy"][name]["half_width"]["value"] for name in NAMES] for each in (network, "exact")
    )
    ratios = [width / other for width, other in zip(widths, exact, strict=True)]
    return f"half-widths times ${from_to(min(ratios), max(ratios))}$"


def ratios_of_exact(choice: str) -> str:
    """Return half-widths of exact posteriors with another choice over those with ours, and their largest error."""
    ratio = read_json(paths.DATA / "choices.json")["measured"][choice]["ratio"].values()
    values, error = [each["value"] for each in ratio], max(each["error"] for each in ratio)
    return f"half-widths times ${min(values):.2f}$--${max(values):.2f}$ (${plain(error, 1)}$)"


def small_batches() -> str:
    """Return what the batches and learning rate of the released code make of the same flow after as many pairs."""
    measured = read_json(paths.DATA / "studies" / "batches.json")["measured"]
    here, released = measured["here"], measured["released"]
    above, pairs = released["loss_above_first"], scientific(released["training_pairs"], 1)
    side, loss = "below" if above["value"] < 0 else "above", uncertain(abs(above["value"]), above["error"])
    more = plain(released["steps"] / here["steps"])
    return f"after ${pairs}$ pairs, loss ${loss}$ nat {side} ours, with ${more}$ times the steps"


def ranks_of_looked_up() -> str:
    """Return the least probability of uniform ranks of one network on looked-up and on exact spectra."""
    measured = read_json(paths.DATA / "lookup_experiment.json")["measured"]["lookup"]
    looked_up, exact = (
        probability(min(measured[kind][name]["uniform_ranks_p_value"] for name in NAMES))
        for kind in ("lookup", "exact")
    )
    return rf"\texttt{{lookup}}: least $p$ of ranks ${looked_up}$ instead of ${exact}$"


def galaxies_per_fit() -> str:
    """Return what the published costs make of the headline, for either cost of a fit."""
    values = [compact(PUBLISHED.galaxies_per_fit(fit, True)) for fit in published.FITS]
    return " or ".join(f"${value}$" for value in values) + " galaxies for one fit, training paid"


def fixed_noise() -> str:
    """Return what noise in units of the data's flux does to the exact posterior."""
    numbers = read_json(paths.DATA / "comparison.json")["fixed_sigma"]
    ratio, shift = ([numbers[name][key] for name in NAMES] for key in ("ratio", "shift"))
    most = max(shift, key=lambda each: abs(each["value"]))
    ends = from_to(min(each["value"] for each in ratio), max(each["value"] for each in ratio), 3)
    return f"half-widths times ${ends}$, medians by up to ${with_its_error(most)}$ half-widths"


def interval(low: float, high: float) -> str:
    """Return a range as a closed interval."""
    return f"$[{low:g}, {high:g}]$"


def resolution(spectrum: Spectrum) -> str:
    """Return that of a line-spread function that is a share of the wavelength, as lambda / FWHM."""
    return f"$R={spectrum.smoothing / gaussian_sigma_to_fwhm:.0f}$ (FWHM)"


def choices_here(params: Params) -> dict[str, str]:
    """Return what is taken here, for each row of published.DIFFERENCES."""
    prior, spectrum, training = params.prior, params.spectrum, params.network("exact")
    tested = f"{params.library.test_size}, {params.posteriors.draws} draws each"
    return {
        "dust2": interval(*prior.dust2),
        "tau": interval(*(10**end for end in prior.logtau)),
        "tage": interval(*prior.tage),
        "wavelength": f"{spectrum.wavelength_start:.0f}--{spectrum.wavelength_stop:.0f}\\,\\AA",
        "smoothing": f"{spectrum.smoothing:.0f}\\,km\\,s$^{{-1}}$",
        "pixels": "sampled",
        "gas": {"solar": "solar", "stars": "that of the stars"}[params.gas.metallicity],
        "noise": f"{100 * params.noise.fraction:g}\\% of the flux",
        "pairs": r"each $\theta$ with its own spectrum",
        "data": r"$\log_{10} F_\lambda$: level, shape",
        "likelihood": "of the model's flux",
        "batch": f"batches of {training.batch_size}, rate {training.learning_rate:g}, decaying",
        "ranks": "exact; looked-up ones, too",
        "tested": f"{tested}; {grouped_integer(params.validation.spectra)}",
        "fit": "measured",
    }


def effects(params: Params) -> dict[str, str]:
    """Return what the other choice changes, for each row."""
    spared, wider = (
        params.prior.tage[0] / params.prior.tage[1],
        math.sqrt(published.TEST_SIZE / published.RELEASED_TEST_SIZE),
    )
    low_resolution = params.choices.spectrum("low_resolution", params)
    return {
        "dust2": f"\\texttt{{table1}}: {ratios_to_exact('table1')}, with $\\tau$",
        "tau": r"\texttt{table1}, see above",
        "tage": rf"adds ${plain(100 * spared)}\%$ of the prior",
        "wavelength": ratios_of_exact("released_pixels"),
        "smoothing": f"{resolution(low_resolution)}: {ratios_of_exact('low_resolution')}",
        "pixels": f"integrated: {ratios_of_exact('integrated_pixels')}",
        "gas": f"that of the stars: {ratios_of_exact('gas_of_stars')}",
        "noise": ratios_of_exact("lognormal_noise"),
        "pairs": f"\\texttt{{lookup}}: {ratios_to_exact('lookup')}",
        "data": "none on the exact posterior: one follows from the other",
        "likelihood": fixed_noise(),
        "batch": small_batches(),
        "ranks": ranks_of_looked_up(),
        "tested": f"standard errors times ${plain(wider)}$",
        "fit": galaxies_per_fit(),
    }


def main() -> None:
    """Write the rows of the table of differences within the paper."""
    params = load_params(LibrarySettings, PosteriorsSettings, ValidationSettings, ChoicesSettings, ReferenceSettings)
    ours, changed = choices_here(params), effects(params)
    save_rows(
        "tab_differences",
        [
            (row.what, row.text, row.figures, row.code, ours[key], changed[key])
            for key, row in published.DIFFERENCES.items()
        ],
    )


if __name__ == "__main__":
    run(main)

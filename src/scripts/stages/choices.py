"""Stage `choices`: exact posteriors for other pixels, resolution, gas and noise than those taken here."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch
from torch import Tensor

from digs.base import paths
from digs.base.progress import progress
from digs.base.statistics import (
    QUANTILES,
    bootstrap_rows,
    efficiency,
    ratio_and_shift,
    reweighted_quantiles,
    with_error,
)
from digs.config.params import Params, load_params
from digs.config.stages.choices_settings import ChoicesSettings
from digs.config.stages.reference_settings import ReferenceSettings
from digs.config.theta import NAMES
from digs.exact import lognormal_noise
from digs.exact.brute_force.grid import Grid
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.physics import noise
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator, stored_instrument
from digs.provenance.records import run_stage

HERE, LOGNORMAL = "here", "lognormal_noise"


def posteriors(name: str, theta: Tensor, unit: Tensor, params: Params) -> tuple[np.ndarray, np.ndarray]:
    """Return exact posteriors of galaxies as a choice has them.

    Args:
        theta: of the galaxies, shape (N, 5).
        unit: their noise in units of its standard deviation, shape (N, pixels), the same for all choices.
    Returns:
        quantiles, shape (N, quantiles, 5), and how many draws are effective, (N,).
    """
    settings, fraction = params.choices, params.noise.fraction
    model, lognormal, gaussian = simulator_of(name, params), name == LOGNORMAL, fraction
    add_noise = noise.with_noise
    if lognormal:
        add_noise, gaussian = lognormal_noise.with_lognormal_noise, lognormal_noise.lognormal_fraction(fraction)
    flux = add_noise(model(theta), unit, fraction)
    grid = Grid(model, Prior.over(params.prior), gaussian)
    found = grid.posterior(flux, settings.draws, settings.seed, ids=range(len(flux)), effective=settings.effective)
    log_weight = found.log_weight
    if lognormal:
        log_weight = log_weight + lognormal_noise.log_weight_to_lognormal(model, found.draws, flux, fraction)
    effective = settings.draws * efficiency(log_weight)
    return reweighted_quantiles(found.draws.numpy(), log_weight), effective.numpy()


def simulator_of(name: str, params: Params) -> Simulator:
    """Return the simulator of a choice; that of the noise is the usual one."""
    if name in (HERE, LOGNORMAL):
        return Simulator()
    settings = params.choices
    instrument = stored_instrument(settings.spectrum(name, params), settings.variants[name].integrate)
    return Simulator(instrument, gas=settings.gas(name, params).metallicity)


def compared(quantiles: np.ndarray, before: np.ndarray, settings: ChoicesSettings) -> dict[str, Any]:
    """Return medians over galaxies of the ratio of half-widths, and of the shift in half-widths, with their errors."""
    resampled = bootstrap_rows(len(quantiles), settings.bootstrap, settings.seed)
    return {
        key: {name: with_error(values[:, place], np.median, resampled) for place, name in enumerate(NAMES)}
        for key, values in zip(("ratio", "shift"), ratio_and_shift(quantiles, before), strict=True)
    }


def main() -> None:
    """Find the posteriors of test galaxies as other choices have them, by brute force."""
    params = load_params(ChoicesSettings, ReferenceSettings)
    settings = params.choices
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    chains = read_product(paths.DATA / "reference.h5", REFERENCE)["quantiles"][: settings.galaxies].astype(float)
    theta, clean, noisy = (torch.as_tensor(test[key][: settings.galaxies]) for key in ("theta", "flux", "noisy_flux"))
    unit = (noisy / clean - 1) / params.noise.fraction
    found = {
        name: posteriors(name, theta, unit, params)
        for name in progress([HERE, *settings.variants, LOGNORMAL], desc="Choices", unit="choice")
    }
    here, _ = found[HERE]
    others = [name for name in found if name != HERE]
    write_result(
        paths.DATA / "choices.json",
        {
            "galaxies": settings.galaxies,
            "quantiles": QUANTILES,
            "against_chains": compared(here, chains, settings),
            "least_effective": {name: float(effective.min()) for name, (_, effective) in found.items()},
            "measured": {name: compared(found[name][0], here, settings) for name in others},
        },
    )


if __name__ == "__main__":
    run_stage(main)

"""Stage `choices`: exact posteriors for other pixels, resolution, gas and noise than those taken here."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from typing import Any

import numpy as np
import torch

from digs.base import paths
from digs.base.progress import progress
from digs.base.random_streams import galaxy_keys
from digs.base.statistics import QUANTILES, bootstrap_rows, ratio_and_shift, with_error
from digs.config.params import Params, load_params
from digs.config.stages.choices_settings import ChoicesSettings
from digs.config.stages.reference_settings import ReferenceSettings
from digs.config.theta import NAMES
from digs.exact import converged_chains, lognormal_noise
from digs.files.product import Product, read_product
from digs.files.resumable import SCRATCH, ResumableParts
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.files.schemas.reference_schema import REFERENCE
from digs.physics import noise
from digs.physics.prior import Prior
from digs.physics.results import write_result
from digs.physics.simulator import Simulator, stored_instrument
from digs.physics.stored_populations import POPULATIONS_FILE
from digs.provenance.records import run_stage

TEST, REFERENCE_FILE = (paths.DATA / f"{name}.h5" for name in ("test", "reference"))
LOGNORMAL = "lognormal_noise"
AT_ONCE = 20  # galaxies
# the rows of a finished part's array, for each galaxy, as named here, and then quantiles
R_HAT, SAMPLE_SIZE, FARTHEST, SHARE, FIRST_QUANTILE = range(5)


def posteriors_of_choice(
    name: str, model: Simulator, prior: Prior, test: Product, reference: Product, rows: slice, params: Params
) -> np.ndarray:
    """Return posteriors of some test galaxies, with the noise that they have in the test set, (galaxies, rows, 5)."""
    settings, walk, fraction = params.choices, params.reference, params.noise.fraction
    clean, noisy, theta = (torch.as_tensor(test[key][rows]) for key in ("flux", "noisy_flux", "theta"))
    unit = (noisy / clean - 1) / fraction
    lognormal = name == LOGNORMAL
    add_noise = lognormal_noise.with_lognormal_noise if lognormal else noise.with_noise
    flux = add_noise(model(theta), unit, fraction)
    keys = galaxy_keys(flux.numpy(), range(rows.start, rows.stop))  # not by spectra that were made here in company
    chains = converged_chains.exact_chains(
        model,
        prior,
        flux,
        lognormal_noise.lognormal_fraction(fraction) if lognormal else fraction,
        converged_chains.starts(prior, reference["draws"][rows], walk.ensembles * walk.walkers, settings.seed, keys),
        settings.draws,
        walk,
        settings.seed,
        keys,
        f"{name}, galaxies from {rows.start}",
    )
    quantiles, share = chains.quantiles, np.ones(len(flux))
    if lognormal:
        quantiles, share = lognormal_noise.reweighted_to_lognormal(model, chains.draws, flux, fraction)
    alike = (np.broadcast_to(each[:, None], chains.r_hat.shape) for each in (chains.farthest, share))
    return np.concatenate([np.stack([chains.r_hat, chains.sample_size, *alike], 1), quantiles], 1)


def widths_and_convergence(found: np.ndarray, reference: Product, params: Params) -> dict[str, Any]:
    """Return half-widths relative to those with the choices made here, and whether the chains converged."""
    settings = params.choices
    before = reference["quantiles"][: len(found)].astype(float)
    ratio, _ = ratio_and_shift(found[:, FIRST_QUANTILE:], before)
    resampled = bootstrap_rows(len(found), settings.bootstrap, settings.seed)
    r_hat, size, farthest = found[:, R_HAT], found[:, SAMPLE_SIZE], found[:, FARTHEST, 0]
    good = converged_chains.converged(r_hat, size, farthest, params.reference)
    return {
        "ratio": {name: with_error(ratio[:, place], np.median, resampled) for place, name in enumerate(NAMES)},
        "converged": int(good.sum()),
        "least_share": float(found[:, SHARE].min()),
    }


def simulator_of(name: str, params: Params) -> Simulator:
    """Return the simulator of a choice; the noise's is the usual one."""
    if name == LOGNORMAL:
        return Simulator()
    settings = params.choices
    instrument = stored_instrument(settings.spectrum(name, params), settings.variants[name].integrate)
    return Simulator(instrument, gas=settings.gas(name, params).metallicity)


def main() -> None:
    """Sample the posteriors of test galaxies as other choices have them (resumes)."""
    params = load_params(ChoicesSettings, ReferenceSettings)
    settings, prior = params.choices, Prior.over(params.prior)
    torch.set_num_threads(params.threads)
    test, reference = read_product(TEST, OBSERVATIONS), read_product(REFERENCE_FILE, REFERENCE)
    relevant = params.model_dump(include={"choices", "spectrum", "gas", "reference", "prior", "noise"})
    parts = ResumableParts(SCRATCH / "choices", relevant, __file__, POPULATIONS_FILE, TEST, REFERENCE_FILE)
    measured = {}
    for name in progress([*settings.variants, LOGNORMAL], desc="Choices", unit="choice"):
        model = simulator_of(name, params)
        found = []
        for first in range(0, settings.galaxies, AT_ONCE):
            part = f"{name}-{first}"
            if part not in parts:
                rows = slice(first, min(first + AT_ONCE, settings.galaxies))
                parts.save(part, posteriors_of_choice(name, model, prior, test, reference, rows, params))
            found.append(parts.load(part))
        measured[name] = widths_and_convergence(np.concatenate(found), reference, params)
    common = {"galaxies": settings.galaxies, "quantiles": QUANTILES}
    write_result(paths.DATA / "choices.json", {**common, "measured": measured})
    parts.forget()


if __name__ == "__main__":
    run_stage(main)

"""Stage `general_prospector`: Prospector's ln likelihood along the engine's draws of spectra, beside the engine's."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.base.random_streams import stream
from digs.base.statistics import resample_systematically
from digs.config.params import load_params
from digs.config.stages.general_prospector_settings import GeneralProspectorSettings
from digs.inference.engine.galaxy_search import GalaxySearch
from digs.inference.engine.model_space import ModelSpace
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.general_check.made_spectra import MadeGalaxy
from digs.inference.general_check.plain_spectra import plain_galaxy
from digs.physics.instrument import Instrument
from digs.physics.results import write_result
from digs.provenance.records import run_stage
from digs.sps.native_agreement import ProspectorAnywhere
from digs.sps.prospector import Prospector
from digs.sps.spectrum_likelihood import prospector_log_likelihoods

DRAWS = 1000  # of the engine, of which some are looked at


def some_draws(made: MadeGalaxy, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return draws of the engine, shape (number, 7), and its ln likelihood there, (number,)."""
    posterior = one_posterior(made.spectrum, made.settings, DRAWS, seed, strict=True)
    random = stream(seed, "draws for Prospector", bytes.fromhex(made.spectrum.digest))
    theta = posterior.draws[resample_systematically(posterior.log_weight, number, random)]
    search = GalaxySearch(made.spectrum, ModelSpace.of(made.settings, made.spectrum.redshift), made.settings)
    problem = search.around(theta[:, 1:], np.median(theta[:, 1:], axis=0))
    terms = problem.mass_terms(torch.as_tensor(theta))
    return theta, terms.log_likelihood(torch.as_tensor(theta[:, 0])).numpy()


def main() -> None:
    """Compare the likelihoods (needs SPS_HOME)."""
    params = load_params(GeneralProspectorSettings)
    settings = params.general_prospector
    torch.set_num_threads(1)
    instrument = Instrument(np.geomspace(settings.first, settings.last, settings.pixels), sigma_kms=settings.sigma_kms)
    reference = ProspectorAnywhere(params.spectrum, Prospector(params.spectrum, params.gas))
    found = []
    for number in range(settings.galaxies):
        made = plain_galaxy(instrument, settings.redshift, settings.signal, settings.seed, number)
        theta, ours = some_draws(made, settings.draws, settings.seed)
        data = made.spectrum.flux, made.spectrum.sigma
        theirs = prospector_log_likelihoods(reference, instrument, settings.redshift, *data, theta)
        finer, as_it_runs = (theirs - ours).std(1)
        truth = dict(zip(made.names, made.theta.tolist(), strict=True))
        spread = {"deviation": float(finer), "as_it_runs": float(as_it_runs), "range": float(np.ptp(ours))}
        found.append({"truth": truth, "different_draws": len(np.unique(theta, axis=0)), **spread})
    met = all(galaxy["deviation"] <= settings.bar for galaxy in found)
    content = {**settings.model_dump(), "measured": found, "met": met}
    write_result(paths.DATA / "general_prospector.json", content)


if __name__ == "__main__":
    run_stage(main)

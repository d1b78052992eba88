"""Spectra that packages bring, from the file to the posterior, beside pPXF's fit to the same pixels.

ppxf and specutils are installed with what the tests take; Bagpipes, which is not, has its part in the stage alone.
"""

from functools import cache

import pytest

from digs.config.params import load_params
from digs.config.stages.real_spectra_settings import RealSpectraSettings
from digs.inference.other_codes.code_answer import BINNED, DELAYED
from digs.inference.other_codes.ppxf_answer import PPXFModel
from digs.inference.other_codes.real_galaxy import RealGalaxy, brought_spectrum
from digs.inference.results.galaxy_draws import OUTSIDE

APART = 0.15  # dex, as masses of codes that fit may be


SETTINGS = load_params(RealSpectraSettings).real_spectra


@cache
def galaxy(name: str) -> RealGalaxy:
    """What digs finds, with the settings of the stage but for fewer draws."""
    spectrum = brought_spectrum(name, *SETTINGS.galaxies[name].model_dump().values())
    return RealGalaxy.of(spectrum, SETTINGS.redshift_error, draws=300, seed=SETTINGS.seed)


@cache
def mass_by_ppxf(name: str) -> float:
    model = PPXFModel(galaxy(name).galaxy, SETTINGS.ppxf.regularisation)
    return model.quantities(model.fit(model.flux))["logmass"]


@pytest.mark.parametrize(("name", "history"), [("NGC 3522", DELAYED), ("NGC 3522", BINNED), ("NGC 3073", BINNED)])
def test_masses_are_those_of_ppxf(name, history):
    """Where the history can make the galaxy, and the spectrum is one of the model."""
    seen = galaxy(name)
    low, median, high = seen.answers[history].percentiles()["logmass"]
    assert median == pytest.approx(mass_by_ppxf(name), abs=APART)
    assert 0.005 < (high - low) / 2 < 0.1
    assert seen.delayed.errors == 1.0


def test_the_evidence_tells_of_two_generations_of_stars():
    """NGC 3073 has young stars above old ones, which delayed tau cannot make; NGC 3522 has old ones."""
    evidence = {name: galaxy(name).plain({})["log_evidence_of_binned"] for name in ("NGC 3073", "NGC 3522")}
    assert evidence["NGC 3073"] > 20
    assert abs(evidence["NGC 3522"]) < 10


@pytest.mark.parametrize(("name", "largest"), [("LEGA-C 56670", 1.6), ("DESI 39627866878514741", 1.2)])
def test_where_no_galaxy_fits_the_verdict_says_which_errors_would_do(name, largest):
    seen = galaxy(name)
    assert seen.delayed.as_given["verdict"] == OUTSIDE
    assert "errors" in seen.delayed.as_given["reason"]
    assert 1.0 < seen.delayed.errors < largest
    assert seen.delayed.found.verdict[0] != OUTSIDE

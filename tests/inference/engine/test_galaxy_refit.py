"""The walks of emcee, on the cheap likelihood and on the exact one, against weighted draws."""

from dataclasses import replace

import numpy as np
import pytest
from made_galaxies import QUICK, made_spectrum

from digs.base.statistics import weighted_mean_and_std
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.results.galaxy_draws import REFINED, REFITTED, TRUSTED

DRAWS = 1000


@pytest.fixture(scope="module")
def weighted():
    return one_posterior(made_spectrum(), replace(QUICK, effective=2000, calls=20_000), 2000, seed=1)


@pytest.fixture(scope="module", params=["cheaply", "exactly"])
def walked(request):
    """The posterior of each walk: by default the cheap one, and without that the exact one."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "exactly":
            patch.setattr("digs.inference.engine.galaxy_posterior._Task._walked_cheaply", lambda *arguments: None)
        settings = replace(QUICK, effective=DRAWS, calls=0, walk=2500)
        return request.param, one_posterior(made_spectrum(), settings, DRAWS, seed=1)


def test_emcee_takes_over_and_says_so(walked):
    which, found = walked
    assert found.verdict == REFITTED
    assert found.draws.shape == (DRAWS, 7) and not found.log_weight.any()
    words = "no network tells where to draw" if which == "cheaply" else "weighted draws were not enough"
    assert words in found.reason and "independent" in found.reason
    assert found.statistics["effective"] >= 400
    assert found.statistics["calls"] > 48 * 2500


def test_its_posterior_is_that_of_weighted_draws(weighted, walked):
    assert weighted.statistics["effective"] >= 2000
    weight = np.exp(weighted.log_weight - weighted.log_weight.max())
    (mean,), (std,) = weighted_mean_and_std(weighted.draws[None], weight[None] / weight.sum())
    assert (np.abs(walked[1].draws.mean(0) - mean) < 0.3 * std).all()
    assert (np.abs(np.log(walked[1].draws.std(0) / std)) < 0.3).all()
    assert abs(walked[1].log_evidence - weighted.log_evidence) < 5 * np.hypot(
        walked[1].log_evidence_error, weighted.log_evidence_error
    )


def test_a_walk_that_is_too_short_is_not_taken_and_noted():
    found = one_posterior(made_spectrum(), replace(QUICK, walk=20), 100, seed=1)
    assert found.verdict in (TRUSTED, REFINED)
    assert any("too short to settle" in note for note in found.notes)


def test_one_draw_is_chosen_as_well_as_many():
    found = one_posterior(made_spectrum(), replace(QUICK, effective=1, walk=1500), 1, seed=1)
    assert found.verdict == REFITTED and np.isfinite(found.draws).all()

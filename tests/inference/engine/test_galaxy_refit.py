"""The stage of emcee, forced by settings that leave weighted draws no chance, against these draws."""

from dataclasses import replace

import numpy as np
import pytest
from made_galaxies import QUICK, made_spectrum

from digs.base.statistics import weighted_mean_and_std
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.results.galaxy_draws import REFITTED

DRAWS = 1000


@pytest.fixture(scope="module")
def weighted():
    return one_posterior(made_spectrum(), replace(QUICK, effective=2000, calls=20_000), 2000, seed=1)


@pytest.fixture(scope="module")
def walked():
    return one_posterior(made_spectrum(), replace(QUICK, effective=DRAWS, calls=0, walk=2500), DRAWS, seed=1)


def test_emcee_takes_over_and_says_so(walked):
    assert walked.verdict == REFITTED
    assert walked.draws.shape == (DRAWS, 7) and not walked.log_weight.any()
    assert "emcee has" in walked.reason
    assert walked.statistics["calls"] > 48 * 2500


def test_its_posterior_is_that_of_weighted_draws(weighted, walked):
    assert weighted.statistics["effective"] >= 2000
    weight = np.exp(weighted.log_weight - weighted.log_weight.max())
    (mean,), (std,) = weighted_mean_and_std(weighted.draws[None], weight[None] / weight.sum())
    assert (np.abs(walked.draws.mean(0) - mean) < 0.3 * std).all()
    assert (np.abs(np.log(walked.draws.std(0) / std)) < 0.25).all()
    assert abs(walked.log_evidence - weighted.log_evidence) < 5 * np.hypot(
        walked.log_evidence_error, weighted.log_evidence_error
    )

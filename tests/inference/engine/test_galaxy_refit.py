"""The stage of emcee, forced by settings that leave weighted draws no chance, against these draws."""

from dataclasses import replace

import numpy as np
import pytest
from made_galaxies import QUICK, made_spectrum

from digs.base.statistics import weighted_quantiles
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.results.galaxy_draws import REFITTED

DRAWS = 400


@pytest.fixture(scope="module")
def weighted():
    return one_posterior(made_spectrum(), replace(QUICK, effective=2000, calls=20_000), 2000, seed=1)


@pytest.fixture(scope="module")
def walked():
    return one_posterior(made_spectrum(), replace(QUICK, effective=DRAWS, calls=0, walk=1500), DRAWS, seed=1)


def test_emcee_takes_over_and_says_so(walked):
    assert walked.verdict == REFITTED
    assert walked.draws.shape == (DRAWS, 7) and not walked.log_weight.any()
    assert "emcee has" in walked.reason
    assert walked.statistics["calls"] > 48 * 400


def test_its_posterior_is_that_of_weighted_draws(weighted, walked):
    assert weighted.statistics["effective"] >= 2000
    weight = np.exp(weighted.log_weight - weighted.log_weight.max())
    levels = (0.16, 0.5, 0.84)
    expected = weighted_quantiles(weighted.draws, weight / weight.sum(), levels)
    found = np.quantile(walked.draws, levels, axis=0)
    half = (expected[2] - expected[0]) / 2
    assert (np.abs(found - expected) < 0.4 * half).all()
    assert abs(walked.log_evidence - weighted.log_evidence) < 5 * np.hypot(
        walked.log_evidence_error, weighted.log_evidence_error
    )

"""The verdicts on the published claims: the rule, and where the numbers come from."""

import re

import pytest

from digs.base.paths import ROOT
from digs.config.everything import load_all_params
from digs.paper import khullar2022 as published
from digs.paper.claims import FACTOR, ClaimVerdict, all_claims, by_error, by_factor, by_test
from digs.provenance.audit import Project

REPRODUCED, IMPROVED, NOT = ClaimVerdict.REPRODUCED, ClaimVerdict.IMPROVED, ClaimVerdict.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("ours", "error", "verdict"),
    [
        (0.953, 0.01, REPRODUCED),
        (0.972, 0.01, REPRODUCED),
        (0.974, 0.01, IMPROVED),
        (0.932, 0.01, NOT),
        (0.9532, 0.0, REPRODUCED),  # theirs is rounded
        (0.9540, 0.0, IMPROVED),
    ],
)
def test_number_with_an_error(ours, error, verdict):
    assert by_error(ours, error, 0.953, decimals=3).verdict is verdict


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [(14 / FACTOR - 1, IMPROVED), (14 / FACTOR + 1, REPRODUCED), (19, REPRODUCED), (24 * FACTOR + 1, NOT)],
)
def test_cost_within_a_factor(ours, verdict):
    assert by_factor(ours, 14, 24).verdict is verdict


def test_more_galaxies_are_better():
    assert by_factor(1e7, *published.GALAXIES_PER_FIT, larger_is_better=True).verdict is IMPROVED
    assert by_factor(0, *published.GALAXIES_PER_FIT, larger_is_better=True).verdict is NOT


def test_statement_holds_or_not():
    assert by_test(True, "it holds").verdict is REPRODUCED
    assert by_test(False, "it holds").verdict is NOT


@pytest.fixture(scope="module")
def claims():
    return all_claims(load_all_params())


def test_every_published_number_is_judged(claims):
    shown = " ".join(claim.published for claim in claims)
    stated = [*published.HALF_WIDTHS.values(), *published.CORRELATIONS.values(), published.EPOCHS]
    stated += [100 * published.RESIDUAL, published.TRAINING_HOURS, published.POSTERIOR_SECONDS, *published.FIT_HOURS]
    for number in stated:
        assert re.search(rf"(?<![\d.]){number:g}", shown), number


def test_number_that_is_shown_fits_its_verdict(claims):
    """A correlation above the published one is never called a failure, nor one below an improvement."""
    for claim in claims:
        if claim.what.startswith("Correlation"):
            theirs, ours = (float(re.search(r"[\d.]+", text)[0]) for text in (claim.published, claim.ours))
            assert not (claim.ruling.verdict is NOT and ours > theirs)
            assert not (claim.ruling.verdict is IMPROVED and ours < theirs)


def test_stage_is_behind_the_script_that_shows_it(claims):
    project = Project(ROOT)
    for claim in claims:
        behind = [stage.name for stage in project.pipeline.lineage(project.data(claim.script))]
        assert claim.stage in behind, claim

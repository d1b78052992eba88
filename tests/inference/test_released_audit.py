"""The audit of a network of the released kind: what it reports of one that knows nothing, and of exact posteriors."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from digs.config.theta import NAMES
from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.released_maf import TO_THEIRS
from digs.inference.released_audit import LEVELS, audited
from digs.physics.simulator import Simulator
from digs.training.released_pairs import ReleasedPairs

SETTINGS = SimpleNamespace(spectra=60, bootstrap=20, seed=1, draws=80, galaxy_draws=1000)


@pytest.fixture(scope="module")
def found(fake_populations, prior):
    members = prior.sample(30, torch.Generator().manual_seed(1))
    source = ReleasedPairs(Simulator(path=fake_populations), prior, members, 0.05)
    samples = {"exact": source.exact(60, 1, "spectra"), "lookup": source.looked_up(60, 1, "spectra")}
    pairs = {kind: source.exact(500, 2, kind) for kind in samples}
    theta, data = source.exact(2000, 3, "training")
    flow = PlainMaf.untrained(theta[:, TO_THEIRS].float(), data, units=8, transforms=2, seed=1)
    return audited(flow, source, samples, pairs, samples["exact"][1][:1], SETTINGS, "test")


def test_all_kinds_and_parameters_are_reported(found):
    numbers, curves, log_q = found
    assert set(numbers) == {"exact", "lookup", "galaxy"}
    assert set(numbers["exact"]["parameters"]) == set(numbers["galaxy"]) == set(NAMES)
    assert [curve.shape for pair in curves for curve in pair] == [(5, len(LEVELS))] * 4
    assert {kind: len(each) for kind, each in log_q.items()} == {"exact": 500, "lookup": 500}


def test_a_network_that_knows_nothing_has_widths_of_the_prior(found, prior):
    """All but normal as wide as the prior, and cut off by it; in our order of the parameters, not in theirs."""
    numbers, *_ = found
    widths = np.array([numbers["exact"]["parameters"][name]["half_width"]["value"] for name in NAMES])
    ratio = widths / (0.34 * (prior.high - prior.low).numpy())
    assert np.abs(ratio - ratio.mean()).max() < 0.15
    assert 0.6 < ratio.mean() < 1.1


def test_losses_are_those_of_the_pairs(found):
    numbers, _, log_q = found
    for kind, each in log_q.items():
        assert numbers[kind]["loss"]["flow"]["value"] == pytest.approx(-each.double().mean().item())
        assert numbers[kind]["loss"]["posterior"]["value"] < numbers[kind]["loss"]["flow"]["value"]

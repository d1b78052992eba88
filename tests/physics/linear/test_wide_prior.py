"""The prior of real galaxies: ages within the universe's, ranges of one's own, and what is refused."""

import pytest
import torch
from astropy.cosmology import WMAP9

from digs.base.errors import DigsError
from digs.physics.linear.wide_prior import RANGES, WidePrior


@pytest.mark.parametrize("redshift", [1e-4, 0.5, 3.0])
def test_no_galaxy_is_older_than_the_universe(redshift):
    prior = WidePrior(("logmass", "tage"), redshift)
    universe = min(WMAP9.age(redshift).value, RANGES["tage"][1])
    theta = prior.sample(2000, torch.Generator().manual_seed(1))
    assert 0.99 * universe < theta[:, 1].max() < universe
    older = torch.tensor([[10.0, universe * 1.001]])
    assert prior.log_prob(older).item() == -torch.inf
    volume = (RANGES["logmass"][1] - RANGES["logmass"][0]) * (universe - RANGES["tage"][0])
    assert prior.log_prob(theta[:1].double()).exp().item() == pytest.approx(1 / volume)


def test_ranges_of_ones_own():
    prior = WidePrior(("logmass", "width"), ranges={"width": (1.0, 2.0)})
    assert prior.low.tolist() == [RANGES["logmass"][0], 1.0]


@pytest.mark.parametrize(
    "names, redshift, ranges, word",
    [
        (("width",), 0.0, {}, "width"),
        (("dust2",), 0.0, {"dust2": (1.0, 1.0)}, "dust2"),
        (("tage",), 5.0, {"tage": (2.0, 3.0)}, "tage"),
    ],
)
def test_what_is_no_range_is_refused_by_name(names, redshift, ranges, word):
    with pytest.raises(DigsError, match=word):
        WidePrior(names, redshift, ranges)

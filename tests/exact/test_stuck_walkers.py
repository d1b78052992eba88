"""Walkers that are stuck in a far local mode: found, replaced in burn-in; modes that hold mass are left alone."""

import numpy as np
import pytest
import torch

from digs.base.random_streams import stream
from digs.config.model import FAR_BELOW
from digs.exact.ensembles import split_r_hat, walk
from digs.exact.stuck_walkers import freed, stuck_draws, stuck_in

ENSEMBLES, WALKERS, D = 2, 20, 5
AWAY = 40.0  # of the second mode's centre, in standard deviations of the first


def test_stuck_draws_are_those_far_below_the_best_of_their_galaxy():
    log_prob = torch.tensor([[0.0, -3.0, -26.0], [-500.0, -524.0, -526.0]])
    assert stuck_draws(log_prob).tolist() == [[False, False, True], [False, False, True]]
    generator = torch.Generator().manual_seed(7)
    normal = -torch.randn(1, 200_000, 5, generator=generator).square().sum(-1) / 2
    assert not stuck_draws(normal).any()


def modes(low: float, width: float):
    """ln of a normal density, and of one so wide that is so much lower at its peak, far from the first."""

    def log_prob(rows: np.ndarray) -> np.ndarray:
        there = -low - ((rows - AWAY * max(width, 1)) ** 2).sum(1) / (2 * width**2)
        return np.logaddexp(-(rows**2).sum(1) / 2, there)

    return log_prob


def start(width: float, number: int) -> np.ndarray:
    """Walkers of one galaxy, so many of each ensemble in the second mode."""
    first = np.random.default_rng(1).normal(size=(1, ENSEMBLES, WALKERS, D))
    first[:, :, :number] = AWAY * max(width, 1) + width * first[:, :, :number]
    return first


def walked(low: float, width: float, number: int, far_below: float = FAR_BELOW, burn_in: int = 400):
    arguments = burn_in, 400, 4, 1, [stream(1, "walk", b"galaxy")], far_below
    position, log_prob = walk(modes(low, width), start(width, number), *arguments)
    return position[0], log_prob[0]


def test_walkers_stuck_in_a_far_and_narrow_mode_are_freed():
    """Without that, they stay, and R-hat does not see it."""
    low, width = 90.0, 0.01
    position, log_prob = walked(low, width, 1, far_below=np.inf)
    share = (log_prob < log_prob.max() - FAR_BELOW).mean()
    assert share == 1 / WALKERS
    assert (split_r_hat(position) < 1.05).all()
    position, log_prob = walked(low, width, 1)
    assert log_prob.min() > log_prob.max() - FAR_BELOW
    assert abs(position.mean()) < 0.2
    assert abs(position.std() - 1) < 0.2


def test_they_are_replaced_in_burn_in_alone():
    _position, log_prob = walked(90.0, 0.01, 1, burn_in=0)
    low = log_prob < log_prob.max() - FAR_BELOW
    assert low[:, 0].all()
    assert not low[:, 1:].any()


@pytest.mark.parametrize(("low", "width"), [(2.0, 1.0), (12.0, 10.0), (40.0, 3000.0)])
def test_a_mode_that_holds_mass_keeps_its_walkers(low, width):
    """As wide as it is low, even where its peak is far below the best; their number is not that of its mass."""
    number = WALKERS // 2
    position, _ = walked(low, width, number)
    there = position[..., 0] > AWAY * max(width, 1) / 2
    assert there[..., 0].any()


def test_walkers_on_their_way_up_are_not_stuck():
    random = np.random.default_rng(2)
    steps = 60
    log_prob = -random.chisquare(D, (10, steps)) / 2
    position = random.normal(size=(10, steps, D))
    assert not stuck_in(log_prob, position, FAR_BELOW).any()
    log_prob[3] -= 100
    position[3] = 30 + 0.01 * position[3]
    assert np.flatnonzero(stuck_in(log_prob, position, FAR_BELOW)).tolist() == [3]
    log_prob[3] += np.linspace(-30, 30, steps)
    assert not stuck_in(log_prob, position, FAR_BELOW).any()


def test_a_walker_that_never_moved_is_stuck_and_one_whose_ensemble_is_fine_takes_a_place_there():
    random = np.random.default_rng(3)
    log_prob, position = -random.chisquare(D, (10, 60)) / 2, random.normal(size=(10, 60, D))
    log_prob[7], position[7] = -200.0, 5.0
    stuck = stuck_in(log_prob, position, FAR_BELOW)
    assert np.flatnonzero(stuck).tolist() == [7]
    stuck, last = stuck.reshape(2, 5), log_prob[:, -1].reshape(2, 5)
    taken = freed(stuck, last, FAR_BELOW, random)
    assert taken[0].tolist() == [0, 1, 2, 3, 4]
    assert taken[1, 2] in (5, 6, 8, 9)
    assert np.delete(taken[1], 2).tolist() == [5, 6, 8, 9]
    all_of_one = np.repeat([[False], [True]], 5, 1)
    assert (freed(all_of_one, last, FAR_BELOW, random)[1] < 5).all()  # there is nobody in their own

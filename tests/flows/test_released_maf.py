"""The released network, rebuilt from a file that is made here of the same classes."""

import pickle

import pytest
import torch
from sbi.neural_nets import posterior_nn

from digs.base.errors import DigsError
from digs.config.theta import NAMES
from digs.flows import released_maf as module
from digs.flows.released_maf import NETWORK, ORDER, TO_OURS, TO_THEIRS, released_file, released_maf


class PosteriorLike:
    """Only its attributes count: they are those of sbi 0.x's DirectPosterior."""


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file like theirs, and the estimator in it."""
    torch.manual_seed(4)
    build = posterior_nn("maf", hidden_features=9, num_transforms=3, z_score_theta="independent")
    theta, data = torch.randn(2, 100, 5)
    estimator = build(theta * 2 + 1, data * 3 - 2)
    with torch.no_grad():
        for weight in estimator.parameters():
            weight += 0.3 * torch.randn_like(weight)
    # today's sbi keeps what it standardises theta by as nflows 0.14 did, under another class's name
    state = {"potential_fn": {"posterior_estimator": estimator.net}}
    path = tmp_path / "data" / NETWORK
    path.parent.mkdir()
    path.write_bytes(pickle.dumps(state))
    loaded = module.load_shells

    def wrapped(path):
        posterior, potential = PosteriorLike(), PosteriorLike()
        potential.state = loaded(path)["potential_fn"]
        posterior.state = {"potential_fn": potential}
        return posterior

    monkeypatch.setattr(module, "load_shells", wrapped)
    monkeypatch.setattr("digs.files.foreign_pickle.SHELLS", Everything())
    return path, estimator, theta, data


class Everything:
    """A list that has every name, for classes that sbi has renamed since."""

    def __contains__(self, name):
        return name.startswith(("nflows.", "sbi.", "torch.", "builtins.getattr", "builtins.set"))


def test_it_is_the_flow_that_sbi_evaluates(file):
    path, estimator, theta, data = file
    with torch.no_grad():
        expected = estimator.log_prob(theta[None], data)[0]
    assert torch.allclose(released_maf(path).log_prob(theta, data), expected, atol=1e-4)


def test_orders_are_inverse():
    theta = torch.arange(5)
    assert torch.equal(theta[TO_THEIRS][TO_OURS], theta)
    assert [NAMES[place] for place in TO_THEIRS] == list(ORDER)


def test_home_is_a_clone_or_its_parent(tmp_path, monkeypatch):
    for home, inside in ((tmp_path / "clone", "data"), (tmp_path / "parent", "digs_sbi/data")):
        (home / inside).mkdir(parents=True)
        (home / inside / NETWORK).touch()
        monkeypatch.setenv("K22_HOME", str(home))
        assert released_file() == home / inside / NETWORK


def test_missing_home_is_explained(tmp_path, monkeypatch):
    monkeypatch.delenv("K22_HOME", raising=False)
    with pytest.raises(DigsError, match=r"K22_HOME is not set.*clone https://github\.com/deepskies/digs_sbi"):
        released_file()
    monkeypatch.setenv("K22_HOME", str(tmp_path))
    with pytest.raises(DigsError, match="has no data/"):
        released_file()


def test_other_contents_are_refused(tmp_path):
    (tmp_path / "list.pkl").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DigsError, match="does not hold a masked autoregressive flow"):
        released_maf(tmp_path / "list.pkl")

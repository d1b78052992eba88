"""Pickles from outside: what they hold is read, what they would run is not."""

import os
import pickle
from collections import OrderedDict

import pytest
import torch

from digs.base.errors import DigsError
from digs.files.foreign_pickle import Shell, load_shells, state_of


class Hostile:
    """Its pickle runs a command."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


class Importing:
    """Its pickle imports a module that torch and sbi have nothing to do with."""

    def __reduce__(self):
        return eval, ("__import__('os').getcwd()",)


def written(path, what):
    path.write_bytes(pickle.dumps(what))
    return path


def test_a_hostile_pickle_is_refused_in_one_sentence(tmp_path):
    mark = tmp_path / "mark"
    file = written(tmp_path / "hostile.pkl", {"network": [Hostile(mark)]})
    with pytest.raises(DigsError) as refusal:
        load_shells(file)
    message = str(refusal.value)
    assert "hostile.pkl names posix.system" in message
    assert "not loaded" in message
    assert message.count(". ") == 0
    assert message.endswith(".")
    assert "\n" not in message
    assert not mark.exists()


def test_hostile_pickles_that_hide_behind_harmless_names_are_refused(tmp_path):
    with pytest.raises(DigsError, match=r"names builtins\.eval"):
        load_shells(written(tmp_path / "eval.pkl", Importing()))
    inside = b"cbuiltins\ngetattr\n(cos\nsystem\nS'x'\ntR."  # getattr(os.system, "x")
    (tmp_path / "getattr.pkl").write_bytes(inside)
    with pytest.raises(DigsError, match=r"names os\.system"):
        load_shells(tmp_path / "getattr.pkl")
    dotted = b"\x80\x04\x8c\x0bcollections\x8c\x12OrderedDict.update\x93."
    (tmp_path / "dotted.pkl").write_bytes(dotted)
    with pytest.raises(DigsError, match=r"collections\.OrderedDict\.update"):
        load_shells(tmp_path / "dotted.pkl")


def test_storages_are_read_as_weights_alone(tmp_path):
    """torch.storage._load_from_bytes is a pickle inside the pickle."""
    mark = tmp_path / "mark"
    torch.save(Hostile(mark), tmp_path / "inner.pt")
    inner = (tmp_path / "inner.pt").read_bytes()
    call = b"\x80\x03ctorch.storage\n_load_from_bytes\nB" + len(inner).to_bytes(4, "little") + inner + b"\x85R."
    (tmp_path / "outer.pkl").write_bytes(call)
    with pytest.raises(DigsError, match="damaged or no pickle"):
        load_shells(tmp_path / "outer.pkl")
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps([1, 2])[:-3]])
def test_damaged_files_are_refused(tmp_path, content):
    (tmp_path / "damaged.pkl").write_bytes(content)
    with pytest.raises(DigsError, match=r"damaged\.pkl is damaged"):
        load_shells(tmp_path / "damaged.pkl")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DigsError, match=r"nowhere\.pkl cannot be read"):
        load_shells(tmp_path / "nowhere.pkl")


def test_weights_and_buffers_of_modules_are_found(tmp_path):
    network = torch.nn.Sequential(OrderedDict(first=torch.nn.Linear(2, 3), second=torch.nn.Identity()))
    found = load_shells(written(tmp_path / "network.pkl", network))
    assert isinstance(found, Shell)
    assert torch.equal(state_of(found, "first", "weight"), network.first.weight)
    with pytest.raises(KeyError):
        state_of(found, "first", "mask")


def test_functions_can_be_called_and_not_changed(tmp_path):
    before = torch._utils._rebuild_tensor_v2.__defaults__
    for name in (b"torch._utils\n_rebuild_tensor_v2", b"torch.storage\n_load_from_bytes"):
        (tmp_path / "state.pkl").write_bytes(b"c" + name + b"\n(N}S'__defaults__'\nNstb.")
        with pytest.raises(DigsError, match="new attributes of"):
            load_shells(tmp_path / "state.pkl")
    assert torch._utils._rebuild_tensor_v2.__defaults__ == before


class Misfit:
    """Its pickle lays a tensor over a storage of three numbers."""

    def __init__(self, offset, size, stride):
        self.view = offset, size, stride

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, (torch.ones(3).storage(), *self.view, False, OrderedDict())


@pytest.mark.parametrize("view", [(1000, (3,), (1,)), (0, (2**28,), (1,)), (0, (2**40,), (0,)), (-1, (2,), (1,))])
def test_tensors_lie_inside_their_storage(tmp_path, view):
    assert load_shells(written(tmp_path / "fits.pkl", Misfit(1, (2,), (1,)))).tolist() == [1, 1]
    with pytest.raises(DigsError, match="damaged"):
        load_shells(written(tmp_path / "misfit.pkl", Misfit(*view)))


def test_names_are_shown_on_one_line(tmp_path):
    (tmp_path / "long.pkl").write_bytes(b"\x80\x04\x8c\x02os\x8c\x04a\x1b\nb\x93.")
    with pytest.raises(DigsError, match=r"names os\.a\?\?b,"):
        load_shells(tmp_path / "long.pkl")

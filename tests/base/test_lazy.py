"""The faces of packages: what they show is imported when it is asked for, and not before."""

import subprocess
import sys

import pytest
from conftest import PATIENCE

import digs
from digs.base.lazy import face


def test_a_public_name_is_that_of_its_module():
    names, attribute, _ = face("digs", {"mean_and_error": "base.statistics", "Prior": "physics.prior"})
    from digs.base.statistics import mean_and_error
    from digs.physics.prior import Prior

    assert names == ["Prior", "mean_and_error"]
    assert attribute("mean_and_error") is mean_and_error
    assert attribute("Prior") is Prior


def test_it_lists_what_it_shows():
    names, _, listed = face("digs", {"b": "base.statistics", "a": "base.paths"})
    assert listed() == names == ["a", "b"]
    assert dir(digs) == sorted(digs.__all__)
    assert all(hasattr(digs, name) for name in digs.__all__)


def test_what_it_does_not_show_is_no_attribute():
    _, attribute, _ = face("digs", {"Prior": "physics.prior"})
    with pytest.raises(AttributeError, match="module 'digs' has no attribute 'Simulator'"):
        attribute("Simulator")
    assert not hasattr(digs, "nothing_of_the_kind")


def test_nobody_waits_for_what_he_does_not_use():
    program = """
import sys
import digs
ours = lambda: {name for name in sys.modules if name.split(".")[0] in {"digs", "torch", "numpy"}}
print(*sorted(ours()))
_, attribute, _ = digs.base.lazy.face("digs", {"ROOT": "base.paths", "Prior": "physics.prior"})
print("digs.base.paths" in ours())
attribute("ROOT")
print("digs.base.paths" in ours(), "digs.physics" in ours())
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE)
    at_first, before, after = run.stdout.splitlines()
    assert set(at_first.split()) <= {"digs", "digs.base", "digs.base.lazy", "digs.base.imports"}
    assert before == "False"
    assert after == "True False"

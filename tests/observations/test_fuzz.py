"""Files damaged, altered or hostile give what was written, or one sentence (tools/fuzz_spectra.py tries more)."""

from collections import Counter

import numpy as np
import pytest
from byte_damage import damaged
from fuzzing import KINDS, FuzzError, fuzz, watched
from made_files import MAKERS


def counts(outcomes: Counter) -> Counter:
    found = Counter()
    for (kind, outcome), count in outcomes.items():
        found[kind.partition(" ")[0], outcome] += count
    return found


def test_damaged_altered_and_hostile_files(tmp_path):
    outcomes, failures = fuzz(tmp_path, 300, seed=1)
    assert not failures
    found = counts(outcomes)
    assert found["model", "spectrum"] > 30 and found["model", "sentence"] > 30
    assert found["damage", "spectrum"] > 5 and found["damage", "sentence"] > 15
    assert found["hostile", "sentence"] > 50 and not found["hostile", "spectrum"]


@pytest.mark.long
def test_ten_thousand_files(tmp_path):
    assert not fuzz(tmp_path, 10_000, seed=2)[1]


def test_the_watch_sees_what_readers_may_not_do(tmp_path, monkeypatch):
    with pytest.raises(FuzzError, match="open"), watched():
        (tmp_path / "written").write_text("x")
    with pytest.raises(FuzzError, match="mkdir"), watched():
        (tmp_path / "folder").mkdir()
    monkeypatch.setattr("fuzzing.MEMORY", -1)
    with pytest.raises(FuzzError, match="MB"), watched():
        pass
    monkeypatch.undo()
    monkeypatch.setattr("fuzzing.LONGEST", 0.05)
    with pytest.raises(FuzzError, match="more than"), watched():
        while True:
            pass
    monkeypatch.undo()
    with watched():
        assert (tmp_path / "written").read_text() == "x"


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_damage_and_the_same_for_a_seed(tmp_path, name):
    MAKERS[name](tmp_path / name)
    original = (tmp_path / name).read_bytes()
    of = lambda seed: damaged(name, original, np.random.default_rng(seed))
    assert [of(seed) for seed in range(5)] == [of(seed) for seed in range(5)]
    assert any(of(seed) != original for seed in range(5))

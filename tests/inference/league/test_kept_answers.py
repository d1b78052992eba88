"""Answers that are kept: what is there is not made again, and depends on what it was made of."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from digs.config.params import load_params
from digs.inference.league import method as league_method
from digs.inference.league.kept_answers import answer_in_batches
from digs.inference.league.method import Answer, Method, ObservedSpectra, Terms
from digs.physics.prior import Prior

CALLS = []


@dataclass(frozen=True, kw_only=True)
class Counted(Method):
    """A method that says when it is called, and stops at a galaxy that it does not like."""

    bad: float = np.inf
    factor: float = 1.0

    def answer(self, spectra):
        if (spectra.flux >= self.bad).any():
            raise KeyboardInterrupt
        CALLS.append(len(spectra))
        return Answer(self.factor * np.repeat(spectra.flux[:, None, :5], self.terms.draws, 1))

    def completed(self, spectra, answer):
        return replace(answer, log_prob=answer.draws[..., 0], verdicts=answer.draws[:, 0, 0] > 3)


@pytest.fixture
def counted(tmp_path, monkeypatch):
    monkeypatch.setattr(league_method, "FOLDER", tmp_path)
    CALLS.clear()
    terms = Terms(Prior.over(load_params().prior), 0.05, 4, 2, 1)
    return Counted(name="counted method", description="a test", terms=terms)


@pytest.fixture
def spectra():
    return ObservedSpectra(np.repeat(np.arange(7.0)[:, None], 6, 1))


def test_an_interrupted_answer_is_taken_up(counted, spectra):
    with pytest.raises(KeyboardInterrupt):
        answer_in_batches(replace(counted, bad=5.0), spectra, 2, counted.parts())
    assert CALLS == [2, 2]
    answer = answer_in_batches(counted, spectra, 2, counted.parts())
    assert CALLS == [2, 2, 2, 1]
    np.testing.assert_array_equal(answer.draws[:, 0, 0], spectra.flux[:, 0])
    np.testing.assert_array_equal(answer.verdicts, spectra.flux[:, 0] > 3)
    again = answer_in_batches(counted, spectra, 2, counted.parts())
    assert len(CALLS) == 4
    np.testing.assert_array_equal(again.log_prob, answer.log_prob)


def test_other_settings_are_other_work_and_other_words_are_not(counted):
    assert counted.parts().folder != replace(counted, factor=2.0).parts().folder
    assert counted.parts().folder != replace(counted, terms=replace(counted.terms, seed=2)).parts().folder
    assert counted.parts().folder != counted.parts(50).folder
    assert counted.parts().folder == replace(counted, description="other words").parts().folder


def test_a_method_without_a_density_has_none(counted, spectra, monkeypatch):
    monkeypatch.setattr(Counted, "completed", Method.completed)
    answer = answer_in_batches(counted, spectra, 3, counted.parts("without"))
    assert answer.log_prob is None and answer.verdicts is None and answer.draws.shape == (7, 4, 5)

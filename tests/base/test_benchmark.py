"""Timings: candidates take turns, the first round is not counted, and the spread is told."""

import time

import numpy as np
import torch

from digs.base.benchmark import machine, spread, take_turns


def test_candidates_take_turns_after_one_call_each():
    calls = []
    seconds = take_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 3)
    assert calls == ["a", "b"] * 4
    assert {name: len(values) for name, values in seconds.items()} == {"a": 3, "b": 3}


def test_seconds_are_seconds():
    seconds = take_turns({"slow": lambda: time.sleep(0.05), "fast": lambda: None}, 3)
    assert 0.05 <= seconds["slow"].min() < 0.5
    assert np.median(seconds["fast"]) < 0.01


def test_spread_is_median_and_range():
    assert spread(np.array([3.0, 1.0, 10.0])) == {"median": 3.0, "low": 1.0, "high": 10.0}


def test_the_machine_is_described():
    described = machine()
    assert described["cores"] >= 1
    assert described["threads"] == torch.get_num_threads()
    assert described["processor"]

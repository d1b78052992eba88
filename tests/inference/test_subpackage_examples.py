"""Examples in the docstrings of the packages inside digs.inference run as they are printed."""

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import digs.inference.population
import digs.inference.results

MODULES = [
    f"{package.__name__}.{each.name}"
    for package in (digs.inference.population, digs.inference.results)
    for each in iter_modules(package.__path__)
]


def test_there_are_modules():
    assert len(MODULES) > 10


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    assert not doctest.testmod(import_module(name)).failed

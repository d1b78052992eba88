"""What tests of inference share."""

import sys

import numpy as np
import pytest

import digs

FEW = 4  # galaxies


@pytest.fixture(scope="module")
def flux(test_set) -> np.ndarray:
    return test_set["noisy_flux"][:FEW]


@pytest.fixture(scope="module")
def networks() -> dict[str, digs.Posterior]:
    """One with mass and dust in closed form, and one whose draws are made by compiled code."""
    return {name: digs.Posterior.load(name) for name in ("fiducial", "paper")}


@pytest.fixture
def suspicious(monkeypatch):
    """suspicious(name): the light of that name is always on."""
    infer_module = sys.modules["digs.inference.infer"]  # whose function has its name
    return lambda name: monkeypatch.setitem(infer_module._warning_lights().judge.thresholds, name, -np.inf)

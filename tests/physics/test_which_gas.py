"""Which gas the released network was trained with, afresh on part of their library and as it was measured."""

import numpy as np
import pytest
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.which_gas_settings import WhichGasSettings
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.released_schema import RELEASED
from digs.physics.simulator import Simulator, stored_instrument


@pytest.fixture(scope="module")
def rms(tracked) -> dict[str, float]:
    tracked("populations.h5")
    params = load_params(WhichGasSettings)
    released = read_product(paths.ROOT / "src/static/khullar2022.h5", RELEASED)
    instrument = stored_instrument(params.which_gas.spectrum(params))
    np.testing.assert_allclose(instrument.wavelength, released["wavelength"])
    found = {}
    for kind in ("solar", "stars"):
        spectra = Simulator(instrument, gas=kind)(torch.as_tensor(released["theta"][::4])).double()
        found[kind] = float((torch.log10(spectra).mean(0).numpy() - released["mean"]).std())
    return found


def test_it_was_solar(rms):
    assert rms["solar"] <= 0.015 < 0.02 < rms["stars"]


def test_what_was_measured_is_that(rms, tracked):
    measured = read_json(tracked("which_gas.json"))
    assert measured["passed"]
    for kind, value in rms.items():
        assert measured["measured"][kind]["rms"] == pytest.approx(value, abs=1e-3)

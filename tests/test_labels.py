"""Every tracked result says which populations are behind it."""

import json

import h5py
import pytest

from digs.base import paths
from digs.physics.stored_populations import stored_populations

RESULTS = sorted(path for path in paths.DATA.rglob("*") if path.suffix in (".json", ".h5"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_result_names_its_populations(path, tracked):
    tracked("populations.h5")
    if path.suffix == ".h5":
        with h5py.File(path) as file:
            label = file.attrs["sps_label"]
    else:
        content = json.loads(path.read_text())
        label = content.get("provenance", content)["sps_label"]
    if path.name == "other_sps.h5":
        assert label.startswith("Bruzual")
    else:
        assert label == stored_populations().label

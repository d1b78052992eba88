"""Zarr folders that are hostile or damaged end in one sentence, and nothing in them is run."""

import json
import os
import pickle
import shutil

import numpy as np
import pytest
import zarr
from made_galaxies import made_catalogue

from digs.base.errors import DigsError
from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.inference.catalogue.result_store import ResultStore
from digs.inference.catalogue.row_audit import audit_row


class Trap:
    """What makes a folder when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("sprung",))


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield made_catalogue(tmp_path / "made.zarr", 2)
    assert not (tmp_path / "sprung").exists()


def changed(path, **words):
    metadata = path / ".zarray"
    metadata.write_text(json.dumps(json.loads(metadata.read_text()) | words))


def refused(path, said):
    with pytest.raises(DigsError, match=said) as error, open_catalogue(path) as catalogue:
        for row in range(len(catalogue)):
            catalogue[row]
    assert path.name in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["compressor", "filters"])
def test_pickles_are_not_opened(source, place):
    codec = {"id": "pickle", "protocol": 5}
    changed(source / "flux", **{place: codec if place == "compressor" else [codec]})
    for chunk in (source / "flux").glob("[0-9]*"):
        chunk.write_bytes(pickle.dumps(Trap()))
    refused(source, "pickle|no sound")


def test_damage_ends_in_one_sentence(source):
    for chunk in (source / "flux").glob("[0-9]*"):
        chunk.write_bytes(chunk.read_bytes()[:10])
    refused(source, "no sound")


@pytest.mark.parametrize(
    "words, said",
    [
        ({"shape": [10**12, 250], "chunks": [10**12, 250]}, "64 MiB"),
        ({"shape": [2]}, "shapes do not fit|no sound"),
        ({"dtype": "<f99"}, "no sound|no array 'flux'"),
        ({"zarr_format": 7}, "no sound|no array 'flux'"),
    ],
)
def test_absurd_metadata(source, words, said):
    changed(source / "flux", **words)
    refused(source, said)


def test_what_is_no_group(source, tmp_path):
    refused(tmp_path / "absent.zarr", "is missing")
    shutil.rmtree(source)
    source.mkdir()
    refused(source, "no sound|no folder")
    (tmp_path / "file.zarr").write_text("no folder")
    refused(tmp_path / "file.zarr", "no folder")


def test_results_that_are_damaged(tmp_path):
    path = tmp_path / "found.zarr"
    ResultStore.opened(path, 3, 5, ("logmass",), {"source": "x", "settings": {"bank": "many"}})
    with pytest.raises(DigsError, match="not made yet"):
        audit_row(path, "0")
    zarr.open_group(str(path), mode="r+")["verdict"][:] = np.zeros(3, "i1")
    with pytest.raises(DigsError, match=r"found\.zarr is no sound"):
        audit_row(path, "0")
    shutil.rmtree(path / "draws")
    with pytest.raises(DigsError, match="lost its array 'draws'"):
        audit_row(path, "0")

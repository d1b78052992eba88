"""Zarr folders that are hostile or damaged end in one sentence, and nothing in them is run."""

import json
import os
import pickle
import shutil
import struct
import tracemalloc

import numcodecs
import numpy as np
import pytest
import zarr
from made_galaxies import made_catalogue

from digs.base.errors import DigsError
from digs.inference.catalogue.catalogue_file import open_catalogue
from digs.inference.catalogue.result_store import ResultStore
from digs.inference.catalogue.row_audit import audit_row
from digs.inference.catalogue.zarr_folders import arrays_of, open_zarr, part_of


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


@pytest.mark.parametrize("codec", ["gzip", "zlib", "bz2", "zstd", "blosc", "lz4"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_that_become_more_than_their_numbers(tmp_path, codec, zarr_format):
    """Megabytes in a chunk for some bytes: they are counted, not unpacked."""
    array = zarr.open_group(str(tmp_path / "bomb.zarr"), mode="w", zarr_format=zarr_format)
    name = codec if zarr_format == 2 or codec in ("gzip", "zstd", "blosc") else f"numcodecs.{codec}"
    packer = numcodecs.get_codec({"id": codec})
    packing = {"compressors": packer if zarr_format == 2 else [{"name": name, "configuration": packer_words(codec)}]}
    flux = array.create_array("flux", shape=(3, 40), chunks=(1, 40), dtype="f8", **packing)
    flux[:] = 1.0
    found = arrays_of(open_zarr(tmp_path / "bomb.zarr"), "bomb.zarr")["flux"]
    np.testing.assert_array_equal(part_of(found, 1), np.ones(40))
    bomb = bytes(packer.encode(bytes(30 * 2**20)))
    chunk = tmp_path / "bomb.zarr" / "flux" / flux.metadata.encode_chunk_key((1, 0))
    chunk.write_bytes(bomb)
    tracemalloc.start()
    with pytest.raises(DigsError, match="more than the 320 bytes"):
        part_of(found, 1)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
    np.testing.assert_array_equal(part_of(found, 2), np.ones(40))


def packer_words(codec):
    words = numcodecs.get_codec({"id": codec}).get_config()
    kept = {"blosc": {"cname": "lz4", "clevel": 5, "shuffle": "shuffle", "typesize": 8, "blocksize": 0}}
    kept["zstd"] = {"level": 1, "checksum": False}
    return kept.get(codec, {key: value for key, value in words.items() if key != "id"})


def test_texts_that_are_said_to_be_many(source):
    changed(source / "name", dtype="|O", fill_value="", filters=[{"id": "vlen-utf8"}], compressor=None)
    for chunk in (source / "name").glob("[0-9]*"):
        chunk.write_bytes(struct.pack("<I", 2**32 - 1) + bytes(100))
    refused(source, "more texts than its chunk")


@pytest.mark.parametrize("shape, chunks", [((2, 10**6), (1, 1)), ((2, 10**6), (1, 100)), ((2, 2000), (80_000, 10))])
def test_chunks_in_vast_numbers(source, shape, chunks):
    for name in ("flux", "sigma"):
        changed(source / name, shape=shape, chunks=chunks)
    changed(source / "wavelength", shape=shape[1:], chunks=chunks[1:])
    refused(source, "chunks")


@pytest.mark.parametrize("galaxies", [0, 10**7 + 1, 10**15])
def test_galaxies_in_vast_numbers(source, galaxies):
    for name in ("flux", "sigma"):
        changed(source / name, shape=[galaxies, 250])
    for name in ("redshift", "name"):
        changed(source / name, shape=[galaxies])
    refused(source, "galaxies")


@pytest.mark.parametrize("name", ["flux", "sigma", "redshift"])
def test_chunks_that_lack_are_no_zeros(source, name):
    for chunk in (source / name).glob("[0-9]*"):
        chunk.unlink()
    refused(source, "redshift" if name == "redshift" else "hidden")


@pytest.mark.parametrize("place", ["flux/.zarray", "flux/0.0", ".zattrs", ".zgroup"])
@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
def test_files_that_never_end(source, place, kind):
    (source / place).unlink()
    if kind == "pipe":
        os.mkfifo(source / place)
    elif kind == "device":
        (source / place).symlink_to("/dev/zero")
    else:
        with (source / place).open("wb") as file:
            file.truncate(2**40)
    refused(source, "no plain file|too many|lies in|MiB")


def test_folders_of_very_many_files(source):
    for number in range(1100):
        (source / f"x{number}").touch()
    refused(source, "more than 1000 files")


@pytest.mark.parametrize(
    "words",
    [
        {"filters": [{"id": "fixedscaleoffset", "scale": 1, "offset": 0, "dtype": "<U1000000", "astype": "u1"}]},
        {"filters": [{"id": "gzip", "level": 1}], "compressor": {"id": "gzip", "level": 1}},
        {"filters": [{"id": "zstd", "level": 1}], "compressor": {"id": "shuffle", "elementsize": 4}},
    ],
)
def test_codecs_one_upon_the_other(source, words):
    changed(source / "flux", **words)
    refused(source, "is packed by")


def test_integers_and_values_that_stand_for_none(source):
    group = zarr.open_group(str(source), mode="r+")
    flux = group["flux"][:]
    scale = np.ptp(flux) / 30_000
    whole = np.round(flux / scale).astype("i2")
    whole[0, 7] = -999
    del group["flux"]
    made = group.create_array("flux", data=whole)
    made.attrs.update({"unit": "erg/s/cm2/Angstrom", "scale_factor": scale, "_FillValue": -999})
    sigma = group["sigma"][:]
    sigma[0, 9] = -5.0
    del group["sigma"]
    made = group.create_array("sigma", data=sigma, fill_value=-5.0)
    with open_catalogue(source) as catalogue:
        spectrum = catalogue[0]
    assert np.flatnonzero(spectrum.mask).tolist() == [7, 9]
    np.testing.assert_allclose(spectrum.flux[10:], flux[0, 10:], atol=scale)


def test_what_is_no_group(source, tmp_path):
    refused(tmp_path / "absent.zarr", "is missing")
    shutil.rmtree(source)
    source.mkdir()
    refused(source, "no sound")
    (tmp_path / "file.zarr").write_text("no folder")
    refused(tmp_path / "file.zarr", "is no folder")


def test_results_that_are_damaged(tmp_path):
    path = tmp_path / "found.zarr"
    ResultStore.opened(path, 3, 5, ("logmass",), {"source": "x", "settings": {"bank": "many"}}, {})
    with pytest.raises(DigsError, match="not made yet"):
        audit_row(path, "0")
    zarr.open_group(str(path), mode="r+")["verdict"][:] = np.zeros(3, "i1")
    with pytest.raises(DigsError, match=r"found\.zarr is no sound"):
        audit_row(path, "0")
    shutil.rmtree(path / "draws")
    with pytest.raises(DigsError, match="lost its array 'draws'"):
        audit_row(path, "0")

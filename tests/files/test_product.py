"""Data files: what is written is read back, nothing is half-written, and every kind of damage is told in a sentence."""

import dataclasses
import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from digs.base.errors import DigsError
from digs.files import product as artifacts
from digs.files.atomic import read_json, replacing, write_json
from digs.files.product import Field, Schema, read_product, write_product
from digs.files.schemas.library_schema import LIBRARY
from digs.files.schemas.observations_schema import OBSERVATIONS

DRAWS = Schema(
    "draws", {"draws": Field(("galaxy", "draw", 3), "dex", decimals=3), "rank": Field(("galaxy", 3), "1", "i4")}
)
ATTRIBUTES = {"seed": 5, "sps_label": "none", "parameters": {"noise": {"fraction": 0.05}}, "levels": [0.5, 0.9]}


@pytest.fixture
def path(tmp_path, observations) -> Path:
    """A sound product."""
    path = tmp_path / "folder" / "observations.h5"
    write_product(path, OBSERVATIONS, observations, **ATTRIBUTES)
    return path


def leftovers(path: Path) -> list[str]:
    return [file.name for file in path.parent.iterdir() if file != path]


def test_round_trip(path, observations):
    product = read_product(path, OBSERVATIONS)
    for name, field in OBSERVATIONS.fields.items():
        np.testing.assert_array_equal(product[name], observations[name].astype(field.dtype))
        assert product[name].dtype == np.dtype(field.dtype)
    assert ATTRIBUTES.items() <= product.attributes.items()
    assert leftovers(path) == []


def test_units_are_in_the_file(path):
    with h5py.File(path) as file:
        for name, field in OBSERVATIONS.fields.items():
            assert file[name].attrs["unit"] == field.unit
            assert len(file[name].attrs["axes"].split(", ")) == file[name].ndim


def test_rounded_draws_keep_their_decimals_and_save_space(tmp_path):
    random = np.random.default_rng(1)
    draws = random.normal([10.0, -0.4, 0.6], 0.05, (40, 500, 3))
    arrays = {"draws": draws, "rank": random.integers(0, 500, (40, 3))}
    write_product(tmp_path / "draws.h5", DRAWS, arrays)
    product = read_product(tmp_path / "draws.h5", DRAWS)
    np.testing.assert_allclose(product["draws"], draws, rtol=0, atol=0.00051)
    np.testing.assert_array_equal(product["rank"], arrays["rank"])
    assert (tmp_path / "draws.h5").stat().st_size < draws.size * 2


def test_two_writes_give_the_same_bytes(path, observations, tmp_path):
    write_product(tmp_path / "again.h5", OBSERVATIONS, observations, **ATTRIBUTES)
    assert (tmp_path / "again.h5").read_bytes() == path.read_bytes()


def test_large_compressed_writes_give_the_same_bytes(tmp_path):
    random = np.random.default_rng(2)
    arrays = {"draws": random.normal(size=(30, 200, 3)), "rank": random.integers(0, 9, (30, 3))}
    for name in ("a.h5", "b.h5"):
        write_product(tmp_path / name, DRAWS, arrays, seed=1)
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


def test_an_interrupted_write_leaves_the_old_file(path):
    before = path.read_bytes()

    def interrupted() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == before
    assert leftovers(path) == []


def test_an_interrupted_product_never_appears(tmp_path, observations, monkeypatch):
    written = []

    def fails_at_the_second(file, name, array, field):
        if written:
            raise OSError("No space left on device")
        written.append(name)

    monkeypatch.setattr(artifacts, "_write_array", fails_at_the_second)
    with pytest.raises(OSError, match="No space left"):
        write_product(tmp_path / "new.h5", OBSERVATIONS, observations)
    assert list(tmp_path.iterdir()) == []


def test_written_files_can_be_read_by_others(path):
    assert path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("flux"),
        lambda arrays: arrays.update(extra=np.zeros(3)),
        lambda arrays: arrays.update(flux=arrays["flux"][:, 1:]),
        lambda arrays: arrays.update(theta=arrays["theta"][:, :4]),
        lambda arrays: arrays.update(flux=-arrays["flux"]),
        lambda arrays: arrays.update(flux=arrays["flux"] * np.nan),
    ],
    ids=["lacking", "extra", "other pixels", "four parameters", "negative", "nan"],
)
def test_a_product_that_fits_no_schema_is_not_written(tmp_path, observations, change):
    change(observations)
    with pytest.raises(ValueError, match=OBSERVATIONS.name):
        write_product(tmp_path / "bad.h5", OBSERVATIONS, observations)
    assert list(tmp_path.iterdir()) == []


def _replace(file: h5py.File, name: str, data: np.ndarray, unit: str | None = None) -> None:
    unit = file[name].attrs["unit"] if unit is None else unit
    del file[name]
    file.create_dataset(name, data=data).attrs["unit"] = unit


DAMAGE = {
    "fewer pixels": (lambda f: _replace(f, "flux", np.ones((6, 9))), ("'flux'", "(6, 9)")),
    "fewer axes": (lambda f: _replace(f, "flux", np.ones(6)), ("'flux'", "1 axes, not 2")),
    "four parameters": (lambda f: _replace(f, "theta", np.ones((6, 4))), ("'theta'", "(6, 4)")),
    "nan": (lambda f: _replace(f, "noisy_flux", np.full((6, 10), np.nan)), ("'noisy_flux'", "not finite")),
    "infinity": (lambda f: _replace(f, "theta", np.full((6, 5), np.inf)), ("'theta'", "not finite")),
    "negative": (lambda f: _replace(f, "flux", -np.ones((6, 10))), ("'flux'", "not positive")),
    "text": (lambda f: _replace(f, "flux", np.full((6, 10), b"1.0")), ("'flux'",)),
    "no dataset": (lambda f: f.pop("flux"), ("lacks", "'flux'")),
    "other units": (lambda f: _replace(f, "flux", np.ones((6, 10)), "Jy"), ("'flux'", "'Jy'", "erg")),
    "no units": (lambda f: f["flux"].attrs.pop("unit"), ("'flux'", "units")),
    "other version": (lambda f: f.attrs.modify("version", 99), ("version 99", "not 1")),
    "no version": (lambda f: f.attrs.pop("version"), ("version",)),
    "other kind": (lambda f: f.attrs.modify("format", "digs/library"), ("'digs/library'", "'digs/observations'")),
    "a stranger's file": (lambda f: f.attrs.clear(), ("'digs/observations'",)),
    "group for dataset": (lambda f: (f.pop("flux"), f.create_group("flux")), ("'flux'",)),
    "damaged attribute": (lambda f: f.attrs.modify("parameters", '{"noise": '), ("damaged",)),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_unfit_contents_are_refused(path, refused, kind):
    damage, mentions = DAMAGE[kind]
    with h5py.File(path, "r+") as file:
        damage(file)
    with refused("observations.h5", *mentions):
        read_product(path, OBSERVATIONS)


@pytest.mark.parametrize("kept", [0, 1, 100, -1000, -1])
def test_truncated_files_are_refused(path, refused, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with refused("observations.h5", "damaged", "dvc"):
        read_product(path, OBSERVATIONS)


@pytest.mark.parametrize("content", [b"", b"not HDF5\n", json.dumps({"a": 1}).encode()])
def test_other_files_are_refused(tmp_path, refused, content):
    (tmp_path / "note.h5").write_bytes(content)
    with refused("note.h5", "no HDF5 file"):
        read_product(tmp_path / "note.h5", LIBRARY)


def test_a_missing_file_and_a_folder_are_refused(tmp_path, refused):
    with refused("none.h5", "missing", "dvc pull"):
        read_product(tmp_path / "none.h5", LIBRARY)
    with refused("missing"):
        read_product(tmp_path, LIBRARY)


def test_whatever_byte_is_wrong_is_told_in_a_sentence_or_harmless(path):
    """One wrong byte at 400 places: refused, or, where it hit numbers or labels, read as a product that fits."""
    sound, random = path.read_bytes(), np.random.default_rng(7)
    told = 0
    for place in random.choice(len(sound), 400, replace=False):
        damaged = bytearray(sound)
        damaged[place] ^= int(random.integers(1, 256))
        path.write_bytes(damaged)
        try:
            product = read_product(path, OBSERVATIONS)
        except DigsError:
            told += 1
        else:
            assert set(product.arrays) == set(OBSERVATIONS.fields)
    assert told > 40


def test_schemas_know_all_their_axes():
    """Every axis that is named binds the datasets that share it."""
    schema = dataclasses.replace(LIBRARY, name="another")
    arrays = {"wavelength": np.ones(4), "theta": np.ones((3, 5)), "flux": np.ones((3, 4))}
    assert artifacts._mismatch(schema, arrays) is None
    assert "'flux'" in artifacts._mismatch(schema, arrays | {"flux": np.ones((2, 4))})
    assert "'flux'" in artifacts._mismatch(schema, arrays | {"flux": np.ones((3, 5))})


def test_json_round_trip(tmp_path):
    content = {"median": 1e-4, "nested": {"list": [1, 2.5, "three", None, True]}}
    write_json(tmp_path / "folder" / "numbers.json", content)
    assert read_json(tmp_path / "folder" / "numbers.json") == content
    assert leftovers(tmp_path / "folder" / "numbers.json") == []


def test_json_holds_no_infinities(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "numbers.json", {"loss": float("nan")})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"a": 1', b"\xff\xfe\x00", b"[1, 2]", b"3"])
def test_damaged_json_is_refused(tmp_path, refused, content):
    (tmp_path / "numbers.json").write_bytes(content)
    with refused("numbers.json", "JSON", "dvc"):
        read_json(tmp_path / "numbers.json")


def test_missing_json_is_refused(tmp_path, refused):
    with refused("none.json", "missing", "dvc pull"):
        read_json(tmp_path / "none.json")

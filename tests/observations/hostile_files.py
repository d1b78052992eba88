"""Files and folders that somebody made to do harm: each of them must end in one sentence."""

import gzip
import io
import json
import os
import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import h5py
import numcodecs
import numpy as np
from astropy.io import fits
from made_models import base, write_hdf5_rows, write_zarr

PIXELS = 60


class Trap:
    """What makes a folder when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("sprung",))


def pickles(path: Path, random: np.random.Generator) -> None:
    content = pickle.dumps(Trap(), protocol=random.integers(6))
    path.write_bytes(gzip.compress(content) if random.random() < 0.3 else content)


def arrays_with_pickles(path: Path, random: np.random.Generator) -> None:
    with path.open("wb") as file:
        if random.random() < 0.5:
            np.savez(file, flux=np.array([Trap()], object))
        else:
            np.save(file, np.array([Trap()], object), allow_pickle=True)


def packed_bomb(path: Path, random: np.random.Generator) -> None:
    """600 MB in 600 kB, in a gzip of several members."""
    path.write_bytes(gzip.compress(bytes(100 * 2**20), 9) * 6)


def yaml_objects(path: Path, random: np.random.Generator) -> None:
    calls = (
        "python/object/apply:os.mkdir [sprung]",
        "python/name:os.system",
        "python/object/new:os.mkdir {args: [sprung]}",
    )
    call = calls[random.integers(len(calls))]
    header = ["# %ECSV 1.0", "# ---", "# datatype:", "# - {name: wave, datatype: float64}", f"# meta: !!{call}"]
    path.write_text("\n".join([*header, "wave", "5000"]))


def deep_yaml(path: Path, random: np.random.Generator) -> None:
    deep = "[" * 9000
    path.write_text(
        "\n".join(
            [
                "# %ECSV 1.0",
                "# ---",
                "# datatype:",
                "# - {name: wave, datatype: float64}",
                f"# meta: {deep}",
                "wave",
                "5000",
            ]
        )
    )


def long_lines(path: Path, random: np.random.Generator) -> None:
    path.write_text("wave (Angstrom),flux (Jy),err\n" + ",".join(["1.5"] * 10**6))


def brackets_without_end(path: Path, random: np.random.Generator) -> None:
    path.write_text("wave flux err\n" + ("( " + "a " * 4900 + "\n") * 300)


def other_letters(path: Path, random: np.random.Generator) -> None:
    encoding = ("utf-16", "utf-32", "latin-1", "cp037")[random.integers(4)]
    path.write_bytes("wave (Angstrom),flux (Jy),err é\n5000,1,0.1\n".encode(encoding))


def random_bytes(path: Path, random: np.random.Generator) -> None:
    start = (b"", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"SIMPLE  =", b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"# %ECSV")
    path.write_bytes(start[random.integers(len(start))] + random.bytes(random.integers(1, 9000)))


def huge_header(path: Path, random: np.random.Generator) -> None:
    hdu = fits.PrimaryHDU(np.zeros(3))
    stream = io.BytesIO()
    hdu.writeto(stream)
    content = bytearray(stream.getvalue())
    place = content.index(b"NAXIS1  =")
    content[place + 10 : place + 30] = f"{10 ** int(random.integers(4, 19)):>20}".encode()
    path.write_bytes(content)


def rows_of_nothing(path: Path, random: np.random.Generator) -> None:
    """A table of very many rows, each of no bytes."""
    table = fits.BinTableHDU.from_columns([fits.Column("wavelength", "1D"), fits.Column("flux", "1D")])
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(stream)
    content = bytearray(stream.getvalue())
    cards = {"TFORM1": "'0D'", "TFORM2": "'0D'", "NAXIS1": 0, "NAXIS2": 10 ** int(random.integers(3, 12))}
    for key, value in cards.items():
        place = content.rindex(f"{key:<8}=".encode())
        content[place + 10 : place + 30] = f"{value:>20}".encode()
    path.write_bytes(content)


def huge_datasets(path: Path, random: np.random.Generator) -> None:
    shapes = [(10**12,), (10**9, 10**6), (2, 10**10), (0, 50), (5, 0), (10**12, 5)]
    shape = shapes[random.integers(len(shapes))]
    with h5py.File(path, "w") as file:
        for name in ("wavelength", "flux", "sigma"):
            chunks = tuple(max(1, min(extent, 100)) for extent in shape) if all(shape) else None
            file.create_dataset(name, shape=shape, dtype="f8", chunks=chunks)


def elsewhere(path: Path, random: np.random.Generator) -> None:
    with h5py.File(path, "w") as file:
        link = (h5py.ExternalLink("/etc/passwd", "flux"), h5py.SoftLink("/flux"), h5py.ExternalLink(path.name, "flux"))
        file["wavelength"] = np.linspace(5000, 6000, PIXELS)
        file["flux"] = link[random.integers(len(link))]


def deep_groups(path: Path, random: np.random.Generator) -> None:
    with h5py.File(path, "w") as file:
        group = file
        for _ in range(300):
            group = group.create_group("g")
        group["up"] = h5py.SoftLink("/")


def odd_types(path: Path, random: np.random.Generator) -> None:
    kinds = [
        h5py.vlen_dtype(np.float64),
        h5py.string_dtype(),
        h5py.ref_dtype,
        np.dtype([("a", "f8"), ("b", "f8")]),
        np.dtype("c16"),
        np.dtype("V8"),
    ]
    with h5py.File(path, "w") as file:
        file["wavelength"] = np.linspace(5000, 6000, PIXELS)
        file.create_dataset("flux", shape=(PIXELS,), dtype=kinds[random.integers(len(kinds))])


def hdf5_chunk_bomb(path: Path, random: np.random.Generator) -> None:
    """In a row between the first and the last, which a look at those does not find."""
    model = base(random)
    write_hdf5_rows(model, path)
    with h5py.File(path, "r+") as file:
        for name in ("flux", "redshift", "name"):
            del file[name]
        file["redshift"] = np.full(3, 0.1)
        for name in [name for name in file if file[name].ndim == 2]:
            values = np.tile(file[name][:1], (3, 1))
            attributes = dict(file[name].attrs)
            del file[name]
            file[name] = values
            file[name].attrs.update(attributes)
        flux = file.create_dataset("flux", shape=(3, PIXELS), dtype="f8", chunks=(1, PIXELS), compression="gzip")
        flux[0] = flux[2] = model.written["flux"]
        flux.attrs["unit"] = str(model.units["flux"])
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(bytes(2**24)) for _ in range(20)) + packer.flush()
        flux.id.write_direct_chunk((1, 0), bomb)


def _zarr(path: Path, random: np.random.Generator, zarr_format: int = 2) -> Path:
    write_zarr(base(random), path, zarr_format)
    return path / "flux"


def _say(array: Path, **words: object) -> None:
    file = array / ".zarray"
    file.write_text(json.dumps(json.loads(file.read_text()) | words))


def _chunks(array: Path, content: bytes) -> None:
    for chunk in [each for each in array.iterdir() if each.name[0].isdigit()]:
        chunk.write_bytes(content)


def zarr_bomb(path: Path, random: np.random.Generator) -> None:
    """300 MB in a chunk of a few kB."""
    codec = ("gzip", "zlib", "bz2", "zstd", "blosc", "lz4")[random.integers(6)]
    array = _zarr(path, random)
    _say(array, compressor=numcodecs.get_codec({"id": codec}).get_config())
    said = {"zstd": 300 * 2**20, "blosc": 300 * 2**20, "lz4": 300 * 2**20}
    small = numcodecs.get_codec({"id": codec}).encode(bytes((300 if codec not in said else 30) * 2**20))
    content = bytearray(small)
    if codec == "blosc":
        content[4:8] = struct.pack("<I", 2**31 - 1)
    elif codec == "lz4":
        content[:4] = struct.pack("<I", 2**31 - 1)
    _chunks(array, bytes(content))


def zarr_text_bomb(path: Path, random: np.random.Generator) -> None:
    _zarr(path, random)
    _say(path / "name", dtype="|O", fill_value="", filters=[{"id": "vlen-utf8"}], compressor=None)
    _chunks(path / "name", struct.pack("<I", 2**32 - 1) + bytes(200))


def zarr_tiny_chunks(path: Path, random: np.random.Generator) -> None:
    array = _zarr(path, random)
    shape = [2, 10 ** int(random.integers(4, 13))]
    for name in ("flux", "wavelength", "sigma", "ivar", "variance", "mask"):
        if (path / name).exists():
            _say(path / name, shape=shape, chunks=[1, 1])
    _chunks(array, b"")


def zarr_many_galaxies(path: Path, random: np.random.Generator) -> None:
    _zarr(path, random)
    count = 10 ** int(random.integers(9, 16))
    for array in [each for each in path.iterdir() if each.is_dir()]:
        shape = json.loads((array / ".zarray").read_text())["shape"]
        _say(array, shape=[count, *shape[1:]])


def zarr_pickles(path: Path, random: np.random.Generator) -> None:
    array = _zarr(path, random)
    codec = {"id": ("pickle", "json2", "msgpack2")[random.integers(3)]}
    _say(array, **({"compressor": codec} if random.random() < 0.5 else {"filters": [codec], "dtype": "|O"}))
    _chunks(array, pickle.dumps(Trap()))


def zarr_odd_files(path: Path, random: np.random.Generator) -> None:
    """Pipes and devices, which are read for ever."""
    array = _zarr(path, random)
    place = (
        array / ".zarray",
        next(each for each in array.iterdir() if each.name[0].isdigit()),
        path / ".zattrs",
        path / ".zgroup",
    )[random.integers(4)]
    place.unlink()
    if random.random() < 0.5:
        os.mkfifo(place)
    else:
        place.symlink_to("/dev/zero")


def zarr_odd_words(path: Path, random: np.random.Generator) -> None:
    array = _zarr(path, random)
    contents = ["[" * 100_000, '{"a":' * 50_000, "null", "[]", "", "\x00", '{"zarr_format": 2}', " " * (5 * 2**20)]
    (array / ".zarray").write_text(contents[random.integers(len(contents))])


def zarr_odd_shapes(path: Path, random: np.random.Generator) -> None:
    array = _zarr(path, random)
    words = [
        {"shape": []},
        {"shape": [-1, 5]},
        {"chunks": [0, 0]},
        {"chunks": [-3, 60]},
        {"dtype": "<M8[ns]"},
        {"dtype": "|S99999999"},
        {"dtype": "|V8"},
        {"shape": [2, 60, 60], "chunks": [1, 1, 1]},
        {"order": "X"},
        {"shape": [2, 0]},
        {"shape": [0, 60]},
    ]
    _say(array, **words[random.integers(len(words))])


def zarr_filters_that_grow(path: Path, random: np.random.Generator) -> None:
    array = _zarr(path, random)
    words = [
        {"filters": [{"id": "fixedscaleoffset", "scale": 1, "offset": 0, "dtype": "<U1000000", "astype": "u1"}]},
        {"filters": [{"id": "gzip", "level": 1}], "compressor": {"id": "gzip", "level": 1}},
        {"filters": [{"id": "zstd", "level": 1}], "compressor": {"id": "shuffle", "elementsize": 4}},
    ]
    _say(array, **words[random.integers(len(words))])


FILES: dict[str, Callable[[Path, np.random.Generator], None]] = {
    f"{maker.__name__}{suffix}": maker
    for suffix, makers in {
        ".fits": (pickles, arrays_with_pickles, random_bytes, huge_header, rows_of_nothing),
        ".fits.gz": (packed_bomb,),
        ".ecsv": (yaml_objects, deep_yaml),
        ".csv": (long_lines, brackets_without_end, other_letters),
        ".h5": (huge_datasets, elsewhere, deep_groups, odd_types),
        ".zarr": (
            *(zarr_bomb, zarr_text_bomb, zarr_tiny_chunks, zarr_many_galaxies, zarr_pickles, zarr_odd_files),
            *(zarr_odd_words, zarr_odd_shapes, zarr_filters_that_grow),
        ),
    }.items()
    for maker in makers
}
ROWS = {"hdf5_chunk_bomb.h5": hdf5_chunk_bomb}  # of which a row is bad, and the others are good

"""Files that are hostile or none at all end in one sentence, and nothing in them is run."""

import gzip
import io
import os
import pickle
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from made_files import FLUX, MAKERS, OPTIONS, WAVELENGTH

from digs.observations import read
from digs.observations.fits_layout import check_layout
from digs.observations.opened_file import MOST_TEXT, MOST_UNPACKED
from digs.observations.readers import hdf5_structure


class Trap:
    """What runs a command when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, ("sprung",))


@pytest.fixture(autouse=True)
def no_trap_springs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield
    assert not (tmp_path / "sprung").exists()


def test_a_missing_file(refused):
    with refused("no such file", "absent.fits"):
        read("absent.fits")


def test_a_directory(refused, tmp_path):
    with refused("is a directory"):
        read(tmp_path)


def test_a_pipe_is_not_waited_for(refused):
    os.mkfifo("pipe")
    with refused("no plain file"):
        read("pipe")
    with refused("no plain file"):
        read("/dev/zero")


def test_links_lead_to_files_or_to_a_sentence(refused):
    MAKERS["galaxy.csv"](Path("galaxy.csv"))
    Path("link").symlink_to("galaxy.csv")
    assert read("link").pixels
    Path("loop").symlink_to("loop")
    with refused("loop cannot be read"):
        read("loop")
    Path("dangling").symlink_to("nowhere")
    with refused("no such file"):
        read("dangling")


@contextmanager
def rights_of_nobody():
    """Those of a user who is not root, since root may read everything."""
    if (user := os.geteuid()) == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_file_without_permission(refused):
    Path("secret.csv").touch(mode=0)
    with rights_of_nobody(), refused("permission denied"):
        read("secret.csv")


@pytest.mark.parametrize("path", [None, 7, "a\0b", "x" * 5000])
def test_what_is_no_path(refused, path):
    with refused():
        read(path)


def test_an_empty_file(refused):
    for name in ("a.fits", "a.csv", "a.h5"):
        Path(name).touch()
        with refused("is empty"):
            read(name)


def test_pickles_are_not_opened(refused):
    Path("galaxy.fits").write_bytes(pickle.dumps(Trap()))
    with refused("is a pickle"):
        read("galaxy.fits")
    np.save("array.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with refused("an array of numpy's"):
        read("array.npy")
    np.savez("arrays.npz", flux=np.array([Trap()], dtype=object))
    with refused("zip archive"):
        read("arrays.npz")
    Path("galaxy.csv.gz").write_bytes(gzip.compress(pickle.dumps(Trap())))
    with refused("is a pickle"):
        read("galaxy.csv.gz")


def test_yaml_makes_no_objects(refused):
    header = ["# %ECSV 1.0", "# ---", "# datatype:", "# - {name: wave, unit: Angstrom, datatype: float64}"]
    call = "# meta: !!python/object/apply:os.mkdir [sprung]"
    Path("galaxy.ecsv").write_text("\n".join([*header, call, "wave", "5000"]))
    with refused("galaxy.ecsv"):
        read("galaxy.ecsv")


def test_yaml_does_not_multiply(refused):
    bomb = ["# meta:", "#   a: &a [x, x, x, x, x, x, x, x, x]", *(
        f"#   {chr(97 + i)}: &{chr(97 + i)} [{', '.join([f'*{chr(96 + i)}'] * 9)}]" for i in range(1, 20)
    )]  # fmt: skip
    header = ["# %ECSV 1.0", "# ---", "# datatype:", "# - {name: wave, datatype: float64}"]
    Path("galaxy.ecsv").write_text("\n".join([*header, *bomb, "wave", "5000"]))
    with refused("aliases"):
        read("galaxy.ecsv")


def test_packed_bombs_stop(refused):
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb", compresslevel=1) as file:
        for _ in range(MOST_UNPACKED // 2**24 + 1):
            file.write(bytes(2**24))
    Path("bomb.fits.gz").write_bytes(bomb.getvalue())
    with refused("unpacks to more than 256 MiB"):
        read("bomb.fits.gz")


def test_tables_in_letters_have_a_limit(refused):
    with Path("long.csv").open("wb") as file:
        file.write(b"wave,flux\n")
        file.truncate(MOST_TEXT + 1)
    with refused("no FITS, HDF5, ECSV or CSV"):
        read("long.csv")
    with Path("long.csv").open("wb") as file:
        file.write(b"5000,1\n" * (MOST_TEXT // 7 + 1))
    with refused("up to 32 MiB"):
        read("long.csv")


@pytest.mark.parametrize(
    "shape, one, said",
    [
        ((10**12, 5), False, "keeps no numbers"),
        ((10**12, 5), True, "1000000000000 spectra"),
        ((50,), False, "keeps no numbers"),
        ((10**12,), True, "numbers a spectrum"),
        ((2, 10**10), True, "numbers a spectrum"),
    ],
)
def test_numbers_of_hdf5_that_take_no_space(refused, shape, one, said):
    """A few bytes can be a million million rows of which none, or one number, was written."""
    with h5py.File("galaxy.h5", "w") as file:
        for name in ("wavelength", "flux", "sigma"):
            dataset = file.create_dataset(name, shape, "f8", chunks=tuple(min(extent, 5) for extent in shape))
            if one:
                dataset[(0,) * len(shape)] = 1.0
    with refused("galaxy.h5", said):
        read("galaxy.h5", **OPTIONS)


def card(key: str, value: object) -> bytes:
    return f"{key:<8}= {value!s:>20}".ljust(80).encode()


def header(*cards: bytes) -> bytes:
    content = b"".join([card("SIMPLE", "T"), *cards, b"END".ljust(80)])
    return content.ljust(-(-len(content) // 2880) * 2880)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (header(card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", 10**12)), "cut short"),
        (header(card("BITPIX", 8), card("NAXIS", 2), card("NAXIS1", 10**12), card("NAXIS2", 10**12)), "cut short"),
        (header(card("BITPIX", 8), card("NAXIS", 10**9)), "NAXIS of part 0"),
        (header(card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", -5)), "NAXIS1 of part 0"),
        (header(card("BITPIX", 8), card("NAXIS", 1), card("NAXIS1", 10**30)), "NAXIS1 of part 0"),
        (header(card("BITPIX", 7), card("NAXIS", 0)), "BITPIX of part 0"),
        (header(card("BITPIX", 8)), "NAXIS of part 0 is missing"),
        (header(card("BITPIX", 8), card("NAXIS", 0)) + b"rest".ljust(2880), "no FITS from byte 2880"),
        (card("SIMPLE", "T") + b" " * 2880 * 1200, "header without an end"),
        (card("SIMPLE", "T"), "header without an end"),
        (header(card("BITPIX", 8), card("NAXIS", 0)), "no spectrum that is known"),
    ],
)
def test_fits_of_absurd_layout(refused, content, said):
    Path("galaxy.fits").write_bytes(content)
    with refused(said, "galaxy.fits"):
        read("galaxy.fits", **OPTIONS)


def test_layout_ends_where_the_file_does():
    """Of what astropy writes, with all kinds of padding."""
    for pixels in (0, 1, 360, 361, 5000):
        stream = io.BytesIO()
        fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros(pixels)), fits.ImageHDU()]).writeto(stream)
        assert check_layout("a.fits", stream, len(stream.getvalue())) == 3
        assert stream.tell() == 0


def made_with_card(name: str, keyword: str, value: object) -> None:
    """Make a file in which the last card of a keyword has another value."""
    MAKERS[name](Path(name))
    content = bytearray(Path(name).read_bytes())
    place = content.rindex(f"{keyword:8}=".encode())
    content[place + 10 : place + 80] = f"{value:>20}".ljust(70).encode()
    Path(name).write_bytes(content)


@pytest.mark.parametrize("fields", [1000, 2**63 - 1, -1])
def test_a_table_of_more_columns_than_fits_allows(refused, fields):
    made_with_card("table.fits", "TFIELDS", fields)
    with refused("TFIELDS of part 1"):
        read("table.fits", **OPTIONS)


def test_no_part_is_left_out(refused):
    """As astropy does with one whose header it cannot read: here the one of the noise."""
    made_with_card("muse.fits", "CHECKSUM", "inf")
    with refused("part 2 whose header makes no sense"):
        read("muse.fits", **OPTIONS)


@pytest.mark.parametrize("name", [name for name in MAKERS if ".fit" in name and not name.endswith("gz")])
def test_fits_that_are_cut_short(refused, name):
    MAKERS[name](Path(name))
    content = Path(name).read_bytes()
    for share in (0.2, 0.5, 0.8):
        Path(name).write_bytes(content[: int(share * len(content))])
        with refused(name):
            read(name, **OPTIONS)


def test_images_packed_in_large_tiles(refused):
    packed = fits.CompImageHDU(np.zeros((400, 60_000), "i2"), compression_type="GZIP_1", tile_shape=(400, 60_000))
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto("tiles.fits")
    with refused("large tiles"):
        read("tiles.fits", **OPTIONS)


def test_columns_of_variable_length(refused):
    lists = np.empty(1, object)
    lists[0] = FLUX
    flux = fits.Column("flux", "PD()", array=lists)
    wave = fits.Column("wavelength", f"{len(FLUX)}D", array=WAVELENGTH[None])
    fits.BinTableHDU.from_columns([wave, flux]).writeto("lists.fits")
    with refused("'flux'"):
        read("lists.fits", **OPTIONS)


def hdf5(**datasets) -> str:
    with h5py.File("galaxy.h5", "w") as file:
        for name, values in ({"wavelength": WAVELENGTH, "flux": FLUX} | datasets).items():
            if values is not None:
                file[name] = values
    return "galaxy.h5"


def test_hdf5_objects_are_not_opened(refused):
    lists = np.empty(3, h5py.vlen_dtype(np.uint8))
    lists[:] = [np.frombuffer(pickle.dumps(Trap()), np.uint8)] * 3
    for flux in (np.zeros(3, h5py.opaque_dtype(np.dtype("V100"))), lists, h5py.Empty("f8")):
        with refused("galaxy.h5"):
            read(hdf5(flux=flux), **OPTIONS)


def test_hdf5_stays_in_its_file(refused):
    with h5py.File("other.h5", "w") as other:
        other["flux"] = FLUX
    with refused("no dataset 'flux'"):
        read(hdf5(flux=h5py.ExternalLink("other.h5", "flux")), **OPTIONS)
    hdf5(flux=None)
    with h5py.File("galaxy.h5", "r+") as file:
        layout = h5py.VirtualLayout(shape=FLUX.shape, dtype="f8")
        layout[:] = h5py.VirtualSource("other.h5", "flux", shape=FLUX.shape)
        file.create_virtual_dataset("flux", layout)
    with refused("other files"):
        read("galaxy.h5", **OPTIONS)
    hdf5(flux=None)
    Path("raw").write_bytes(FLUX.tobytes())
    with h5py.File("galaxy.h5", "r+") as file:
        file.create_dataset("flux", shape=FLUX.shape, dtype="f8", external=[("raw", 0, h5py.h5f.UNLIMITED)])
    with refused("other files"):
        read("galaxy.h5", **OPTIONS)


def test_hdf5_of_absurd_size(refused):
    hdf5(flux=None)
    with h5py.File("galaxy.h5", "r+") as file:
        file.create_dataset("flux", shape=(10**12,), chunks=(1000,), dtype="f8", compression="gzip")
    with refused("more than 2000000 numbers"):
        read("galaxy.h5", **OPTIONS)
    hdf5(flux=None)
    with h5py.File("galaxy.h5", "r+") as file:
        file.create_dataset("flux", shape=(10**6, 100), chunks=(10**6, 100), dtype="f8", compression="gzip")
    with refused("chunks above"):
        read("galaxy.h5", **OPTIONS)


def test_hdf5_that_keeps_its_library_busy_is_given_up(refused, monkeypatch):
    """By a heap of texts, one of which is said to be so long that the library never comes to the end."""
    monkeypatch.setattr(hdf5_structure, "_SECONDS", 1)
    MAKERS["galaxies.h5"](Path("galaxies.h5"))
    content = bytearray(Path("galaxies.h5").read_bytes())
    size = content.index(b"GCOL") + 24
    assert content[size] == 8
    content[size] = 225
    Path("galaxies.h5").write_bytes(content)
    with refused("no sound HDF5"):
        read("galaxies.h5")

"""What could become a wrong number in silence is read for what it is, hidden, or refused."""

import h5py
import numpy as np
import pytest
from astropy import units
from astropy.io import fits
from made_files import FLUX, OPTIONS, PIXELS, SIGMA, UNIT, WAVELENGTH, make_files

from digs.base.errors import DigsError
from digs.observations import Spectrum, read
from digs.observations.printable import printable

WRITTEN = {"wavelength": WAVELENGTH, "flux": FLUX, "sigma": SIGMA}


def written(path, **arrays):
    with h5py.File(path, "w") as file:
        for name, values in (WRITTEN | arrays).items():
            file[name] = values
        file["wavelength"].attrs["unit"], file["flux"].attrs["unit"] = "Angstrom", UNIT
    return path


@pytest.mark.parametrize(
    "unit",
    ["mag(AB)", "dex(Jy)", "mag", "erg / (s cm2)", "Jy Hz", "ph / (s cm2 Angstrom)", "ph / (s cm2 Hz)"],
)
def test_what_is_neither_f_lambda_nor_f_nu(refused, unit):
    """Magnitudes, lambda F_lambda and photons, of which astropy converts the last two."""
    with refused("flux density", "F_lambda or F_nu"):
        Spectrum(WAVELENGTH, FLUX * units.Unit(unit), SIGMA * units.Unit(unit))


@pytest.mark.parametrize("unit", ["W / (m2 nm)", "mJy", "AB", "erg / (s cm2 Hz)"])
def test_flux_densities_of_either_kind(unit):
    level = 1e-17 * np.ones(PIXELS) * units.Unit("erg / (s cm2 Angstrom)")
    level = level.to(units.Unit(unit), units.spectral_density(WAVELENGTH * units.AA))
    np.testing.assert_allclose(Spectrum(WAVELENGTH, level, 0.1 * level).flux, 1e-17, rtol=1e-9)


def test_logarithms_are_no_wavelengths(refused):
    with refused("Angstrom, nm or micron"):
        Spectrum(np.log10(WAVELENGTH) * units.Unit("dex(Angstrom)"), FLUX * 1e-17, SIGMA * 1e-17)


def test_integers_of_netcdf_with_a_scale(tmp_path):
    whole = np.round((FLUX - 15) / 1e-3).astype("i4")
    whole[7] = -1
    path = written(tmp_path / "a.h5", flux=whole)
    with h5py.File(path, "r+") as file:
        file["flux"].attrs.update({"scale_factor": np.array([1e-3]), "add_offset": 15.0, "_FillValue": np.array([-1])})
    spectrum = read(path, **OPTIONS)
    assert np.flatnonzero(spectrum.mask).tolist() == [7]
    np.testing.assert_allclose(spectrum.flux[8:], FLUX[8:] * 1e-17, atol=6e-21)


def test_a_scale_that_is_no_number(tmp_path, refused):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file["flux"].attrs["scale_factor"] = "twice"
    with refused("scale_factor"):
        read(path, **OPTIONS)


def test_integers_of_fits_with_a_scale_and_one_that_stands_for_none(tmp_path):
    whole = np.round((FLUX - 15) / 1e-3).astype("i4")
    whole[7] = -1
    columns = [fits.Column("wavelength", "D", "Angstrom", array=WAVELENGTH), fits.Column("sigma", "D", array=SIGMA)]
    table = fits.BinTableHDU.from_columns([*columns, fits.Column("flux", "J", UNIT, array=whole)])
    table.header.update({"TSCAL3": 1e-3, "TZERO3": 15.0, "TNULL3": -1})
    table.writeto(tmp_path / "a.fits")
    spectrum = read(tmp_path / "a.fits", **OPTIONS)
    assert np.flatnonzero(spectrum.mask).tolist() == [7]
    np.testing.assert_allclose(spectrum.flux[8:], FLUX[8:] * 1e-17, atol=6e-21)


@pytest.mark.parametrize("chunks", [None, (40,)])
def test_what_was_never_written_to_hdf5_is_no_zero(tmp_path, refused, chunks):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["flux"]
        made = file.create_dataset("flux", shape=(PIXELS,), dtype="f8", chunks=chunks)
        made.attrs["unit"] = UNIT
        if chunks:
            made[:40] = FLUX[:40]
    if chunks is None:
        with refused("hidden"):
            read(path, **OPTIONS)
    else:
        assert np.flatnonzero(read(path, **OPTIONS).mask).tolist() == list(range(40, PIXELS))


def test_chunks_of_hdf5_that_gzip_and_others_pack(tmp_path, refused):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        del file["flux"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((PIXELS,))
        plan.set_deflate(1)
        plan.set_deflate(1)
        h5py.h5d.create(file.id, b"flux", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((PIXELS,)), plan)
    with refused("gzip and others upon it"):
        read(path, **OPTIONS)


def image(path, **noise):
    """An image of one axis with extensions of noise, each with its unit or None."""
    parts = [fits.PrimaryHDU(FLUX)]
    parts[0].header.update({"CRVAL1": 3.7, "CDELT1": 1e-4, "DC-FLAG": 1, "CUNIT1": "Angstrom", "BUNIT": UNIT})
    for name, (values, unit) in noise.items():
        parts.append(fits.ImageHDU(values, name=name))
        if unit is not None:
            parts[-1].header["BUNIT"] = unit
    fits.HDUList(parts).writeto(path)
    return path


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("ERR", SIGMA, None),
        ("ERR", 100 * SIGMA, "1e-19 erg/s/cm2/Angstrom"),
        ("STAT", 1e4 * SIGMA**2, "(10**(-19)*erg/s/cm**2/Angstrom)**2"),
        ("VAR", SIGMA**2, None),
        ("IVAR", 1e-4 * SIGMA**-2.0, "1e38 erg-2 s2 cm4 Angstrom2"),
    ],
)
def test_the_unit_of_an_image_of_noise_counts(tmp_path, name, values, unit):
    spectrum = read(image(tmp_path / "a.fits", **{name: (values, unit)}), **OPTIONS)
    np.testing.assert_allclose(spectrum.sigma, 1e-17 * SIGMA, rtol=1e-9)


@pytest.mark.parametrize(("name", "unit"), [("ERR", "erg"), ("VAR", UNIT), ("IVAR", "Jy2"), ("ERR", "parsnip")])
def test_a_unit_that_no_noise_has(tmp_path, refused, name, unit):
    with refused("a.fits", "has the unit"):
        read(image(tmp_path / "a.fits", **{name: (SIGMA, unit)}), **OPTIONS)


@pytest.mark.parametrize("names", [("VAR", "IVAR"), ("ERR", "VAR"), ("ERR", "NOISE")])
def test_images_with_the_noise_twice(tmp_path, refused, names):
    with refused("a.fits has the noise twice", *map(repr, names)):
        read(image(tmp_path / "a.fits", **dict.fromkeys(names, (SIGMA, None))), **OPTIONS)


def test_columns_of_one_name(tmp_path, refused):
    columns = [fits.Column(name, "D", array=values) for name, values in (WRITTEN | {"fluy": 2 * FLUX}).items()]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "a.fits")
    content = (tmp_path / "a.fits").read_bytes().replace(b"'fluy    '", b"'flux    '")  # which astropy does not write
    (tmp_path / "a.fits").write_bytes(content)
    with refused("2 columns called 'flux'"):
        read(tmp_path / "a.fits", **OPTIONS)


def test_a_truth_value_is_no_redshift(tmp_path, refused):
    path = written(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        file.attrs["redshift"] = True
    with refused("the redshift"):
        read(path, resolution=1500, medium="vacuum")


@pytest.mark.parametrize(
    "name, mark, other",
    [("galaxy.ecsv", ".", "_"), ("galaxy.ecsv", "e-1", "e-1_"), ("galaxy.csv", ".", ".0_"), ("galaxy.txt", ".", "_")],
)
def test_digits_with_underscores(tmp_path, refused, name, mark, other):
    *rows, last = make_files(tmp_path)[name].read_text().splitlines()
    assert mark in last
    (tmp_path / name).write_text("\n".join([*rows, last.replace(mark, other, 1)]))
    with refused("among"):
        read(tmp_path / name, **OPTIONS)


def test_an_underscore_in_a_fact(tmp_path, refused):
    text = make_files(tmp_path)["galaxy.csv"].read_text()
    (tmp_path / "a.csv").write_text(text.replace("redshift: 0.1", "redshift: 0_1"))
    with refused("the redshift"):
        read(tmp_path / "a.csv")


@pytest.mark.parametrize("text", ["a\x1b[2Jb", "a\u202eb", "a\ud800b", "x" * 10_000, "a\r\n\x00b"])
def test_names_and_notes_are_printable(tmp_path, text):
    flux = np.ones(PIXELS) * 1e-17
    spectrum = Spectrum(WAVELENGTH, flux, 0.1 * flux, name=text, notes=(text,))
    for each in (spectrum.name, *spectrum.notes):
        assert each.isprintable() and 0 < len(each) <= 400
    with pytest.raises(DigsError) as error:
        read(tmp_path / text.replace("\x00", "").replace("\ud800", "")[:200])
    assert str(error.value).isprintable()


def test_what_is_cut_keeps_both_ends():
    for most in (9, 10, 80):
        found = printable("begin " + "-" * 500 + " end.", most)
        assert len(found) == most and found.startswith("beg") and found.endswith("d.")

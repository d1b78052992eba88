"""What is asked for, what options do, and how files of many spectra are gone through."""

import numpy as np
import pytest
from made_files import FLUX, MAKERS, OPTIONS, PIXELS, SIGMA, WAVELENGTH

from digs.base.errors import DigsError
from digs.observations import Spectrum, SpectrumFile, read, read_all
from digs.observations.milky_way import brightening
from digs.physics.air import air_to_vacuum


@pytest.fixture
def made(tmp_path):
    """made(name): the file of a kind."""

    def make(name):
        MAKERS[name](tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def csv(tmp_path):
    """csv(header, columns): a table of these."""

    def make(header, *columns, comments=()):
        columns = columns or (WAVELENGTH, FLUX, SIGMA)
        rows = [",".join(str(value) for value in row) for row in zip(*columns, strict=True)]
        path = tmp_path / "galaxy.csv"
        path.write_text("\n".join([*comments, header, *rows]))
        return path

    return make


FULL = "wave (Angstrom),flux (1e-17 erg/s/cm2/A),err"


@pytest.mark.parametrize(
    ("header", "left_out", "said"),
    [
        ("wave,flux (uJy),err", None, "wavelength_unit"),
        ("wave (nm),flux,err", None, "flux_unit"),
        (FULL, "medium", "give medium"),
        (FULL, "redshift", "give redshift"),
        (FULL, "resolution", "give resolution, lambda / FWHM, or sigma_kms"),
        ("wave (parsnip),flux (uJy),err", None, "'parsnip'"),
        ("wave (Angstrom),flux (counts),err", None, "'counts'"),
        ("wave (Angstrom),flux (MJy/sr),err", None, "'MJy / sr'"),
        ("wave (GHz),flux (Jy),err", None, "'GHz'"),
        ("wave (micron),flux (uJy),err", None, "around 5.08e+07 Angstrom"),
        ("wave (Angstrom),flux (uJy),err (erg/s)", None, "galaxy.csv has the unit 'erg / s'"),
        (
            "wave (Angstrom),flux (uJy),variance (uJy)",
            None,
            "galaxy.csv has the unit 'uJy'; give it in the square",
        ),
        ("wave (Angstrom),flux (uJy),ivar (mag(AB))", None, "galaxy.csv has the unit 'mag(AB)'"),
        ("a,b,c", None, "known as the wavelength"),
        ("wave (nm),b,c", None, "known as the flux"),
        ("wave (nm),flux (uJy),f_nu (uJy)", None, "two columns for the flux"),
        ("flux (uJy),flux (uJy),err", None, "two columns of one name"),
        ("wave (nm),flux (uJy)", None, "a name above every column"),
    ],
)
def test_what_is_missing_or_ambiguous_is_asked_for(csv, refused, header, left_out, said):
    options = {name: value for name, value in OPTIONS.items() if name != left_out}
    with refused(said, "galaxy.csv"):
        read(csv(header), **options)


def test_all_that_is_missing_is_asked_for_at_once(csv, refused):
    with refused("wavelength_unit", "flux_unit", "medium", "redshift", "resolution"):
        read(csv("wave,flux,err"))


def test_options_answer(csv):
    asked = csv("lambda_of_mine,signal,err", WAVELENGTH / 10, FLUX, SIGMA)
    columns = {"wavelength": "lambda_of_mine", "flux": "signal"}
    found = read(asked, **OPTIONS, columns=columns, wavelength_unit="nm", flux_unit="1e-17 erg/s/cm2/A")
    np.testing.assert_allclose(found.wavelength, WAVELENGTH)
    np.testing.assert_allclose(found.flux, 1e-17 * FLUX)


def test_options_count_more_than_the_file(made):
    found = read(made("galaxy.ecsv"), redshift=0.3, medium="vacuum", sigma_kms=120)
    assert found.redshift == 0.3
    assert found.resolution is None
    assert (found.sigma_kms == 120).all()
    np.testing.assert_allclose(air_to_vacuum(found.wavelength), WAVELENGTH, rtol=1e-12)


def test_noise_is_estimated_and_said(csv):
    random = np.random.default_rng(2)
    wavelength = np.arange(5000.0, 6000)
    flux = 10 + 0.5 * random.standard_normal(1000)
    found = read(csv("wave (Angstrom),flux (1e-17 erg/s/cm2/A)", wavelength, flux), **OPTIONS)
    assert any("estimated from the scatter" in note for note in found.notes)
    assert np.median(found.sigma) == pytest.approx(0.5e-17, rel=0.1)


def test_dust_of_the_milky_way(made):
    path = made("galaxy.csv")
    red, blue = read(path), read(path, ebv=0.1)
    factor = brightening(red.wavelength, 0.1)
    np.testing.assert_allclose(blue.flux, red.flux * factor)
    np.testing.assert_allclose(blue.sigma, red.sigma * factor)
    assert any("not corrected" in note for note in red.notes)
    assert any("E(B-V) = 0.1, G23" in note for note in blue.notes)


@pytest.mark.parametrize("ebv", [None, 0.1])
def test_an_unknown_law_of_dust(made, refused, ebv):
    """It is refused even where nothing is corrected."""
    with refused("'F98'", "G23"):
        read(made("galaxy.csv"), ebv=ebv, dust_law="F98")


def test_a_unit_of_its_own_for_sigma(csv):
    """One that differs from the flux's counts; one that is the flux's goes where an option says."""
    jansky = csv("wave (Angstrom),flux (mJy),err (uJy)", WAVELENGTH, FLUX, 1000 * SIGMA)
    found = read(jansky, **OPTIONS)
    np.testing.assert_allclose(found.flux / found.sigma, FLUX / SIGMA, rtol=1e-6)
    found = read(jansky, **OPTIONS, flux_unit="uJy")
    np.testing.assert_allclose(found.flux / found.sigma, FLUX / SIGMA / 1000, rtol=1e-6)
    same = csv("wave (Angstrom),flux (mJy),err (mJy)")
    np.testing.assert_allclose(read(same, **OPTIONS, flux_unit="uJy").sigma, read(same, **OPTIONS).sigma / 1000)


def test_a_unit_for_sigma_alone(csv, refused):
    """An option that says the same is the flux's unit; of another nobody knows whether it is sigma's, too."""
    path = csv("wave (Angstrom),flux,err (erg/s/cm2/A)", WAVELENGTH, 1e-17 * FLUX, 1e-17 * SIGMA)
    with refused("give flux_unit"):
        read(path, **OPTIONS)
    with refused("for its noise and none for its flux", "write the unit of the flux into the file"):
        read(path, **OPTIONS, flux_unit="1e-17 erg/s/cm2/A")
    found = read(path, **OPTIONS, flux_unit="erg/s/cm2/A")
    np.testing.assert_allclose(found.sigma / found.flux, SIGMA / FLUX, rtol=1e-9)


def test_noise_that_is_there_twice(csv, refused):
    path = csv("wave (Angstrom),flux (uJy),err,ivar", WAVELENGTH, FLUX, SIGMA, 4 * SIGMA**-2.0)
    with refused("noise twice", "'err' and 'ivar'"):
        read(path, **OPTIONS)
    one, other = (read(path, **OPTIONS, columns=columns) for columns in ({"sigma": "err"}, {"ivar": "ivar"}))
    np.testing.assert_allclose(other.sigma, one.sigma / 2)


@pytest.mark.parametrize(
    ("name", "power", "unit"),
    [("err", 1, "nJy"), ("variance", 2, "nJy2"), ("variance", 2, "(nJy)^2"), ("ivar", -2, "nJy-2")],
)
def test_noise_in_a_unit_of_its_own(csv, name, power, unit):
    path = csv(f"wave (Angstrom),flux (uJy),{name} ({unit})", WAVELENGTH, FLUX, (1000 * SIGMA) ** float(power))
    found = read(path, **OPTIONS)
    np.testing.assert_allclose(found.sigma / found.flux, SIGMA / FLUX, rtol=1e-9)


def test_lines_are_hidden(made):
    found = read(made("galaxy.csv"), mask_lines="4600-4605, NaD")
    rest = found.wavelength / 1.1
    np.testing.assert_array_equal(found.mask, ((rest >= 4600) & (rest <= 4605)) | read(made("galaxy.csv")).mask)


def test_wavelengths_come_to_the_barycentre(made):
    path = made("galaxy.csv")
    moved = read(path, barycentric_kms=30).wavelength / read(path).wavelength
    np.testing.assert_allclose(moved, 1 + 30 / 299792.458)


def test_frames_that_are_not_the_barycentre(csv, refused):
    path = csv(FULL, comments=["# specsys: TOPOCENT"])
    assert any("barycentric_kms" in note for note in read(path, **OPTIONS).notes)
    with refused("rest frame"):
        read(csv(FULL, comments=["# specsys: SOURCE"]), **OPTIONS)


def test_a_file_that_contradicts_itself(csv, refused):
    path = csv(FULL, comments=["# redshift: 0.1", "# zspec: 0.2"])
    with refused("give redshift, as it has REDSHIFT 0.1 and ZSPEC 0.2"):
        read(path, medium="vacuum", resolution=1000)
    assert read(path, **OPTIONS).redshift == 0.1
    path = csv("wave_air (nm),flux (uJy),err", comments=["# medium: vacuum"])
    with refused("give medium, as it has air and vacuum"):
        read(path, redshift=0.1, resolution=1000, wavelength_unit="Angstrom")


def test_pixels_without_a_wavelength_at_the_ends_are_left_out(csv):
    wavelength = WAVELENGTH.copy()
    wavelength[-3:], wavelength[:2] = np.nan, 0.0
    found = read(csv(FULL, wavelength, FLUX, SIGMA), **OPTIONS)
    assert found.pixels == PIXELS - 5
    assert any("5 pixels at the ends" in note for note in found.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda wavelength: wavelength[::-1], "descend"),
        (lambda wavelength: np.repeat(wavelength[::2], 2), "repeat"),
        (lambda wavelength: np.where(np.arange(PIXELS) == 50, np.nan, wavelength), "nan"),
        (lambda wavelength: np.nan * wavelength, "no wavelength that is finite"),
    ],
)
def test_wavelengths_that_make_no_axis(csv, refused, change, said):
    with refused(said, "galaxy.csv"):
        read(csv(FULL, change(WAVELENGTH), FLUX, SIGMA), **OPTIONS)


def test_files_are_gone_through_one_by_one(made):
    with SpectrumFile(made("galaxies.h5")) as file:
        assert len(file) == 3
        assert file[-1].name == "row 2"
        assert [each.name for each in file] == ["row 0", "row 1", "row 2"]
        with pytest.raises(IndexError, match="there is no 3"):
            file[3]


def test_redshifts_may_be_a_list(made, refused):
    path = made("spPlate.fits")
    assert [each.redshift for each in read(path, redshift=[0.1, 0.2])] == [0.1, 0.2]
    for wrong in ([0.1], [0.1] * 3, [[0.1, 0.2]]):
        with refused("redshifts have the shape", "2 spectra"):
            read(path, redshift=wrong)
        with refused("redshifts have the shape"):
            read(path, redshift=wrong, index=0)


@pytest.mark.parametrize("name", ["resolution", "sigma_kms"])
@pytest.mark.parametrize("kind", ["galaxy.h5", "galaxies.h5"])
def test_a_line_spread_of_pixels_or_of_spectra_in_hdf5(made, refused, name, kind):
    import h5py

    path = made(kind)
    count = 3 if kind == "galaxies.h5" else 1
    along = np.linspace(1000, 1400, PIXELS)
    own = np.linspace(1100.0, 1200, count)
    for values, expected in (
        (along, [along] * count),
        (own, own[:, None] * np.ones(PIXELS)),
        (np.outer(own, along / 1000), np.outer(own, along / 1000)),
    ):
        if values.ndim == 2 and count == 1:
            continue
        with h5py.File(path, "r+") as file:
            for there in {name, "resolution"} & {*file, *file.attrs}:
                del (file if there in file else file.attrs)[there]
            file[name] = values
        found = read(path)
        for spectrum, each in zip(found if isinstance(found, list) else [found], expected, strict=True):
            np.testing.assert_allclose(getattr(spectrum, name), each)
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = np.ones(7)
    with refused(kind, f"'{name}'"):
        read(path)


def test_a_line_spread_of_as_many_spectra_as_pixels(tmp_path, refused):
    import h5py

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["wavelength"], file["resolution"] = WAVELENGTH, np.full(PIXELS, 1000.0)
        file["flux"] = file["sigma"] = np.ones((PIXELS, PIXELS))
    with refused("as many spectra as pixels", "'resolution'"):
        read(tmp_path / "a.h5", **OPTIONS)


def test_one_bad_spectrum_does_not_stop_the_others(made, refused):
    import h5py

    path = made("galaxies.h5")
    with h5py.File(path, "r+") as file:
        file["flux"][1] = np.nan
    found = list(read_all(path))
    assert [type(each) for each in found] == [Spectrum, DigsError, Spectrum]
    assert "galaxies.h5: Every pixel is hidden" in str(found[1])
    with refused("galaxies.h5: Every pixel is hidden", "index 1", "read_all"):
        read(path)
    assert read(path, index=2).name == "row 2"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"resolution": 1000, "sigma_kms": 100}, "Both"),
        ({"medium": "glass"}, "'glass'"),
        ({"ebv": -0.1}, "E(B-V) is -0.1"),
        ({"ebv": 50}, "E(B-V) is 50"),
        ({"ebv": 0.1, "dust_law": "mine"}, "'mine'"),
        ({"mask_lines": "Hzeta"}, "'Hzeta'"),
        ({"redshift": "high"}, "redshift is 'high'"),
        ({"flux_unit": "kg"}, "'kg'"),
        ({"wavelength_unit": "furlongs"}, "'furlongs'"),
        ({"columns": {"flux": "none"}}, "no column 'none'"),
        ({"columns": {"colour": "flux"}}, "'colour'"),
        ({"columns": "flux"}, "no dictionary"),
        ({"barycentric_kms": 3000}, "35 or less"),
        ({"index": 1}, "The index is 1"),
    ],
)
def test_options_that_make_no_sense(made, refused, options, said):
    with refused(said):
        read(made("galaxy.csv"), **options)

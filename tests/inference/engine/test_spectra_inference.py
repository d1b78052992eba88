"""digs.infer of spectra: lists, tables, trees, own priors, pictures, binned histories, and the command."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from made_galaxies import DISPERSION, made_spectrum
from scipy import stats

import digs
from digs.__main__ import main
from digs.base.errors import DigsError
from digs.exact.normal.nuisances import Nuisances
from digs.inference.engine import spectra_inference
from digs.inference.engine.binned_rates import bin_masses, binned_rates
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.infer_options import add_infer_parser  # noqa: F401  the command's door
from digs.inference.engine.model_space import ModelSpace, _space
from digs.inference.engine.model_spectra import model_spectra
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.population import infer_population
from digs.inference.results.drawing_process import drawing_process
from digs.inference.results.galaxy_draws import OUTSIDE, TOO_FAR

OPTIONS = {"draws": 400, "effective": 150, "dispersion": DISPERSION}


@pytest.fixture(scope="module")
def found():
    good = made_spectrum(1)
    too_far = digs.Spectrum(good.wavelength, good.flux, good.sigma, redshift=3.0, sigma_kms=150.0)
    return digs.infer([good, too_far, made_spectrum(2)], fibre_fraction=0.5, **OPTIONS)


def test_a_bad_spectrum_stops_nothing(found):
    assert found.draws.shape == (3, 400, 7)
    assert found.verdict[1] == OUTSIDE and "compared" in found.reason[1]
    assert np.isfinite(found.draws[[0, 2]]).all()
    alone = digs.infer(made_spectrum(2), **OPTIONS)
    assert np.array_equal(alone.draws[0], found.draws[2])
    assert found[2].statistics["chi_squared"] == alone.statistics["chi_squared"]


@pytest.mark.parametrize("redshift, most", [(0.06, 1.76e-4), (1.0, 3.33e-4)])
def test_an_error_of_the_redshift_beyond_the_first_order(refused, redshift, most):
    """The message says the largest, of 50 km/s, which is allowed itself."""
    flux = np.full(250, 1e-17)
    far = digs.Spectrum(np.linspace(4000, 6900, 250) * (1 + redshift), flux, flux, redshift=redshift, sigma_kms=150.0)
    with refused("error of the redshift", "50 km/s", f"give {most:g} or less"):
        digs.infer([far, far], nuisances=Nuisances(redshift=1.01 * most))
    EngineSettings(nuisances=Nuisances(redshift=most)).check_redshift(redshift)


@pytest.mark.parametrize("what", ["negative", "spike", "certain"])
def test_a_spectrum_that_cannot_be_computed_with(what, refused):
    """All flux below zero, a pixel that is a mistake, or no noise: one sentence, and for one among others a verdict."""
    good = made_spectrum(1)
    flux, sigma = good.flux.copy(), good.sigma.copy()
    if what == "negative":
        flux *= -1
    elif what == "spike":
        flux[10] = 1e30
    else:
        sigma *= 1e-10
    bad = digs.Spectrum(good.wavelength, flux, sigma, redshift=0.06, sigma_kms=150.0, name="odd")
    with refused("Of odd no posterior could be computed", "flux", "sigma", "units"):
        digs.infer(bad, **OPTIONS)
    among = one_posterior(bad, EngineSettings(dispersion=DISPERSION), 10, 1)
    assert among.verdict == OUTSIDE and among.reason.startswith("no posterior could be computed")


def test_a_failure_of_the_engine_is_one_sentence(monkeypatch, refused):
    def fail(*_):
        raise np.linalg.LinAlgError("the matrix is\nsingular.")

    monkeypatch.setattr(spectra_inference, "galaxy_posterior", fail)
    with refused("made 1", "LinAlgError: the matrix is singular", "look at its flux, its sigma and the units"):
        digs.infer(made_spectrum(1), **OPTIONS)
    both = digs.infer([made_spectrum(1), made_spectrum(2)], **OPTIONS)
    assert set(both.verdict) == {OUTSIDE}
    assert all(reason.startswith("no posterior could be computed (LinAlgError: ") for reason in both.reason)


def test_table_and_tree(found, tmp_path):
    table = found.table
    assert table["LOGMASS_P50"].unit == "dex" and table["GAS_LOGU_P50"].unit == "dex"
    assert np.allclose((table["LOGMASS_TOTAL_P50"] - table["LOGMASS_P50"]).value[[0, 2]], np.log10(2))
    assert "mass of all stars that formed" in table.meta["MASSES"]
    found.write_table(tmp_path / "table.ecsv")
    tree = found.to_datatree()
    assert tree["posterior"]["logmass"].shape == (1, 400, 3)
    assert tree["observed_data"]["flux"].shape == (3, 250)
    assert (found.derived["surviving_mass"][0] < 10 ** found.draws[0, :, 0]).all()


def test_own_prior(found):
    nearer = found[0].with_prior({"logzsol": stats.norm(-0.3, 0.5)})
    assert nearer.there.all() and nearer.names == found.names
    with pytest.raises(DigsError):
        found[0].with_prior({"logmass": stats.norm(7.0, 0.01)})
    with pytest.raises(DigsError, match="no parameter"):
        found[0].with_prior({"colour": stats.norm(0, 1)})
    with pytest.raises(DigsError, match="'logzsol' is no distribution"):
        found[0].with_prior({"logzsol": 3})
    mixed = found[[0, 2]].with_prior({"logmass": stats.norm(found.quantiles((0.5,))[0, 0, 0], 0.05)})
    assert set(mixed.verdict) <= {*found.verdict, TOO_FAR}


def test_a_second_own_prior_is_refused(found, refused):
    """It would be multiplied with the first, also where that hardly changed anything, or for some galaxies alone."""
    for prior in (stats.norm(-0.3, 0.5), stats.norm(-0.3, 1e4)):
        mine = found.with_prior({"logzsol": prior})
        assert np.isnan(mine.statistics["effective"][mine.there]).all()
        assert np.isnan(mine.table["EFFECTIVE_BEHIND"][mine.there]).all()
        for some in (mine, mine[2], mine[[0, 1]]):
            with refused("start from the first posteriors", "at once"):
                some.with_prior({"dust2": stats.norm(0.5, 0.5)})
    both = found.with_prior({"logzsol": stats.norm(-0.3, 0.5), "dust2": stats.norm(0.5, 0.5)})
    assert both.there.any()
    with refused("not those of digs.infer"):
        infer_population(both, ["logzsol"])


def test_each_draw_is_shown_with_its_own_nuisances(found):
    """Those of another galaxy leave residuals that the posterior does not have."""
    draws = found.draws[0, :60]
    pixels, model, nuisances = model_spectra(found.spectra[0], draws, found.settings)
    assert model.shape == nuisances.shape == (60, found.spectra[0].pixels)
    seen = np.isfinite(pixels.sigma)
    misfit = lambda shown: np.square(((pixels.flux - shown) / pixels.sigma)[:, seen]).sum(1).mean()
    assert misfit(model + nuisances) < misfit(model + nuisances[:1])


def test_what_galaxies_share_depends_on_no_number_of_threads():
    """Else a catalogue's last digits would depend on who asked first."""
    settings = EngineSettings(bank=300)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            _space.cache_clear()
            found.append(ModelSpace.of(settings, 0.1).templates.amounts)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert found[0].tobytes() == found[1].tobytes()


def test_a_range_of_no_column_is_refused():
    with pytest.raises(DigsError, match="no column 'dust' for a range"):
        digs.infer(made_spectrum(1), draws=10, ranges={"dust": (0, 2)})


def test_pictures(found, tmp_path):
    written = found.write_pictures(0, tmp_path, "made")
    assert [path.name for path in written] == ["made_fit.png", "made_corner.png", "made_history.png"]
    assert all(path.stat().st_size > 5000 for path in written)


def test_a_process_that_draws_makes_the_same_pictures(found, tmp_path):
    alone = found.write_pictures(0, tmp_path, "alone")
    with drawing_process() as executor:
        beside = found.write_pictures(0, tmp_path, "beside", executor)
    assert [path.read_bytes() for path in alone] == [path.read_bytes() for path in beside]


def test_a_corner_plot_that_cannot_be_written_is_no_silent_loss(found, tmp_path):
    (tmp_path / "made_corner.png").mkdir()
    with drawing_process() as executor, pytest.raises(IsADirectoryError):
        found.write_pictures(0, tmp_path, "made", executor)


def test_where_the_drawing_process_is_lost_pictures_are_drawn_here(found, tmp_path):
    with drawing_process() as executor:
        executor.submit(os._exit, 1)
        written = found.write_pictures(0, tmp_path, "lost", executor)
        again = found.write_pictures(0, tmp_path, "again", executor)  # which is known to be lost now
    assert all(path.stat().st_size > 5000 for path in (*written, *again))


def test_lists_of_other_things_are_refused():
    with pytest.raises(DigsError, match="spectra alone"):
        digs.infer([made_spectrum(), np.ones(10)])
    for wrong in ({"fibre_fraction": 1.5}, {"history": "bursts"}, {"dispersion": -1.0}, {"effective": 0}):
        with pytest.raises(DigsError):
            digs.infer(made_spectrum(), **wrong)


@pytest.mark.parametrize(
    "given",
    [
        "galaxy.fits",
        Path("galaxy.fits"),
        ["a.fits", "b.fits"],
        (each for each in "ab"),
        np.array([made_spectrum(), made_spectrum(1)], dtype=object),
        np.ones(1500),
        [np.ones(3), np.ones(4)],
    ],
    ids=["name", "path", "names", "generator", "objects", "pixels", "lengths"],
)
def test_what_is_no_spectrum_is_told_what_one_is(given, refused):
    with refused("digs.Spectrum"):
        digs.infer(given)


def test_errors_of_arrays_on_the_networks_pixels_are_as_they_were(refused):
    with refused("The number of draws is 0"):
        digs.infer(np.ones((1, 138)), draws=0)


@pytest.mark.parametrize("ids", [["x", "x"], [1, "1"]])
def test_ids_that_repeat_are_refused(ids, refused):
    with refused(f"'{ids[0]}'", "more than one"):
        digs.infer([made_spectrum(), made_spectrum(1)], ids=ids)


def test_masses_of_bins():
    edges, names = np.array([0.0, 1.0, 3.0, 7.0]), ["logmass", "logsfr_ratio_1", "logsfr_ratio_2"]
    mass = bin_masses(np.array([[10.0, 0.0, 0.0], [10.0, 1.0, 0.0]]), names, edges)
    assert np.allclose(mass.sum(1), 1e10)
    assert np.allclose(mass[0], 1e10 * np.array([1, 2, 4]) / 7)
    assert np.allclose(mass[1] / mass[1, 1], [5, 1, 2])
    rates = binned_rates(np.array([[10.0, 0.0, 0.0]]), names, edges, np.array([0.5, 2.0, 6.9]))
    assert np.allclose(rates, 1e10 / 7e9)


def test_a_binned_history(tmp_path):
    found = digs.infer(made_spectrum(1), history="binned", **OPTIONS | {"draws": 100, "effective": 20})
    assert found.names == (
        *("logmass", "logzsol", "dust2"),
        *(f"logsfr_ratio_{number}" for number in range(1, 7)),
        *("gas_logz", "gas_logu"),
    )
    assert abs(found.quantiles((0.5,))[0, 0, 0] - 10.5) < 0.4  # of the same light, another history's mass
    table = found.table
    assert table["T50_P50"].unit == "Gyr" and 0 < table["T90_P50"][0] < table["T50_P50"][0]
    assert (found.derived["surviving_mass"] < 10 ** found.draws[..., 0]).all()
    assert all(path.stat().st_size > 5000 for path in found.write_pictures(0, tmp_path, "binned"))
    assert found.to_datatree()["posterior"]["logsfr_ratio_6"].shape == (1, 100, 1)


def write_csv(path, spectrum):
    rows = np.column_stack([spectrum.wavelength, spectrum.flux, spectrum.sigma])
    np.savetxt(path, rows, delimiter=",", header="wave (Angstrom),flux (erg/s/cm2/Angstrom),err", comments="")


def command(monkeypatch, capsys, *words):
    """Exit status, output and errors of the command."""
    monkeypatch.setattr("sys.argv", ["digs", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    streams = capsys.readouterr()
    code = ended.value.code
    return code, streams.out, streams.err + (code if isinstance(code, str) else "")


def test_the_command(tmp_path, monkeypatch, capsys):
    write_csv(tmp_path / "galaxy.csv", made_spectrum(1))
    facts = ["--redshift", 0.06, "--sigma-kms", 150, "--medium", "vacuum", "--dispersion", DISPERSION]
    given = [tmp_path / "galaxy.csv", *facts, "--draws", 100, "--effective", 30, "--out", tmp_path / "out"]
    code, out, _ = command(monkeypatch, capsys, "infer", *given, "--no-pictures")
    assert code == 0 and "posteriors.ecsv" in out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"posteriors.ecsv", "posteriors.nc"}


@pytest.mark.parametrize(
    "words, said",
    [
        (["missing.csv"], "missing.csv"),
        (["galaxy.csv"], "redshift"),
        (["galaxy.csv", "--redshift", "0.06", "--medium", "vacuum", "--sigma-kms", "150", "--prior", "x"], "not clear"),
        (["galaxy.csv", "--workers", "2"], "catalogue"),
    ],
)
def test_mistakes_end_in_one_sentence(words, said, tmp_path, monkeypatch, capsys):
    write_csv(tmp_path / "galaxy.csv", made_spectrum(1))
    monkeypatch.chdir(tmp_path)
    code, _, errors = command(monkeypatch, capsys, "infer", *words)
    assert code not in (0, None) and said in errors
    assert not (tmp_path / "posteriors").exists()

"""The command `digs infer`: names, folders, files and options that are hostile."""

import errno
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.table import QTable
from conftest import PATIENCE
from made_galaxies import made_spectrum
from test_catalogue_run import RUN

from digs.__main__ import parser
from digs.base.errors import DigsError
from digs.inference.engine import infer_command
from digs.inference.engine.spectra_inference import distinct
from digs.inference.results.galaxy_draws import TOO_FAR

NAMES = ("../../out", "a/b", "a_b", "A_b", "x" * 5000, "é" * 300, "\x1b[2J", "", "-rf", "spectrum", "spectrum 9")


def run_command(*arguments: str) -> int:
    """Run the command with an engine that is quick."""
    options = vars(parser().parse_args(["infer", *arguments]))
    run, _ = options.pop("run"), options.pop("command")
    before = infer_command.EngineSettings
    infer_command.EngineSettings = lambda **_: RUN["settings"]
    try:
        return run(**options)
    finally:
        infer_command.EngineSettings = before


def few_spectra(path: Path, names: tuple[str, ...]) -> Path:
    """Write spectra of these names."""
    spectrum = made_spectrum(0)
    with h5py.File(path, "w") as file:
        file.attrs.update({"medium": "vacuum", "sigma_kms": 150.0, "redshift": spectrum.redshift})
        file["wavelength"] = spectrum.wavelength
        file["flux"], file["sigma"] = (np.tile(values, (len(names), 1)) for values in (spectrum.flux, spectrum.sigma))
        file["name"] = list(names)
        for name, unit in (("wavelength", "Angstrom"), ("flux", "erg/s/cm2/Angstrom")):
            file[name].attrs["unit"] = unit
    return path


def test_names_make_distinct_files_in_the_folder(tmp_path, monkeypatch, capfd):
    path = few_spectra(tmp_path / "few.h5", NAMES)
    monkeypatch.setattr(
        infer_command.SpectrumPosteriors,
        "write_pictures",
        lambda self, row, folder, stem, executor: (folder / f"{stem}_corner.png").touch(exist_ok=False),
    )
    assert run_command(str(path), "--draws", "20", "--out", str(tmp_path / "out")) == 0
    assert {each.name for each in tmp_path.iterdir()} == {"few.h5", "out"}
    pictures = [each.name for each in (tmp_path / "out").glob("*.png")]
    assert len({name.lower() for name in pictures}) == len(NAMES)
    assert all(each.is_file() for each in (tmp_path / "out").iterdir())
    assert "\x1b" not in capfd.readouterr().out


@pytest.mark.parametrize("names", [("a", "a", "a 1", "A"), ("b", "b 1", "b", "b"), ("a", "b")])
def test_names_are_distinct(names):
    found = [name.lower() for name in distinct(names)]
    assert len(set(found)) == len(names)
    assert found[-1].startswith(names[-1].lower())


@pytest.mark.parametrize("arguments", [(), ("--out", "there/found.zarr")])
def test_folders_that_cannot_be_written(tmp_path, monkeypatch, refused, arguments):
    path = few_spectra(tmp_path / "few.h5", ("a",))
    monkeypatch.chdir(tmp_path)
    Path("there").write_text("a file")
    with refused("Nothing can be written to there"):
        run_command(str(path), *(arguments or ("--out", "there")))
    with refused("Nothing can be written"):
        run_command(str(path), "--out", "/proc/none")
    with refused("Nothing can be written"):
        run_command(str(path), "--out", "x" * 300)
    if arguments:
        Path("file.zarr").write_text("a file")
        with refused("file.zarr"):
            run_command(str(path), "--out", "file.zarr")


@pytest.mark.parametrize(
    "error, said", [(OSError(errno.ENOSPC, ""), "no space left on device"), (OSError("connection lost"), "lost")]
)
def test_what_fails_while_results_are_written(tmp_path, monkeypatch, refused, error, said):
    def fail(*_):
        raise error

    monkeypatch.setattr(infer_command, "write_table", fail)
    with refused("out", "could not be finished", said):
        run_command(str(few_spectra(tmp_path / "few.h5", ("a",))), "--no-pictures", "--out", str(tmp_path / "out"))


@pytest.mark.parametrize(
    "arguments", [("--draws", "0"), ("--seed", "-1"), ("--redshift", "nan"), ("--redshift", "-5"), ("--ebv", "inf")]
)
def test_numbers_that_are_none(tmp_path, arguments):
    path = few_spectra(tmp_path / "few.h5", ("a",))
    with pytest.raises(DigsError):
        run_command(str(path), "--out", str(tmp_path / "out"), *arguments)
    assert not (tmp_path / "out" / "posteriors.ecsv").exists()


def test_galaxies_that_are_too_far_from_a_prior_stop_no_other(tmp_path, refused):
    """One spectrum alone that is too far is an error."""
    first, other = made_spectrum(1), made_spectrum(2)
    path = few_spectra(tmp_path / "few.h5", ("near", "far"))
    with h5py.File(path, "r+") as file:
        file["flux"][:] = np.stack([first.flux, 100 * other.flux])
        file["sigma"][:] = np.stack([first.sigma, 100 * other.sigma])
    prior = ("--no-pictures", "--prior", "logmass=uniform(9,11.5)", "--draws", "1000")
    assert run_command(str(path), *prior, "--out", str(tmp_path / "out")) == 0
    table = QTable.read(tmp_path / "out" / "posteriors.ecsv")
    assert table["VERDICT"][1] == TOO_FAR != table["VERDICT"][0]
    assert np.isfinite(table["LOGMASS_P50"].value).tolist() == [True, False]
    with h5py.File(path, "r+") as file:
        for name in ("flux", "sigma", "name"):
            only = file[name][1:]
            unit = dict(file[name].attrs)
            del file[name]
            file[name] = only
            file[name].attrs.update(unit)
    with refused("infer anew"):
        run_command(str(path), *prior, "--out", str(tmp_path / "alone"))


@pytest.mark.parametrize(
    "priors, said",
    [
        (("logzsun=normal(0,1)",), "no parameter 'logzsun'"),
        (("logzsol=normal(0,1)", "logzsol=uniform(-1,0)"), "'logzsol' is given twice"),
    ],
)
def test_wrong_priors_are_refused_before_any_fit(priors, said, tmp_path, monkeypatch, refused):
    monkeypatch.delattr(infer_command, "one_posterior")
    words = [word for prior in priors for word in ("--prior", prior)]
    with refused(said):
        run_command(str(few_spectra(tmp_path / "few.h5", ("a",))), "--out", str(tmp_path / "out"), *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("option", [("--prior", "logzsol=normal(0,1)"), ("--fibre-fraction", "0"), ("--no-pictures",)])
def test_options_that_catalogues_do_not_take(option, tmp_path, refused):
    path, out = few_spectra(tmp_path / "few.h5", ("a", "b")), tmp_path / "found.zarr"
    with refused(option[0], "single spectra"):
        run_command(str(path), *option, "--out", str(out))
    assert not out.exists()


def test_what_was_assumed_of_a_spectrum_is_printed(tmp_path, capfd):
    path = few_spectra(tmp_path / "few.h5", ("a",))
    with h5py.File(path, "r+") as file:
        file["mask"] = (np.arange(file["flux"].shape[1]) < 20)[None]
    run_command(str(path), "--draws", "20", "--no-pictures", "--out", str(tmp_path / "out"))
    said = capfd.readouterr().out.splitlines()
    notes = QTable.read(tmp_path / "out" / "posteriors.ecsv").meta["NOTES"]["a"]
    assert said[0].startswith("a: ") and said[1 : 1 + len(notes)] == [f"    {note}" for note in notes]
    assert any("mask hides 20 of" in line for line in said)


INTERRUPTED_WHILE_IMPORTED = """
import runpy, sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "digs.inference.engine.infer_options":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
runpy.run_module("digs", run_name="__main__")
"""


def test_an_interrupt_while_modules_are_imported_is_quiet():
    command = [sys.executable, "-c", INTERRUPTED_WHILE_IMPORTED]
    found = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (found.returncode, found.stdout, found.stderr) == (infer_command.INTERRUPTED, "", "")


def test_a_spectrum_without_a_name_is_called_by_its_file(tmp_path, refused):
    good = made_spectrum(1)
    rows = np.column_stack([good.wavelength, -good.flux, good.sigma])
    header = "wave (Angstrom),flux (erg/s/cm2/Angstrom),err"
    np.savetxt(tmp_path / "upside_down.csv", rows, delimiter=",", header=header, comments="")
    facts = ("--redshift", "0.06", "--sigma-kms", "150", "--medium", "vacuum")
    with refused("Of upside_down no posterior could be computed"):
        run_command(str(tmp_path / "upside_down.csv"), *facts, "--out", str(tmp_path / "out"))


@pytest.mark.parametrize("name", ["absent.fits", "a\x1b[2J\n.fits", "x" * 3000])
def test_files_that_are_none(tmp_path, name):
    with pytest.raises(DigsError) as error:
        run_command(str(tmp_path / name), "--out", str(tmp_path / "out"))
    assert str(error.value).isprintable() and len(str(error.value)) < 400
    assert not (tmp_path / "out").exists()

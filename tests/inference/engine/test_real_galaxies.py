"""Real spectra that packages bring, from the command line to tables: SDSS and LEGA-C by ppxf, DESI by specutils."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from astropy.table import QTable

from digs.__main__ import main
from digs.inference.results.galaxy_draws import OUTSIDE


def folder(package: str, place: str) -> Path:
    return Path(find_spec(package).origin).parent / place


def table_of(monkeypatch, out: Path, *words: object) -> QTable:
    """Return the table that the command writes."""
    options = ("--no-pictures", "--draws", 300, "--effective", 100, "--out", out)
    monkeypatch.setattr("sys.argv", ["digs", "infer", *map(str, (*words, *options))])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    return QTable.read(out / "posteriors.ecsv")


def test_sdss(monkeypatch, tmp_path):
    """NGC 3522, whose fibre sees a part of its centre: old stars, as its type says."""
    table = table_of(monkeypatch, tmp_path, folder("ppxf", "spectra") / "NGC3522_SDSS_DR18.fits")
    assert table["VERDICT"][0] != OUTSIDE
    assert 8.0 < table["LOGMASS_P50"][0].value < 10.0
    assert table["T50_P50"][0].value > 3
    assert np.abs(table["LOGDISPERSION_P50"][0].value - 2.0) < 0.25
    assert "fibre" in table.meta["MASSES"]


def test_lega_c(monkeypatch, tmp_path):
    path = folder("ppxf", "spectra") / "legac_M19_56670_v3.0.fits"
    table = table_of(monkeypatch, tmp_path, path, "--redshift", 0.6686)
    assert table["REDSHIFT"][0] == 0.6686
    assert np.isfinite(table["CHI_SQUARED"][0])


def test_desi(monkeypatch, tmp_path, capsys):
    """Of the five rows some were blanked out to make the file small: they are said to be left out."""
    path = folder("specutils", "io/default_loaders/tests/desi_test_data") / "coadd-sv3-dark-26065.fits"
    table = table_of(monkeypatch, tmp_path, path, "--redshift", 0.5)
    assert len(table) == 2
    assert capsys.readouterr().err.count("left out") == 3

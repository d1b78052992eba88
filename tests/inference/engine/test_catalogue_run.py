"""Catalogues: flat arrays that are the same after a kill, bad rows that say why, rows made again by the audit."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from made_galaxies import QUICK, SIGMA_KMS, WAVELENGTH, made_spectrum

from digs.base.errors import DigsError
from digs.inference.results.galaxy_draws import KINDS, OUTSIDE

zarr = pytest.importorskip("zarr", reason="catalogues in Zarr need the package zarr")

from digs.inference.catalogue.catalogue_file import open_catalogue  # noqa: E402
from digs.inference.catalogue.catalogue_run import CatalogueRun, run_catalogue  # noqa: E402
from digs.inference.catalogue.result_store import BLOCK, ResultStore  # noqa: E402
from digs.inference.catalogue.row_audit import audit_row  # noqa: E402

GALAXIES, BAD = BLOCK + 2, 3
SETTINGS = replace(QUICK, effective=20, calls=1000)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("catalogue") / "made.zarr"
    spectra = [made_spectrum(number) for number in range(GALAXIES)]
    flux = np.array([each.flux for each in spectra])
    flux[BAD] = np.nan
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    group.attrs.update(medium="vacuum", sigma_kms=SIGMA_KMS)
    arrays = {"flux": flux, "sigma": np.array([each.sigma for each in spectra]), "wavelength": WAVELENGTH}
    for name, values in arrays.items():
        unit = "Angstrom" if name == "wavelength" else "erg/s/cm2/Angstrom"
        group.create_array(name, data=values).attrs["unit"] = unit
    group.create_array("redshift", data=np.full(GALAXIES, 0.06))
    group.create_array("name", data=np.array([f"galaxy {number}" for number in range(GALAXIES)]))
    return path


@pytest.fixture(scope="module")
def run(source):
    return CatalogueRun(source, SETTINGS, draws=40, seed=1)


@pytest.fixture(scope="module")
def store(run, tmp_path_factory):
    return run_catalogue(run, tmp_path_factory.mktemp("out") / "found.zarr")


def arrays(store):
    return {name: np.asarray(array[:]) for name, array in store.group.arrays()}


def same(one, other):
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert values.tobytes() == other[name].tobytes(), name


def test_all_galaxies_have_a_row(store):
    found = arrays(store)
    assert found["draws"].shape == (GALAXIES, 40, 7)
    assert KINDS[found["verdict"][BAD]] == OUTSIDE and "pixel" in str(found["reason"][BAD])
    good = np.delete(np.arange(GALAXIES), BAD)
    assert np.isfinite(found["draws"][good]).all()
    assert str(found["name"][5]) == "galaxy 5"


def test_a_catalogue_is_read_as_its_spectra_are(source):
    with open_catalogue(source) as catalogue:
        assert len(catalogue) == GALAXIES
        assert catalogue[5].digest == made_spectrum(5).digest
        with pytest.raises(DigsError):
            catalogue[BAD]


def test_rows_are_made_again(store):
    checks = audit_row(store.path, "galaxy 5")
    assert all(good for good, _ in checks)
    assert any("same to the bit" in words for _, words in checks)
    assert all(good for good, _ in audit_row(store.path, str(BAD)))
    store.group["draws"][6, 0, 0] = 1.0
    assert not all(good for good, _ in audit_row(store.path, "galaxy 6"))
    with pytest.raises(DigsError, match="no galaxy"):
        audit_row(store.path, "galaxy 99")


CHILD = """
import sys
from pathlib import Path
from digs.inference.catalogue.catalogue_run import run_catalogue
from test_catalogue_run import CatalogueRun, SETTINGS
run_catalogue(CatalogueRun(Path(sys.argv[1]), SETTINGS, draws=40, seed=1), Path(sys.argv[2]))
"""


def test_a_kill_changes_nothing(run, store, source, tmp_path):
    out = tmp_path / "killed.zarr"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(source), str(out)], env=environment)
    patience = time.monotonic() + 600
    while child.poll() is None and time.monotonic() < patience:
        if out.exists() and 0 in ResultStore(out).done:
            break
        time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    again = run_catalogue(run, out)
    assert not again.waiting
    clean = run_catalogue(run, tmp_path / "clean.zarr")
    same(arrays(again), arrays(clean))


def test_another_run_is_not_taken_up(run, store):
    with pytest.raises(DigsError, match="another seed"):
        run_catalogue(replace(run, seed=2), store.path)
    with pytest.raises(DigsError):
        ResultStore(store.path.parent / "nothing.zarr")

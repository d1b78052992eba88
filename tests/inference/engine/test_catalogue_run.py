"""Catalogues: the same arrays after kills and by any workers, bad rows that say why, rows made again by the audit."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from conftest import child_process
from distributed import LocalCluster
from made_galaxies import QUICK, made_catalogue, made_spectrum

from digs.base.errors import DigsError
from digs.inference.catalogue.catalogue_file import open_catalogue, state_of_source
from digs.inference.catalogue.catalogue_run import CatalogueRun, _rows, run_catalogue
from digs.inference.catalogue.result_store import BLOCK, ResultStore
from digs.inference.catalogue.row_audit import audit_row
from digs.inference.engine.infer_command import INTERRUPTED
from digs.inference.results.galaxy_draws import KINDS, OUTSIDE

GALAXIES, BAD = 2 * BLOCK + 2, 3
RUN = {"settings": replace(QUICK, effective=20, calls=1000), "draws": 40, "seed": 1}
CHILD = """
import sys
from pathlib import Path
from test_catalogue_run import RUN, CatalogueRun, run_catalogue
print("begun", flush=True)
run_catalogue(CatalogueRun(Path(sys.argv[1]), **RUN), Path(sys.argv[2]))
"""
COMMAND = """
import signal, sys
from test_infer_command import run_command
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background takes away
sys.exit(run_command(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    return made_catalogue(tmp_path_factory.mktemp("catalogue") / "made.zarr", GALAXIES, BAD)


@pytest.fixture(scope="module")
def run(source) -> CatalogueRun:
    return CatalogueRun(source, **RUN)


@pytest.fixture(scope="module")
def store(run, tmp_path_factory) -> ResultStore:
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
    assert str(found["name"][5]) == "galaxy 5" and str(found["name"][BAD]) == f"galaxy {BAD}"


@pytest.mark.parametrize("kind", ["zarr", "h5", "fits"])
def test_a_catalogue_is_read_as_its_spectra_are(kind, tmp_path):
    with open_catalogue(made_catalogue(tmp_path / f"few.{kind}", 4, bad=BAD)) as catalogue:
        assert len(catalogue) == 4
        assert catalogue[2].digest == made_spectrum(2).digest and catalogue[2].name == "galaxy 2"
        with pytest.raises(DigsError):
            catalogue[BAD]
        assert catalogue.name_of(BAD) == f"galaxy {BAD}"


@pytest.mark.parametrize("kind", ["h5", "fits"])
def test_the_kind_of_file_changes_no_number(kind, store, run, tmp_path):
    few = run_catalogue(replace(run, source=made_catalogue(tmp_path / f"few.{kind}", 2)), tmp_path / "few.zarr")
    found, whole = arrays(few), arrays(store)
    for name in found.keys() - {"done"}:
        assert found[name].tobytes() == whole[name][:2].tobytes(), name


def test_workers_change_nothing(run, store, tmp_path):
    two = run_catalogue(run, tmp_path / "two.zarr", workers=2)
    same(arrays(two), arrays(store))


def test_a_lost_worker_ends_in_one_sentence():
    with ProcessPoolExecutor(1) as pool, pytest.raises(DigsError, match="worker was lost"):
        _rows(pool.submit(os._exit, 1))


def test_a_cluster_changes_nothing(run, store, tmp_path):
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster:
        found = run_catalogue(run, tmp_path / "cluster.zarr", scheduler=cluster.scheduler_address)
    same(arrays(found), arrays(store))
    with pytest.raises(DigsError, match="no Dask scheduler"):
        run_catalogue(run, tmp_path / "other.zarr", scheduler="nonsense")


def test_three_kills_change_nothing(run, store, source, tmp_path):
    out = tmp_path / "killed.zarr"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    for seconds in np.random.default_rng(1).uniform(0.1, 6.0, 3):
        command = [sys.executable, "-c", CHILD, source, out]
        with child_process(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout.readline() == "begun\n"
            time.sleep(seconds)
    again = run_catalogue(run, out)
    assert not again.waiting
    same(arrays(again), arrays(store))


def test_an_interrupt_loses_nothing(run, store, source, tmp_path):
    """Ctrl-C after the first block: one sentence, the usual exit status, and a rerun that ends as if nothing was."""
    out = tmp_path / "found.zarr"
    command = [sys.executable, "-c", COMMAND, source, "--out", out, "--draws", str(run.draws)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with child_process(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        while not (out / "done" / "0").exists() and child.poll() is None:
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate()
    assert child.returncode == INTERRUPTED
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1] == f"digs: interrupted; the same command goes on where {out} ends."
    assert 0 in ResultStore(out).done and ResultStore(out).waiting
    same(arrays(run_catalogue(run, out)), arrays(store))


def test_rows_are_made_again(store, tmp_path):
    checks = audit_row(store.path, "galaxy 5")
    assert all(good for good, _ in checks)
    assert any("same to the bit" in words for _, words in checks)
    assert all(good for good, _ in audit_row(store.path, f"galaxy {BAD}"))
    with pytest.raises(DigsError, match="no galaxy"):
        audit_row(store.path, "galaxy 99")
    other = ResultStore(Path(shutil.copytree(store.path, tmp_path / "other.zarr")))
    other.group["draws"][6, 0, 0] = 1.0
    assert not all(good for good, _ in audit_row(other.path, "galaxy 6"))


def test_the_audit_agrees_with_a_catalogue_that_was_given_by_another_path(run, tmp_path, monkeypatch):
    """A bad row's reason begins with the file as it was given, the audit's with the whole path."""
    monkeypatch.chdir(tmp_path)
    source = made_catalogue(Path("few.h5"), 2, bad=1)
    few = run_catalogue(replace(run, source=source), tmp_path / "few.zarr")
    assert str(few.group["reason"][1]).startswith("few.h5")
    assert [good for good, _ in audit_row(few.path, "1")][-1]
    few.group["reason"][1] = "few.h5: another reason."
    assert not [good for good, _ in audit_row(few.path, "1")][-1]


def begun(store, path) -> ResultStore:
    """A copy of the store as it is after the first block."""
    other = ResultStore(Path(shutil.copytree(store.path, path)))
    other.group["done"][1:] = 0
    return other


def test_a_catalogue_that_was_only_touched_is_taken_up(run, store, source, tmp_path):
    copied = Path(shutil.copytree(source, tmp_path / "copied.zarr"))
    moved = replace(run, source=copied)
    found = begun(store, tmp_path / "found.zarr")
    found.group.attrs["made_with"] = moved.made_with()
    os.utime(copied / "redshift" / "0")
    assert found.source != state_of_source(copied)
    again = run_catalogue(moved, found.path)
    same(arrays(again), arrays(store))
    assert again.source == state_of_source(copied)


@pytest.mark.parametrize("row", [2, BAD])
@pytest.mark.parametrize("known", [True, False])
def test_a_catalogue_that_has_changed_is_not_mixed_in(row, known, run, store, source, tmp_path, refused):
    """Nor where a store is older than what it knows of its catalogue, or a bad spectrum has become a good one."""
    changed = Path(shutil.copytree(source, tmp_path / "changed.zarr"))
    zarr.open_group(str(changed), mode="r+")["flux"][row] = made_spectrum(99).flux
    moved = replace(run, source=changed)
    found = begun(store, tmp_path / "found.zarr")
    found.group.attrs["made_with"] = moved.made_with()
    if not known:
        found.group.attrs.put({key: value for key, value in found.group.attrs.items() if key != "source_state"})
    before = arrays(found)
    with refused(f"(row {row})", "found.zarr", "has changed"):
        run_catalogue(moved, found.path)
    same(arrays(ResultStore(found.path)), before)


@pytest.mark.parametrize("galaxies", [GALAXIES - 3, GALAXIES + 20])
def test_a_catalogue_of_another_length_is_not_taken_up(galaxies, run, store, tmp_path, refused):
    other = replace(run, source=made_catalogue(tmp_path / "other.zarr", galaxies, BAD))
    found = begun(store, tmp_path / "found.zarr")
    found.group.attrs["made_with"] = other.made_with()
    with refused("found.zarr", f"{GALAXIES} galaxies", f"{galaxies} now"):
        run_catalogue(other, found.path)


def test_another_run_is_not_taken_up(run, store):
    with pytest.raises(DigsError, match="not made with the same seed"):
        run_catalogue(replace(run, seed=2), store.path)
    with pytest.raises(DigsError):
        ResultStore(store.path.parent / "nothing.zarr")

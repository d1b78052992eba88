"""Work on a Dask cluster: the same numbers as here, and one sentence where that cannot be."""

import gc
import os
from collections.abc import Iterator

import pytest
import torch
from distributed import Client, LocalCluster

from digs.base import dask_cluster
from digs.base.dask_cluster import on_cluster
from digs.base.errors import DigsError


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None, memory_limit=0) as cluster:
        yield cluster.scheduler_address


def where(number: int) -> tuple[int, int, int]:
    return number, torch.get_num_threads(), os.getpid()


def fails(number: int) -> int:
    if number == 1:
        raise DigsError("Galaxy 1 is bad; leave it out.")
    return number


def nothing() -> None:
    raise DigsError("SPS_HOME is not set; set it.")


def test_results_come_in_order_from_other_processes(address):
    found = list(on_cluster(address, where, [(number,) for number in range(6)]))
    assert [number for number, _, _ in found] == list(range(6))
    assert {threads for _, threads, _ in found} == {torch.get_num_threads()}
    assert os.getpid() not in {process for _, _, process in found}


def test_an_error_of_the_work_is_that_of_the_caller(address):
    found = on_cluster(address, fails, [(0,), (1,), (2,)])
    assert next(found) == 0
    with pytest.raises(DigsError, match="leave it out"):
        next(found)


def test_workers_with_other_code_or_data_are_refused(address, monkeypatch):
    with pytest.raises(DigsError, match=r"worker at tcp.* has other code or data"):
        next(on_cluster(address, where, [(1,)], os.getpid))
    with pytest.raises(DigsError, match="SPS_HOME is not set"):
        next(on_cluster(address, where, [(1,)], nothing))
    monkeypatch.setattr(dask_cluster, "_code", lambda: "another")
    with pytest.raises(DigsError, match="other code"):
        next(on_cluster(address, where, [(1,)]))


def test_a_client_that_finds_no_scheduler_is_gone_at_once(address):
    """Were it left to the collector of garbage, it might end while another starts, and both wait for ever."""
    with pytest.raises(DigsError, match="no Dask scheduler"):
        next(on_cluster("nonsense", where, [(1,)]))
    clients = [each for each in gc.get_objects() if issubclass(type(each), Client)]  # a dead proxy has no __class__
    assert all(each.status == "closed" for each in clients)


def test_no_scheduler_and_no_workers(tmp_path):
    with pytest.raises(DigsError, match="no Dask scheduler"):
        next(on_cluster("nonsense", where, [(1,)]))
    with LocalCluster(n_workers=0, dashboard_address=None) as empty, pytest.raises(DigsError, match="no workers"):
        next(on_cluster(empty.scheduler_address, where, [(1,)]))

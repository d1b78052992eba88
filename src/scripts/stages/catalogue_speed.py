"""Stage `catalogue_speed`: seconds and memory of catalogues, of Dask's workers, and of single spectra."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import tempfile
from dataclasses import replace

import numpy as np
from distributed import LocalCluster

from digs.base import paths
from digs.base.benchmark import machine, spread
from digs.config.params import load_params
from digs.config.stages.catalogue_speed_settings import CatalogueSpeedSettings
from digs.inference.general_check.catalogue_speed import (
    alone,
    catalogue_cost,
    gain_of_two,
    same_posteriors,
    sampler_seconds,
    single_seconds,
)
from digs.inference.general_check.sdss_like import SdssLike
from digs.physics.results import write_result
from digs.provenance.records import run_stage


def cluster_costs(folder: Path, settings: CatalogueSpeedSettings) -> dict[str, object]:
    """Return the seconds of one process and of two Dask workers of one thread that are there already."""
    path, few, asked = folder / "cluster.h5", folder / "few.h5", (settings.draws, settings.seed)
    one = alone(catalogue_cost, path, folder / "one.zarr", *asked, 1)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=0) as cluster:
        address = cluster.scheduler_address
        catalogue_cost(few, folder / "few.zarr", *asked, 1, address)  # workers read networks and basis
        two = catalogue_cost(path, folder / "two.zarr", *asked, 1, address)
    return {
        "one_process": one["seconds"],
        "two_workers": two["seconds"],
        "speedup": one["seconds"] / two["seconds"],
        "same": same_posteriors(folder / "one.zarr", folder / "two.zarr"),
    }


def main() -> None:
    """Measure on idle cores."""
    settings = load_params(CatalogueSpeedSettings).catalogue_speed
    grid = lambda pixels: np.geomspace(settings.first, settings.last, pixels)
    ends = settings.redshift, settings.signal
    survey = SdssLike(grid(settings.pixels), settings.sigma_kms, *ends, settings.ways, settings.seed)
    small = replace(survey, wavelength=grid(settings.memory.pixels))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, asked = folder / "survey.h5", (settings.draws, settings.seed)
        survey.write(path, settings.galaxies)
        survey.write(folder / "cluster.h5", settings.cluster)
        survey.write(folder / "few.h5", settings.single)
        singles = alone(single_seconds, folder / "few.h5", settings.single, folder, *asked)
        sampler = alone(sampler_seconds, path, settings.sampler, *asked)
        dask = cluster_costs(folder, settings)
        control = gain_of_two(folder / "cluster.h5", settings.control, *asked)
        memory = []
        for rows in settings.memory.rows:
            small.write(folder / f"{rows}.h5", settings.memory.galaxies, rows)
            cost = alone(catalogue_cost, folder / f"{rows}.h5", folder / f"{rows}.zarr", *asked, 1)
            memory.append({"rows": rows, "peak_gb": cost["peak_gb"], "seconds": cost["seconds"]})
        every = alone(catalogue_cost, path, folder / "survey.zarr", *asked, settings.workers)
    bars = settings.bars
    most = max(one["peak_gb"] for one in memory)
    met = {
        "catalogue": 60 * settings.galaxies / every["seconds"] >= bars.rate,
        "single": float(np.median(singles)) <= bars.single,
        "memory": max(every["peak_gb"], most) <= bars.memory,
        "cluster": bool(dask["same"]) and dask["speedup"] >= bars.speedup,
    }
    measured = {
        "catalogue": every,
        "sampler": sampler,
        "cluster": dask,
        "control": control,
        "memory": memory,
        "single": spread(np.array(singles)),
    }
    of_parts = {"single", "memory", "cluster", "control", "sampler"}
    content = {"machine": machine(), **settings.model_dump(exclude=of_parts), "measured": measured, "met": met}
    write_result(paths.DATA / "catalogue_speed.json", content)


if __name__ == "__main__":
    run_stage(main)

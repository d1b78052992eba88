"""The stages that take a Dask cluster give the same numbers on it."""

import runpy
from itertools import starmap

import numpy as np
import torch
from distributed import LocalCluster

from digs.base import paths
from digs.base.dask_cluster import on_cluster
from digs.config.params import load_params
from digs.config.stages.reference_settings import ReferenceSettings
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.inference.posterior import Posterior
from digs.physics.prior import Prior
from digs.physics.simulator import Simulator

SHORT = {"ensembles": 2, "walkers": 10, "burn_in": 5, "steps": 20, "thin": 2, "extensions": 0, "draws": 30}


def test_reference_chains_are_the_same_to_the_bit(tracked):
    chains_of = runpy.run_path(str(paths.ROOT / "src/scripts/stages/reference.py"))["chains_of"]
    params = load_params(ReferenceSettings)
    settings = params.reference.model_copy(update=SHORT)
    flux = torch.as_tensor(read_product(tracked("test.h5"), OBSERVATIONS)["noisy_flux"][:4])
    model = Posterior.load(settings.network), Simulator(), Prior.over(params.prior), params.noise.fraction, settings
    tasks = [(flux[first : first + 2].clone(), first, *model) for first in (0, 2)]
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None, memory_limit=0) as cluster:
        found = list(on_cluster(cluster.scheduler_address, chains_of, tasks))
    for there, here in zip(found, starmap(chains_of, tasks), strict=True):
        np.testing.assert_array_equal(there, here)

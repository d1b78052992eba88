"""Stage `agreement`: the exact simulator against Prospector."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

import numpy as np
import torch

from digs.base import paths
from digs.config.params import load_params
from digs.config.stages.agreement_settings import AgreementSettings
from digs.files.product import read_product, write_product
from digs.files.schemas.agreement_schema import AGREEMENT
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.physics.error_budget import error_budget
from digs.physics.results import write_result
from digs.physics.simulator import Simulator
from digs.provenance.records import run_stage

PERCENTILES = np.array([50.0, 95.0, 100.0])
TAIL = 0.999  # of all pixels


def main() -> None:
    """Compare the exact simulator with Prospector on all pixels of the test set."""
    params = load_params(AgreementSettings)
    torch.set_num_threads(params.threads)
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    simulator, theta = Simulator(), torch.as_tensor(test["theta"])
    exact = simulator(theta).numpy()
    difference = np.abs(exact / test["flux"].astype(float) - 1)

    write_product(
        paths.DATA / "agreement.h5",
        AGREEMENT,
        {
            "wavelength": test["wavelength"],
            "percentile": PERCENTILES,
            "difference": np.percentile(difference, PERCENTILES, axis=0),
            "theta": test["theta"],
            "worst": difference.max(1),
        },
        sps_label=test.attributes["sps_label"],
    )
    median, tail, worst = (float(each) for each in np.quantile(difference, (0.5, TAIL, 1.0)))
    bars = params.agreement
    write_result(
        paths.DATA / "agreement.json",
        {
            "spectra": len(difference),
            "pixels": difference.size,
            "tail_share": TAIL,
            "median": median,
            "tail": tail,
            "worst": worst,
            **bars.model_dump(),
            "budget": error_budget(simulator, Simulator(dtype=torch.float64), theta),
            "passed": median <= bars.median_bar and tail <= bars.tail_bar,
            "worst_passed": worst <= bars.worst_bar,
        },
    )


if __name__ == "__main__":
    run_stage(main)

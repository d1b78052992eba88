"""Table: recovery and calibration of every parameter over the test set, beside the published correlations."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base import paths
from digs.base.command import run
from digs.config.params import load_params
from digs.config.stages.calibration_settings import CalibrationSettings
from digs.config.theta import MEANINGS
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.files.schemas.reference_schema import REFERENCE
from digs.paper import claims
from digs.paper.khullar2022 import CORRELATION_DECIMALS, CORRELATIONS
from digs.paper.latex_numbers import cell, probability, shorthand
from digs.paper.plotting import save_rows

COLUMNS = ("half_width", "coverage_68", "coverage_95")


def main() -> None:
    """Write the rows of the calibration table."""
    params = load_params(CalibrationSettings)
    measured = read_json(paths.DATA / "calibration.json")["parameters"]
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    reference = read_product(paths.DATA / "reference.h5", REFERENCE)
    central = [
        claims.central_correlation(posteriors, params),
        claims.central_correlation(posteriors, params, in_all=True),
        claims.central_correlation(reference, params),
    ]
    rows = []
    for place, parameter in enumerate(MEANINGS):
        numbers = measured[parameter.name]
        all_truths = numbers["correlation"]
        rows.append(
            [
                parameter.axis_label,
                f"${CORRELATIONS[parameter.name]:.{CORRELATION_DECIMALS}f}$",
                *[f"${shorthand(value[place], error[place])}$" for value, error in central],
                f"${shorthand(all_truths['value'], all_truths['error'])}$",
                *[cell(numbers[column]) for column in COLUMNS],
                f"${probability(numbers['uniform_ranks_p_value'])}$",
            ]
        )
    save_rows("tab_calibration", rows)


if __name__ == "__main__":
    run(main)

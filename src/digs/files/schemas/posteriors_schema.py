"""Schema of posteriors.h5 and galaxy_posterior.h5: NPE's draws."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT

POSTERIORS = Schema(
    "posteriors",
    {
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
        "draws": Field(("galaxy", "draw", len(NAMES)), THETA_UNIT, decimals=3),
        # from the draws before rounding
        "rank": Field(("galaxy", len(NAMES)), "1", "i4"),
        "quantiles": Field(("galaxy", "quantile", len(NAMES)), THETA_UNIT),
        "log_prob_truth": Field(("galaxy",), "nat"),
    },
)


GALAXY_POSTERIOR = Schema(
    "galaxy_posterior",
    {
        "theta": Field(("draw", len(NAMES)), THETA_UNIT),
        "log_prob": Field(("draw",), "nat"),
    },
)

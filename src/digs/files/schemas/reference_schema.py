"""Schema of reference.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT

REFERENCE = Schema(
    "reference",
    {
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
        "draws": Field(("galaxy", "draw", len(NAMES)), THETA_UNIT, decimals=4),
        # from the whole chains
        "quantiles": Field(("galaxy", "quantile", len(NAMES)), THETA_UNIT),
        "r_hat": Field(("galaxy", len(NAMES)), "1", positive=True),
        "sample_size": Field(("galaxy", len(NAMES)), "1", positive=True),
    },
)

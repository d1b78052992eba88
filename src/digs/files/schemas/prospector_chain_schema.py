"""Schema of prospector_chain.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT

PROSPECTOR_CHAIN = Schema(
    "prospector_chain",
    {
        # after burn-in, thinned; the density is that of Prospector's own parameters and units
        "theta": Field(("walker", "kept", len(NAMES)), THETA_UNIT),
        "log_prob": Field(("walker", "kept"), "nat", "f8"),
        # of a long walk on the exact simulator with the same noise
        "reference_quantiles": Field(("quantile", len(NAMES)), THETA_UNIT),
    },
)

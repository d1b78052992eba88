"""Schema of chains.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT

CHAINS = Schema(
    "chains",
    {
        # the paper's iterations after its burn-in
        "theta": Field(("walker", "step", len(NAMES)), THETA_UNIT),
        "log_prob": Field(("walker", "step"), "nat", "f8"),
        # a longer walk of the same ensemble, thinned: the reference for widths
        "reference_theta": Field(("walker", "kept", len(NAMES)), THETA_UNIT),
        "reference_log_prob": Field(("walker", "kept"), "nat", "f8"),
        "acceptance": Field(("walker",), "1"),
        "autocorrelation_time": Field((len(NAMES),), "steps", "f8", positive=True),
    },
)

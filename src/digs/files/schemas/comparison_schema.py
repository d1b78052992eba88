"""Schema of comparison.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema

COMPARISON = Schema(
    "comparison",
    {
        # of the networks that the attributes name: half-widths by NPE over those by MCMC, differences of medians in
        # units of MCMC's half-width, and the effective share of draws that are weighted to the exact posterior
        "ratio": Field(("network", "galaxy", len(NAMES)), "1", positive=True),
        "shift": Field(("network", "galaxy", len(NAMES)), "1"),
        "efficiency": Field(("network", "test galaxy"), "1", positive=True),
    },
)

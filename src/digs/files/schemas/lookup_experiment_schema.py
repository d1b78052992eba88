"""Schema of lookup_experiment.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema

LOOKUP_EXPERIMENT = Schema(
    "lookup_experiment",
    {
        # of the networks and samples that the attributes name
        "level": Field(("level",), "1", "f8"),
        "rank_cdf": Field(("network", "sample", len(NAMES), "level"), "1", "f8"),
        "coverage": Field(("network", "sample", len(NAMES), "level"), "1", "f8"),
        "cdf_band": Field((2, "level"), "1", "f8"),
    },
)

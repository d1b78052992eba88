"""Schema of calibration.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema

CALIBRATION = Schema(
    "calibration",
    {
        "rank_counts": Field((len(NAMES), "bin"), "1", "i4"),
        "count_band": Field((2,), "1", "f8"),
        "level": Field(("level",), "1", "f8"),
        "rank_cdf": Field((len(NAMES), "level"), "1", "f8"),
        "cdf_band": Field((2, "level"), "1", "f8"),
        "coverage": Field((len(NAMES), "level"), "1", "f8"),
        # 16th and 84th percentile over resampled test sets
        "coverage_band": Field((2, len(NAMES), "level"), "1", "f8"),
    },
)

"""Schema of validation.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema

VALIDATION = Schema(
    "validation",
    {
        "level": Field(("level",), "1", "f8"),
        # where whole curves of uniform ranks lie with the probability that the attributes name
        "band": Field((2, "level"), "1", "f8"),
        # of the cases, a network on a kind of spectra each, that the attributes name
        "rank_cdf": Field(("case", len(NAMES), "level"), "1", "f8"),
        # of the ranks by density and by distance; its 2.5th and 97.5th percentile over resampled galaxies
        "joint_cdf": Field(("case", 2, "level"), "1", "f8"),
        "joint_band": Field(("case", 2, 2, "level"), "1", "f8"),
        "z": Field(("case", "shown", len(NAMES)), "1", decimals=3),
        "contraction": Field(("case", "shown", len(NAMES)), "1"),
        # value and standard error of the summaries, and p-values, of the subsets of diagnostics.subsets
        "subset": Field(("network", "selection", "subset", 2, "summary", len(NAMES)), "1, dex, Gyr", "f8"),
        "subset_p_value": Field(("network", "tested", "subset", len(NAMES)), "1", "f8"),
        "subset_galaxies": Field(("network", "selection", "subset"), "1", "i4"),
    },
)

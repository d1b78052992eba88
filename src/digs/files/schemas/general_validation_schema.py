"""Schema of general_validation.h5."""

from digs.files.product import Field, Schema

GENERAL_VALIDATION = Schema(
    "general_validation",
    {
        "level": Field(("level",), "1", "f8"),
        # the distribution functions of the truths' ranks in all cells together, by the columns that the attributes name
        "rank_cdf": Field(("column", "level"), "1", "f8"),
        # where those of the right posterior lie, all of them, with the confidence of the bars
        "band": Field((2, "level"), "1", "f8"),
        # likewise of one cell, where they lie in all cells
        "cell_rank_cdf": Field(("cell", "column", "level"), "1", "f8"),
        "cell_band": Field((2, "level"), "1", "f8"),
    },
)

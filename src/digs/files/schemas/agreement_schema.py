"""Schema of agreement.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT, WAVELENGTH_UNIT

AGREEMENT = Schema(
    "agreement",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "percentile": Field(("percentile",), "percent", "f8"),
        # of |exact / Prospector - 1| over the test set
        "difference": Field(("percentile", "pixel"), "1", "f8"),
        # the largest of a galaxy's pixels, against its theta
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
        "worst": Field(("galaxy",), "1", "f8"),
    },
)

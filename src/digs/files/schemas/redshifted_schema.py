"""Schema of redshifted.h5."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, THETA_UNIT

REDSHIFTED = Schema(
    "redshifted",
    {
        # of test galaxies, as an observer who takes the redshift for 0 sees them
        "redshift": Field(("redshift",), "1", "f8", positive=True),
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
        "flux": Field(("redshift", "galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

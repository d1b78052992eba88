"""Schema of src/static/khullar2022.h5: what Khullar et al. (2022) have released of their library and network."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import THETA_UNIT, WAVELENGTH_UNIT

RELEASED = Schema(
    "released",
    {
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),  # of their library
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        # of log10 F_lambda over their library, as their network holds them, each up to one constant
        "mean": Field(("pixel",), "dex", "f8"),
        "std": Field(("pixel",), "dex", "f8", positive=True),
    },
)

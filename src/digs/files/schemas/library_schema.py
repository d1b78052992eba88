"""Schema of library.h5: noiseless spectra."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, THETA_UNIT, WAVELENGTH_UNIT

LIBRARY = Schema(
    "library",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "theta": Field(("galaxy", len(NAMES)), THETA_UNIT, "f8"),
        "flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

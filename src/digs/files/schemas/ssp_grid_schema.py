"""Schema of ssp_grid.h5 and other_sps.h5: simple stellar populations."""

from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, WAVELENGTH_UNIT

SSP_GRID = Schema(
    "ssp_grid",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "age": Field(("age",), "Gyr", "f8", positive=True),
        "logzsol": Field(("metallicity",), "dex", "f8"),
        "flux": Field(("metallicity", "age", "pixel"), f"{FLUX_UNIT} / Msun", "f4", positive=True),
    },
)

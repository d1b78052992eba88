"""Schema of other_sps.h5: simple stellar populations that are not FSPS's, on the pixels of the paper."""

from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, WAVELENGTH_UNIT

OTHER_SPS = Schema(
    "other_sps",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "age": Field(("age",), "Gyr", "f8", positive=True),
        "logzsol": Field(("metallicity",), "dex", "f8"),
        "flux": Field(("metallicity", "age", "pixel"), f"{FLUX_UNIT} / Msun", "f4", positive=True),
    },
)

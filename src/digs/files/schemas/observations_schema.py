"""Schema of test.h5 and galaxy.h5: noiseless and noisy spectra."""

from digs.files.product import Field, Schema
from digs.files.schemas.library_schema import LIBRARY
from digs.files.units import FLUX_UNIT

OBSERVATIONS = Schema(
    "observations",
    {
        **LIBRARY.fields,
        "noisy_flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

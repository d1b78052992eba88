"""The schemas of the HDF5 data products, one for each kind of file."""

from digs.artifacts import THETA_UNIT, Field, Schema
from digs.priors import NAMES
from digs.spectra import FLUX_UNIT, WAVELENGTH_UNIT

_THETA = len(NAMES)

SSP_GRID = Schema(
    "ssp_grid",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "age": Field(("age",), "Gyr", "f8", positive=True),
        "logzsol": Field(("metallicity",), "dex", "f8"),
        "flux": Field(("metallicity", "age", "pixel"), f"{FLUX_UNIT} / Msun", "f4", positive=True),
    },
)

LIBRARY = Schema(
    "library",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

OBSERVATIONS = Schema(
    "observations",
    {
        **LIBRARY.fields,
        "noisy_flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

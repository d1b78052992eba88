"""Schema of predictive_checks.h5."""

from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, WAVELENGTH_UNIT

PREDICTIVE_CHECKS = Schema(
    "predictive_checks",
    {
        # chi-squared of the test set: at the truth, at one draw of each posterior, at the best fit
        "truth": Field(("galaxy",), "1", "f8", positive=True),
        "one_draw": Field(("galaxy",), "1", "f8", positive=True),
        "best_fit": Field(("galaxy",), "1", "f8", positive=True),
        "p_value": Field(("galaxy",), "1", "f8"),
        # the galaxies with the largest chi-squared of the best fit
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "worst": Field(("worst",), "1", "i4"),
        "worst_flux": Field(("worst", "pixel"), FLUX_UNIT, "f4", positive=True),
        "worst_fit": Field(("worst", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

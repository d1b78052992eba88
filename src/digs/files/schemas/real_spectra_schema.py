"""Schema of real_spectra.h5: spectra in bins of as many pixels each, hidden ones left out, with fits to them.

A bin has the mean of its pixels, weighted by inverse variance. Fits have their likeliest calibration, error floor and
lines. Galaxies are in the order of params.yaml.
"""

from digs.files.product import Field, Schema
from digs.files.units import FLUX_UNIT, WAVELENGTH_UNIT

_BINS = ("galaxy", "bin")


REAL_SPECTRA = Schema(
    "real_spectra",
    {
        "wavelength": Field(_BINS, WAVELENGTH_UNIT, "f8", positive=True),  # rest frame, vacuum
        "flux": Field(_BINS, FLUX_UNIT),
        "sigma": Field(_BINS, FLUX_UNIT, positive=True),  # with the errors that the fits have
        "digs": Field(("galaxy", 3, "bin"), FLUX_UNIT),  # 16th, 50th and 84th percentile of the draws' spectra
        "fits": Field(("galaxy", "code", "bin"), FLUX_UNIT),  # best ones, in the order of the attribute `codes`
    },
)

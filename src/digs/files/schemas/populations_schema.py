"""Schema of populations.h5: simple stellar populations at FSPS's own resolution, stars and gas apart.

The stars' L_nu of a population are coefficients @ basis. The gas has, for each ionising photon of the population, the
line luminosities and the continuum of the tables, whose logarithms are interpolated linearly in gas_logz, gas_logu and
log age; the continuum at all wavelengths is 10^log_continuum @ continuum_shape.
"""

from digs.files.product import Field, Schema
from digs.files.units import WAVELENGTH_UNIT

PHOTONS = 1e47  # per second: the unit in which ionising photons are counted


_GAS = ("gas_metallicity", "gas_age", "ionisation")


POPULATIONS = Schema(
    "populations",
    {
        "wavelength": Field(("wavelength",), WAVELENGTH_UNIT, "f8", positive=True),  # rest frame, vacuum
        "resolution": Field(("wavelength",), "km / s"),  # dispersion; below 0 where it is a rough guess of FSPS
        "age": Field(("age",), "Gyr", "f8", positive=True),
        "logzsol": Field(("metallicity",), "dex", "f8"),
        "coefficients": Field(("metallicity", "age", "component"), "1"),
        "basis": Field(("component", "wavelength"), "Lsun / (Hz Msun)"),  # per solar mass formed
        "percentile": Field(("percentile",), "percent", "f8"),
        "compression_error": Field(("percentile", "wavelength"), "1"),  # of stars in galaxies of the prior, relative
        "photons": Field(("metallicity", "age"), "1e47 / (s Msun)", "f8", positive=True),
        "surviving_mass": Field(("metallicity", "age"), "1", "f8", positive=True),
        "gas_logz": Field(("gas_metallicity",), "dex", "f8"),
        "gas_age": Field(("gas_age",), "Gyr", "f8", positive=True),
        "gas_logu": Field(("ionisation",), "dex", "f8"),
        "line_wavelength": Field(("line",), WAVELENGTH_UNIT, "f8", positive=True),
        "line_sigma": Field(("line",), WAVELENGTH_UNIT, "f8", positive=True),  # that FSPS gives them
        "log_lines": Field((*_GAS, "line"), "dex(Lsun s / 1e47)"),
        "log_continuum": Field((*_GAS, "place"), "dex(Lsun s / (Hz 1e47))"),
        "continuum_shape": Field(("place", "wavelength"), "1"),
    },
)

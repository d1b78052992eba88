"""Units of what the data products hold."""

THETA_UNIT = "dex, dex, 1, Gyr, dex"


FLUX_UNIT = "erg / (s cm2 Angstrom)"


WAVELENGTH_UNIT = "Angstrom"

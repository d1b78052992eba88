"""Schema of basis.h5: shapes whose sums are the spectra of galaxies, stars and the gas's continuum, with dust.

L_nu of a galaxy at the populations' wavelengths is c @ shapes; c follows from the galaxy's light at a few of these
wavelengths, the places: c = light[places] @ from_places.
"""

from digs.files.product import Field, Schema

BASIS = Schema(
    "basis",
    {
        "shapes": Field(("shape", "wavelength"), "1"),
        "places": Field(("place",), "", "i4"),  # of the populations' wavelengths
        "from_places": Field(("place", "shape"), "Lsun / (Hz Msun)", "f8"),
        "loss": Field(("galaxy",), "1"),  # rms over the wavelengths of what is left out, in units of the galaxy's rms
        "binned_loss": Field(("binned_galaxy",), "1"),  # likewise, of galaxies with binned histories
    },
)

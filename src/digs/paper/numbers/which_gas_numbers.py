"""Numbers of the text: the gas that the released network of Khullar et al. (2022) was trained with."""

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.paper.latex_numbers import grouped_integer, plain
from digs.paper.numbers import Numbers


def gas(params: Params) -> Numbers:
    """Return how mean spectra with either gas differ from the mean that the released network holds."""
    found = read_json(paths.DATA / "which_gas.json")
    solar, stars = (found["measured"][kind] for kind in ("solar", "stars"))
    return {
        "which_gas_galaxies": grouped_integer(found["galaxies"]),
        "which_gas_solar": plain(solar["rms"]),
        "which_gas_stars": plain(stars["rms"]),
        "which_gas_solar_worst": plain(abs(solar["worst"])),
        "which_gas_stars_worst": plain(abs(stars["worst"])),
        "which_gas_stars_worst_at": f"{stars['worst_wavelength']:.0f}",
        "which_gas_bar": f"{found['bar']:g}",
    }


GROUPS = (gas,)

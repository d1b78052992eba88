"""Numbers of the text: what was simulated, with which data, and how exact and fast the exact simulator is."""

from astropy.constants import c
from astropy.stats import gaussian_sigma_to_fwhm

from digs.base import paths
from digs.config.params import Params
from digs.files.atomic import read_json
from digs.files.product import read_product
from digs.files.schemas.observations_schema import OBSERVATIONS
from digs.paper.latex_numbers import grouped_integer, plain, scientific
from digs.paper.numbers import Numbers

SPEED_OF_LIGHT = c.to_value("km/s")


GAS = {"solar": "solar metallicity", "stars": "the metallicity of the stars"}


def setup(params: Params) -> Numbers:
    """Return what was simulated, with which data."""
    test = read_product(paths.DATA / "test.h5", OBSERVATIONS)
    spectrum = params.spectrum
    return {
        "sps_label": test.attributes["sps_label"],
        "library_size": grouped_integer(params.library.size),
        "test_size": grouped_integer(params.library.test_size),
        "pixels": str(spectrum.pixels),
        "wavelength_start": f"{spectrum.wavelength_start:.0f}",
        "wavelength_stop": f"{spectrum.wavelength_stop:.0f}",
        "wavelength_step": plain((spectrum.wavelength_stop - spectrum.wavelength_start) / (spectrum.pixels - 1), 3),
        "smoothing": f"{spectrum.smoothing:.0f}",
        "smoothing_resolution": plain(SPEED_OF_LIGHT / (gaussian_sigma_to_fwhm * spectrum.smoothing)),
        "gas_metallicity": GAS[params.gas.metallicity],
        "noise_percent": f"{100 * params.noise.fraction:g}",
    }


def simulator(params: Params) -> Numbers:
    """Return how exact and how fast the exact simulator is."""
    agreement = read_json(paths.DATA / "agreement.json")
    speed = read_json(paths.DATA / "simulator_speed.json")
    ratio, exact = speed["ratio"], speed["exact_per_second"]
    return {
        "agreement_median": scientific(agreement["median"]),
        "agreement_tail_percent": plain(100 * agreement["tail_share"], 3),
        "agreement_worst": scientific(agreement["worst"]),
        "exact_per_second": grouped_integer(round(exact["median"], -3).__trunc__()),
        "speed_ratio": grouped_integer(round(ratio["median"], -2).__trunc__()),
        "processor": speed["machine"]["processor"].replace("(R)", "").replace("(TM)", ""),
        "threads": str(speed["machine"]["threads"]),
    }


GROUPS = (
    setup,
    simulator,
)

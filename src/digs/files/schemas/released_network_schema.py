"""Schema of released_network.h5: curves of networks, samples and parameters, and mean training spectra."""

from digs.config.theta import NAMES
from digs.files.product import Field, Schema
from digs.files.units import WAVELENGTH_UNIT

RELEASED_NETWORK = Schema(
    "released_network",
    {
        # of the networks and samples that the attributes name
        "level": Field(("level",), "1", "f8"),
        "rank_cdf": Field(("network", "sample", len(NAMES), "level"), "1", "f8"),
        "coverage": Field(("network", "sample", len(NAMES), "level"), "1", "f8"),
        # of log10 F_lambda over looked-up pairs, noise included: what their network holds, less ours and one constant
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "mean_difference": Field(("pixel",), "dex", "f8"),
        "std_ratio": Field(("pixel",), "1", "f8", positive=True),
    },
)

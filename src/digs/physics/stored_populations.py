"""The populations of a file, read once for all instruments and redshifts."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.remedies import remedy
from digs.config.model import NebularGas, Spectrum
from digs.files.product import Product, read_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.physics.gas_lines import line_profiles
from digs.physics.histories.delayed_tau import DelayedTau

POPULATIONS_FILE = paths.DATA / "populations.h5"


@dataclass(frozen=True)
class StoredPopulations:
    """The product POPULATIONS, and what follows from it alone.

    product: the file's contents.
    label, fingerprint: of the data that FSPS had.
    spectrum: pixels, dispersion and redshift where nobody asks for others.
    gas: likewise.
    weights: of the SSPs in delayed-tau galaxies, in double precision.
    profiles: of the lines at the native wavelengths, shape (lines, n).
    """

    product: Product
    label: str
    fingerprint: str
    spectrum: Spectrum
    gas: NebularGas
    weights: DelayedTau
    profiles: np.ndarray


def stored_populations(path: Path | str = POPULATIONS_FILE) -> StoredPopulations:
    """Return the populations of a file; they are read again when the file has changed.

    Raises:
        DigsError: the file is missing or damaged.
    """
    if not isinstance(path, str | Path):
        raise DigsError(f"The path of the populations is of type '{type(path).__name__}'; give a string or a Path.")
    path = Path(path).absolute()
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=2)
def _read(path: Path, modified: int) -> StoredPopulations:
    product = read_product(path, POPULATIONS)
    try:
        label, fingerprint = product.attributes["sps_label"], product.attributes["sps_fingerprint"]
        given = product.attributes["parameters"]
        spectrum, gas = Spectrum(**given["spectrum"]), NebularGas(**given["gas"])
    except KeyError as error:
        advice = remedy("run `dvc repro populations`")
        raise DigsError(f"{paths.shown(path)} lacks the attribute {error}; {advice}.") from None
    weights = DelayedTau(product["age"], torch.float64)
    profiles = line_profiles(product["wavelength"], product["line_wavelength"], product["line_sigma"])
    return StoredPopulations(product, label, fingerprint, spectrum, gas, weights, profiles)

"""Real galaxies as several codes see them: what tables, figures and the text say of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CodeRow:
    """What one code finds in one galaxy.

    percentiles: 16th, 50th and 84th of each quantity, by its name.
    chi_squared: of the best fit, per pixel.
    """

    galaxy: str
    code: str
    percentiles: Mapping[str, list[float]]
    chi_squared: float


def code_rows(product: Mapping[str, Any]) -> Iterator[CodeRow]:
    """Yield all rows of src/data/real_spectra.json, galaxy by galaxy."""
    for galaxy, found in product["measured"].items():
        for code, answer in found["codes"].items():
            yield CodeRow(galaxy, code, answer["percentiles"], answer["chi_squared"] / found["pixels"])


def difference(product: Mapping[str, Any], galaxy: str, code: str, of: str) -> float:
    """Return by how much the median log10 of the mass formed of one code lies above that of another, in dex.

    Args:
        product: src/data/real_spectra.json.
        galaxy: its name.
        code, of: the first and the second code.
    """
    codes = product["measured"][galaxy]["codes"]
    first, second = (codes[name]["percentiles"]["logmass"][1] for name in (code, of))
    return first - second

r"""Shapes whose sums are the spectra of galaxies, at the populations' own wavelengths.

Divided by their mean and by the QUANTILE-th quantile of all galaxies at each wavelength, the spectra of a wide prior,
dust included, have so few strong singular vectors that these hold all that data can tell. They follow from the light at
some more wavelengths, the places, which a pivoted QR decomposition of the singular vectors chooses, by least squares.
So the coefficients of a galaxy need neither its whole spectrum nor an expansion in its dust.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy.linalg import qr
from scipy.sparse.linalg import eigsh

from digs.base import paths
from digs.files.product import Product, read_product
from digs.files.schemas.basis_schema import BASIS

BASIS_FILE = paths.DATA / "basis.h5"


QUANTILE = 0.4
_ROUNDING = 3e-7  # of a galaxy's light, that the rounding of a shape may take from it
_FEWEST_BITS, _MOST_BITS = 4, 24  # of a shape's values


@dataclass(frozen=True)
class Shapes:
    """Shapes and what makes coefficients of the light at places: L_nu = light[places] @ from_places @ shapes.

    shapes: shape (shapes, wavelengths).
    places: of the wavelengths, ascending, shape (places,).
    from_places: shape (places, shapes).
    """

    shapes: np.ndarray
    places: np.ndarray
    from_places: np.ndarray

    @classmethod
    def of(cls, light: np.ndarray, rank: int, places: int) -> "Shapes":
        """Return the shapes of galaxies.

        Weak shapes are rounded to few bits: galaxies lose far less than by the rank, and files are half as large.

        Args:
            light: L_nu, shape (N, wavelengths).
            rank: how many shapes.
            places: how many places, rank or more.

        Example:
            >>> import numpy as np
            >>> from digs.physics.linear.shapes import Shapes
            >>> x, slope = np.linspace(1, 2, 50), np.linspace(-2, 2, 40)[:, None]
            >>> shapes = Shapes.of(x**slope, rank=6, places=8)
            >>> bool(shapes.loss(x**slope).max() < 1e-6)
            True
        """
        rows, scale = _even(light)
        start = np.ones(rows.shape[1])  # so that the same galaxies give the same shapes
        right = eigsh(rows.T @ rows, k=places, v0=start)[1]  # of which so few are wanted that all would take long
        vectors = _turned(right[:, ::-1].T)
        order = qr(vectors, mode="r", pivoting=True)[1]
        chosen = np.sort(order[:places])
        vectors = vectors[:rank]
        amounts = rows @ vectors.T
        from_places = np.linalg.lstsq(rows[:, chosen], amounts, rcond=None)[0]
        size = np.sqrt((vectors**2).mean(1, keepdims=True))
        share = np.sqrt((amounts**2).mean(0)) * size[:, 0]  # that each has of a galaxy
        bits = np.ceil(np.log2(share / _ROUNDING)).clip(_FEWEST_BITS, _MOST_BITS)
        shapes = rounded(vectors / size * scale, bits[:, None]).astype(np.float32)
        return cls(shapes, chosen.astype(np.int32), from_places * size[:, 0] / scale[chosen, None])

    @classmethod
    def stored(cls, path: Path | str = BASIS_FILE) -> "Shapes":
        """Return the shapes of the product BASIS; they are read again when the file has changed.

        Raises:
            DigsError: the file is missing or damaged.
        """
        path = Path(path).absolute()
        product = _read(path, path.stat().st_mtime_ns if path.exists() else 0)
        return cls(product["shapes"], product["places"], product["from_places"])

    def loss(self, light: np.ndarray) -> np.ndarray:
        """Return what galaxies lose, shape (N,): rms over the wavelengths, relative to the galaxy's rms.

        Both are of the light divided by the QUANTILE-th quantile of these galaxies, so that all wavelengths count.

        Args:
            light: L_nu, shape (N, wavelengths).
        """
        scale = np.quantile(light / light.mean(1, keepdims=True), QUANTILE, axis=0)
        left = light - light[:, self.places] @ self.from_places @ self.shapes.astype(float)
        return np.sqrt(((left / scale) ** 2).mean(1) / ((light / scale) ** 2).mean(1))


def rounded(values: np.ndarray, bits: np.ndarray) -> np.ndarray:
    """Return numbers whose fractions are rounded to so many binary digits.

    Example:
        >>> import numpy as np
        >>> from digs.physics.linear.shapes import rounded
        >>> rounded(np.array([3.14159, -0.1]), np.array([3, 24])).round(4).tolist()
        [3.0, -0.1]
    """
    fraction, exponent = np.frexp(values)
    unit = 2.0**bits
    return np.ldexp(np.round(fraction * unit) / unit, exponent)


@lru_cache(maxsize=2)
def _read(path: Path, modified: int) -> Product:
    return read_product(path, BASIS)


def _turned(vectors: np.ndarray) -> np.ndarray:
    """Vectors, shape (N, elements), whose signs, which processors choose, are such that their sums are positive."""
    return np.where(vectors.sum(1, keepdims=True) < 0, -vectors, vectors)


def _even(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Galaxies of the same rms over the wavelengths in units of a scale, shape (N, wavelengths), and that scale."""
    rows = light / light.mean(1, keepdims=True)
    scale = np.quantile(rows, QUANTILE, axis=0)
    rows /= scale
    return rows / np.sqrt((rows**2).mean(1, keepdims=True)), scale

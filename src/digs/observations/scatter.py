"""The noise of a spectrum that comes without any, by how neighbouring pixels scatter."""

import numpy as np
from scipy.ndimage import median_filter

from digs.base.errors import DigsError

FEWEST = 20  # pixels from which a scatter is estimated

_WINDOW = 201  # pixels over which it is a median

_TO_SIGMA = 1.482602 / np.sqrt(6)  # Stoehr et al. (2008): of the median of |2 f(i) - f(i-2) - f(i+2)|


def scatter(flux: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return standard deviations estimated from the flux itself, shape (pixels,).

    By DER_SNR (Stoehr et al. 2008, ASP Conf. Ser. 394, 505), as a running median. It is right where the noise of
    pixels two apart is independent and Gaussian, and lines are wider than that; correlated noise is underestimated.

    Args:
        flux: shape (pixels,).
        hidden: pixels that are left out, whose sigma is inf.
    Raises:
        DigsError: too few pixels are left, or they do not scatter.

    Example:
        >>> import numpy as np
        >>> from digs.observations.scatter import scatter
        >>> flux = 5 + 0.1 * np.random.default_rng(1).standard_normal(2000)
        >>> bool(abs(np.median(scatter(flux, np.zeros(2000, bool))) / 0.1 - 1) < 0.05)
        True
    """
    good = np.flatnonzero(~hidden & np.isfinite(flux))
    if len(good) < FEWEST:
        raise DigsError(f"Only {len(good)} pixels are good, too few to estimate their noise; give sigma.")
    kept = flux[good]
    curvature = np.abs(2 * kept[2:-2] - kept[:-4] - kept[4:])
    curvature = np.concatenate([curvature[:1].repeat(2), curvature, curvature[-1:].repeat(2)])
    sigma = _TO_SIGMA * median_filter(curvature, size=min(_WINDOW, len(kept)), mode="reflect")
    if not (sigma > 1e-6 * np.abs(kept)).all():
        raise DigsError(
            "The flux hardly scatters from pixel to pixel, so that its noise cannot be estimated; give sigma."
        )
    found = np.full(flux.shape, np.inf)
    found[good] = sigma
    return found

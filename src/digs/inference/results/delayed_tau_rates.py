r"""The star formation rate of delayed-tau galaxies at any lookback time.

Of a galaxy of age T, s ago it was M (T - s) e^{-(T - s)/tau} / (tau^2 G(0, T/tau)), with G of digs.physics.formation,
which is the integral of x e^{-x}.
"""

import numpy as np
import torch

from digs.physics.formation import YEARS, formed_between


def delayed_tau_rates(logmass: np.ndarray, tage: np.ndarray, logtau: np.ndarray, lookback: np.ndarray) -> np.ndarray:
    """Return star formation rates in solar masses a year, shape (N, times); 0 before a galaxy began.

    Args:
        logmass, tage, logtau: of N galaxies, as in digs.PARAMETERS, shape (N,).
        lookback: times in Gyr, shape (times,).

    Example:
        >>> import numpy as np
        >>> from digs.inference.results.delayed_tau_rates import delayed_tau_rates
        >>> ago = np.linspace(0, 3, 3001)
        >>> rates = delayed_tau_rates(np.array([10.0]), np.array([2.0]), np.array([0.0]), ago)
        >>> round(float(np.log10(np.trapezoid(rates[0], ago * 1e9))), 3)  # the mass formed
        10.0
    """
    tau = 10.0**logtau
    formed = formed_between(torch.zeros(len(tau), dtype=torch.float64), torch.as_tensor(tage / tau)).numpy()
    x = ((tage[:, None] - lookback) / tau[:, None]).clip(min=0)
    return (10.0**logmass / (tau * formed * YEARS))[:, None] * x * np.exp(-x)

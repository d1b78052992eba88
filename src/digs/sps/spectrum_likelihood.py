"""Prospector's ln likelihood of a spectrum on any pixels, with gas of its own. Needs SPS_HOME."""

import numpy as np

from digs.base.progress import progress
from digs.physics.instrument import Instrument
from digs.physics.spectra import f_lambda
from digs.sps.native_agreement import ProspectorAnywhere, Setting
from digs.sps.prospector import JANSKY_CGS, MAGGIE_JANSKY

_WITHIN = 5  # points of a pixel, whose mean its flux is


def prospector_log_likelihoods(
    reference: ProspectorAnywhere,
    instrument: Instrument,
    redshift: float,
    flux: np.ndarray,
    sigma: np.ndarray,
    theta: np.ndarray,
) -> np.ndarray:
    """Return ln L by Prospector's lnlike_spec, shape (2, N): with its smoothing on a finer grid, and as it runs.

    Args:
        reference: Prospector's model.
        instrument: pixels with edges, in vacuum, and one dispersion on top of the populations' own.
        redshift: of the galaxy.
        flux, sigma: F_lambda and its standard deviations in erg/s/cm2/Angstrom, shape (pixels,).
        theta: with gas_logz and gas_logu after the five columns of Khullar et al. (2022), shape (N, 7).
    """
    from prospect.likelihood import lnlike_spec

    low, high = instrument.edges[:-1, None], instrument.edges[1:, None]
    points = (low + (high - low) * (np.arange(_WITHIN) + 0.5) / _WITHIN).ravel()
    setting = Setting(points, float(instrument.sigma_kms[0]), redshift)
    maggie = f_lambda(instrument.wavelength, MAGGIE_JANSKY * JANSKY_CGS)  # as Prospector keeps spectra
    data = {"wavelength": instrument.wavelength, "spectrum": flux / maggie, "unc": sigma / maggie}
    found = np.empty((2, len(theta)))
    # in the order of metallicity, as FSPS takes seconds for each change between its own
    for row in progress(np.argsort(theta[:, 1]).tolist(), desc="Prospector's likelihoods", unit="draw"):
        fine = reference(setting, theta[row, :5], *theta[row, 5:])
        models = fine.reshape(2, len(flux), _WITHIN).mean(2) / maggie
        found[:, row] = [lnlike_spec(model, obs=data) for model in models]
    return found

"""Spectra without anything that is uncertain but noise, as Prospector has them."""

import numpy as np

from digs.base.random_streams import generator, stream
from digs.exact.normal.nuisances import Nuisances
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.general_check.made_spectra import WINDOW, MadeGalaxy
from digs.observations.spectrum import Spectrum
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import WidePrior


def plain_galaxy(instrument: Instrument, redshift: float, signal: float, seed: int, number: int) -> MadeGalaxy:
    """Return a galaxy of the prior whose dispersion, but for the instrument's, is known to be 0.

    Args:
        instrument: with a dispersion on top of the populations' own.
        redshift: above 0.
        signal: signal-to-noise per 40 Angstrom at the median flux; the noise is the same in all pixels.
        seed, number: of the galaxy.

    Example:
        >>> import numpy as np
        >>> from digs.inference.general_check.plain_spectra import plain_galaxy
        >>> from digs.physics.instrument import Instrument
        >>> sdss = Instrument(np.geomspace(3800, 9200, 500), sigma_kms=150.0)
        >>> made = plain_galaxy(sdss, redshift=0.08, signal=20.0, seed=1, number=0)
        >>> made.spectrum.pixels, made.names[-1]
        (500, 'gas_logu')
    """
    coefficients = SpectrumCoefficients(free_gas=True)
    theta = WidePrior(coefficients.names, redshift).sample(1, generator(seed, f"plain galaxy {number}"))
    model = LinearModel.of(instrument, redshift)
    true = model.flux(coefficients.with_lines(model.lines), theta)[0].numpy()
    sigma = np.median(true) * np.sqrt(WINDOW / np.gradient(instrument.wavelength)) / signal
    noise = stream(seed, "plain noise", f"{number}".encode()).standard_normal(len(true))
    spread = {"redshift": redshift, "sigma_kms": instrument.sigma_kms}
    spectrum = Spectrum(instrument.wavelength, true + sigma * noise, sigma, **spread)
    settings = EngineSettings(dispersion=0.0, nuisances=Nuisances.none())
    return MadeGalaxy(spectrum, settings, coefficients.names, theta[0].numpy(), signal, 1)

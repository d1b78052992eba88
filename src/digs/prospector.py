"""The reference simulator: Prospector on FSPS, one spectrum at a time. It needs SPS_HOME.

The model is that of Khullar et al. (2022): delayed-tau star formation history (FSPS sfh=4), Calzetti dust
(dust_type=2, dust1=0), nebular continuum and lines, Kroupa initial mass function, MIST isochrones, MILES spectra.
As in Prospector's nebular template, the gas has the metallicity of the stars and log U = -2.
"""

from collections.abc import Callable

import numpy as np

from digs.params import Spectrum
from digs.priors import index
from digs.spectra import f_lambda, wavelength_grid
from digs.sps import sps_home

JANSKY_CGS = 1e-23
MAGGIE_JANSKY = 3631.0
SFH_DELAYED_TAU = 4
DUST_CALZETTI = 2


def model_parameters(settings: Spectrum) -> dict:
    """Prospector's model description: the parametric_sfh and nebular templates with this project's choices."""
    from prospect.models.templates import TemplateLibrary

    model = TemplateLibrary["parametric_sfh"]
    model.update(TemplateLibrary["nebular"])
    model["sfh"]["init"] = SFH_DELAYED_TAU
    model["dust_type"]["init"] = DUST_CALZETTI
    model["zred"].update(isfree=False, init=settings.zred)
    fixed = {"dust1": 0.0, "sigma_smooth": settings.smoothing, "smoothtype": settings.smoothing_type, "fftsmooth": True}
    model.update({name: {"N": 1, "isfree": False, "init": value} for name, value in fixed.items()})
    return model


class Prospector:
    """Prospector's SpecModel as a function of theta.

    Args:
        settings: pixels, smoothing and redshift.
    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """

    def __init__(self, settings: Spectrum):
        sps_home()  # before FSPS, which stops the interpreter without it
        from prospect.models import SpecModel
        from prospect.sources import CSPSpecBasis

        self.sps = CSPSpecBasis(zcontinuous=1)
        self.model = SpecModel(model_parameters(settings))
        self.wavelength = wavelength_grid(settings)
        self._observation = {"wavelength": self.wavelength, "spectrum": None, "filters": None}
        # where each free parameter of Prospector comes from
        power: Callable[[float], float] = lambda exponent: 10.0**exponent
        same: Callable[[float], float] = lambda value: value
        self._inputs = {
            "mass": ("logmass", power),
            "logzsol": ("logzsol", same),
            "dust2": ("dust2", same),
            "tage": ("tage", same),
            "tau": ("logtau", power),
        }

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """F_lambda in erg/s/cm^2/Angstrom, shape (pixels,), of theta, shape (5,)."""
        vector = np.empty(len(theta))
        for name, (source, convert) in self._inputs.items():
            vector[self.model.theta_index[name]] = convert(theta[index(source)])
        maggies, _, _ = self.model.predict(vector, obs=self._observation, sps=self.sps)
        return f_lambda(self.wavelength, maggies * MAGGIE_JANSKY * JANSKY_CGS)

"""The reference simulator: Prospector on FSPS, one spectrum at a time. It needs SPS_HOME.

The model is that of Khullar et al. (2022): delayed-tau star formation history (FSPS sfh=4), Calzetti dust
(dust_type=2, dust1=0), nebular continuum and lines, Kroupa initial mass function, MIST isochrones, MILES spectra.
The gas has the metallicity that params.yaml says: solar, as in their released code, or that of the stars, as in
Prospector's nebular template.
"""

import math

import numpy as np

from digs.config.model import NebularGas, Spectrum
from digs.config.theta import NAMES
from digs.physics.prior import Prior
from digs.physics.spectra import f_lambda, wavelength_grid
from digs.sps.home import sps_home

JANSKY_CGS = 1e-23


MAGGIE_JANSKY = 3631.0


SFH_DELAYED_TAU = 4


DUST_CALZETTI = 2


# Prospector's names of theta's components; where theta has the log10, Prospector has the number itself
FREE = ("mass", "logzsol", "dust2", "tage", "tau")


_LOGARITHMIC = np.array([name == f"log{free}" for free, name in zip(FREE, NAMES, strict=True)])


def model_parameters(settings: Spectrum, gas: NebularGas) -> dict:
    """Return Prospector's model description: the parametric_sfh and nebular templates with this project's choices."""
    from prospect.models.templates import TemplateLibrary

    model = TemplateLibrary["parametric_sfh"]
    model.update(TemplateLibrary["nebular"])
    model["sfh"]["init"] = SFH_DELAYED_TAU
    model["dust_type"]["init"] = DUST_CALZETTI
    model["zred"].update(isfree=False, init=settings.zred)
    fixed = {"dust1": 0.0, "sigma_smooth": settings.smoothing, "smoothtype": settings.smoothing_type, "fftsmooth": True}
    fixed["gas_logu"] = gas.logu
    if gas.metallicity == "solar":  # else the template's, which follows the stars
        fixed["gas_logz"] = 0.0
    model.update({name: {"N": 1, "isfree": False, "init": value} for name, value in fixed.items()})
    return model


class Prospector:
    """Prospector's SpecModel as a function of theta.

    Args:
        settings: pixels, smoothing and redshift.
        gas: its metallicity and ionisation.
    Raises:
        DigsError: SPS_HOME is missing or incomplete.
    """

    def __init__(self, settings: Spectrum, gas: NebularGas):
        sps_home()  # before FSPS, which stops the interpreter without it
        from prospect.models import SpecModel
        from prospect.sources import CSPSpecBasis

        self.sps = CSPSpecBasis(zcontinuous=1)
        self.model = SpecModel(model_parameters(settings, gas))
        self.wavelength = wavelength_grid(settings)
        self._observation = {"wavelength": self.wavelength, "spectrum": None, "filters": None}
        self._places = np.array([self.model.theta_index[free].start for free in FREE])

    def vector(self, theta: np.ndarray) -> np.ndarray:
        """Return Prospector's own parameters, in its order, of theta; both of shape (..., 5)."""
        vector = np.empty(np.shape(theta))
        vector[..., self._places] = np.where(_LOGARITHMIC, 10.0 ** np.where(_LOGARITHMIC, theta, 0.0), theta)
        return vector

    def theta(self, vector: np.ndarray) -> np.ndarray:
        """Return the theta of a vector; not finite where Prospector's mass or tau is not positive."""
        values = vector[..., self._places]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(_LOGARITHMIC, np.log10(np.where(_LOGARITHMIC, values, 1.0)), values)

    def log_jacobian(self, theta: np.ndarray) -> np.ndarray:
        """Return ln |d vector / d theta|, shape (...).

        Take it from a log density in theta to have that in the vector.
        """
        return math.log(10) * theta[..., _LOGARITHMIC].sum(-1) + _LOGARITHMIC.sum() * math.log(math.log(10))

    def __call__(self, theta: np.ndarray) -> np.ndarray:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (pixels,), of theta, shape (5,)."""
        maggies, _, _ = self.model.predict(self.vector(theta), obs=self._observation, sps=self.sps)
        return f_lambda(self.wavelength, maggies * MAGGIE_JANSKY * JANSKY_CGS)


class ProspectorPosterior:
    """Prospector's own ln posterior, its `lnprobfn`, of one spectrum with fixed noise.

    The density is that in Prospector's parameters, log-uniform in those that theta has the log of.

    Args:
        prospector: the model.
        prior: uniform in theta.
        flux: observed F_lambda, shape (pixels,).
        fraction: standard deviation of the noise in units of the observed flux.
    """

    def __init__(self, prospector: Prospector, prior: Prior, flux: np.ndarray, fraction: float):
        from prospect.models import priors

        self.prospector = prospector
        low, high = (prospector.vector(end.numpy()) for end in (prior.low, prior.high))
        for free, logarithmic, place in zip(FREE, _LOGARITHMIC, prospector._places, strict=True):
            kind = priors.LogUniform if logarithmic else priors.TopHat
            prospector.model.config_dict[free]["prior"] = kind(mini=low[place], maxi=high[place])
        maggies = flux / f_lambda(prospector.wavelength, MAGGIE_JANSKY * JANSKY_CGS)
        self._observation = {
            "wavelength": prospector.wavelength,
            "spectrum": maggies,
            "unc": fraction * maggies,
            "maggies": None,
            "filters": None,
        }

    def __call__(self, vector: np.ndarray) -> float:
        """Return ln posterior of Prospector's parameters, shape (5,); -inf outside the prior."""
        from prospect.fitting import lnprobfn

        model, sps = self.prospector.model, self.prospector.sps
        return float(lnprobfn(vector, model=model, obs=self._observation, sps=sps))

"""Bagpipes (Carnall et al. 2018) with nautilus (Lange 2023): other populations and gas, another code.

Its populations are those of Bruzual & Charlot (2003; version of 2016, with MILES), its gas is Cloudy's. What can be as
in our model is: a delayed-tau history, one metallicity of the stars and one of the gas, the gas's ionisation, dust of
Calzetti et al. (2000) that dims stars and gas alike, uniform priors over the same ranges, and the covariance matrix of
the errors. Bagpipes' wavelengths are in air, so spectra are handed over in air; its dispersion comes on top of that of
its populations, which is corrected for.

Its spectra are proportional to the mass, over which the likelihood is integrated in closed form, as in our model. With
the mass among its parameters, which a spectrum tells to a percent of a range of five decades, nautilus missed peaks.
"""

import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout
from typing import Any

import numpy as np
import torch
from astropy import constants
from astropy.cosmology import WMAP9
from scipy.optimize import minimize

from digs.base.errors import DigsError
from digs.base.random_streams import stream
from digs.exact.normal.low_rank import LowRankCovariance
from digs.exact.normal.normal_equations import MassTerms
from digs.exact.normal.spectrum_density import integral_over_logmass
from digs.inference.engine.mass_draws import as_arrays, draw_logmass
from digs.inference.other_codes.brought_spectra import need
from digs.inference.other_codes.code_answer import CodeAnswer
from digs.inference.other_codes.observed_galaxy import ObservedGalaxy
from digs.physics.air import vacuum_to_air
from digs.physics.distance import SOLAR_LUMINOSITY
from digs.physics.linear.wide_prior import RANGES

_C_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
_MILES = 2.54  # Angstrom, the populations' own FWHM in the rest frame
_BIRTH_CLOUDS = 0.01  # Gyr, during which stars light up gas
_DEPTH = 2.5 / np.log(10)  # mag of an optical depth of 1
_SPARE = 1.05  # of 1 + redshift, up to which Bagpipes makes its wavelengths
_SOLAR, _MEGAPARSEC = 3.826e33, 3.086e24  # erg / s and cm, in Bagpipes
_NEGLIGIBLE = 1e-4  # of the largest weight
_MISSED = 10.0  # nat, by which a peak is higher that should not have been missed
_CLIMB = 600  # calls of the likelihood
_STEP = 0.05  # of a parameter's range, at first
_DECADES = 10.0  # ratio of a range's ends, above which its logarithm is taken
_UNIT = 10.0  # log10 of the mass formed in solar masses, of which spectra are made
_IMPOSSIBLE = -1e99  # ln of the likelihood that Bagpipes gives to what it cannot make, or less


class BagpipesModel:
    """What Bagpipes is given of one galaxy.

    Args:
        galaxy: its spectrum and errors.
        resolution: lambda / d lambda of Bagpipes' wavelengths, of which there are two in each d lambda.
    Raises:
        DigsError: bagpipes is not installed.
    """

    def __init__(self, galaxy: ObservedGalaxy, resolution: float):
        need("bagpipes")
        with redirect_stdout(None):  # where it says what it does
            import bagpipes
            import spectres
            from bagpipes.fitting.fitted_model import fitted_model
            from spectres.spectral_resampling_numba import spectres_numba
        spectres.spectres = spectres_numba  # the same, compiled
        bagpipes.config.R_spec = resolution
        bagpipes.config.max_redshift = (1 + galaxy.redshift) * _SPARE - 1
        self.galaxy, self._utils = galaxy, bagpipes.utils
        self._covariance = LowRankCovariance(galaxy.sigma[galaxy.seen], galaxy.modes)
        flux, sigma, _ = galaxy.filled()
        self.air = vacuum_to_air(galaxy.rest) * (1 + galaxy.redshift)
        spectrum = np.column_stack([self.air, flux, sigma])
        observed = bagpipes.galaxy("galaxy", lambda _: spectrum, photometry_exists=False)
        self.fitted = fitted_model(observed, instructions(galaxy.redshift))

    def spectrum(self, values: np.ndarray) -> np.ndarray | None:
        """Return F_lambda in the pixels of a mass of 10^10, of parameters in the order of Bagpipes' `params`.

        It is None where Bagpipes cannot make it: of stars older than its universe.
        """
        with redirect_stdout(None), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            possible = self.fitted.lnlike(values) > _IMPOSSIBLE
        return self.fitted.model_galaxy.spectrum[:, 1].copy() if possible else None

    def mass_terms(self, spectrum: np.ndarray) -> MassTerms:
        """Return the likelihood as a function of the mass formed, of what `spectrum` gives."""
        galaxy = self.galaxy
        (square, inner), (_, data) = self._covariance.products(np.column_stack([spectrum, galaxy.flux])[galaxy.seen])
        found = 10.0**_UNIT * inner / square, 10.0**_UNIT / np.sqrt(square), (inner**2 / square - data) / 2
        return MassTerms(*(torch.tensor([each], dtype=torch.float64) for each in found))

    def log_likelihood(self, values: np.ndarray) -> float:
        """Return ln of the likelihood of Bagpipes' parameters, integrated over log10 of the mass."""
        spectrum = self.spectrum(values)
        if spectrum is None:
            return _IMPOSSIBLE
        return integral_over_logmass(self.mass_terms(spectrum), *RANGES["logmass"]).item()

    def made(self, values: np.ndarray, share: float) -> tuple[dict[str, float], np.ndarray]:
        """Return quantities by the names of QUANTITIES, and F_lambda in the pixels.

        Args:
            values: of Bagpipes' parameters.
            share: where the mass is in its distribution given these, between 0 and 1.
        """
        spectrum = self.spectrum(values)
        assert spectrum is not None  # as its likelihood is not 0
        terms = self.mass_terms(spectrum)
        logmass = draw_logmass(as_arrays(terms), *RANGES["logmass"], np.array([share]))[0]
        given, sfh = dict(zip(self.fitted.params, values, strict=True)), self.fitted.model_galaxy.sfh
        redshift, middle, utils = self.galaxy.redshift, len(self.galaxy.rest) // 2, self._utils
        further = added_to_logmass(redshift, np.interp(redshift, utils.z_array, utils.ldist_at_z))
        return {
            "logmass": logmass + further,
            "log_surviving_mass": float(sfh.stellar_mass) + logmass - _UNIT + further,
            "age": float(sfh.mass_weighted_age),
            "logzsol": float(np.log10(given["delayed:metallicity"])),
            "dust2": given["dust:Av"] / _DEPTH,
            "dispersion": stellar_dispersion(given["veldisp"], self.galaxy.fwhm[middle], self.galaxy.rest[middle]),
        }, 10 ** (logmass - _UNIT) * spectrum


def instructions(redshift: float) -> dict[str, Any]:
    """Return the model of a galaxy of a mass of 10^10 at a redshift, as Bagpipes takes it."""
    universe = float(WMAP9.age(redshift).to_value("Gyr"))
    linear = lambda ends: tuple(10.0 ** np.array(ends))
    return {
        "redshift": redshift,
        "veldisp": (1.0, 10.0 ** RANGES["logdispersion"][1]),
        "veldisp_prior": "log_10",
        "t_bc": _BIRTH_CLOUDS,
        "delayed": {
            "age": (RANGES["tage"][0], universe),
            "tau": linear(RANGES["logtau"]),
            "tau_prior": "log_10",
            "massformed": _UNIT,
            "metallicity": linear(RANGES["logzsol"]),
            "metallicity_prior": "log_10",
        },
        "dust": {"type": "Calzetti", "eta": 1.0, "Av": tuple(_DEPTH * np.array(RANGES["dust2"]))},
        "nebular": {
            "logU": RANGES["gas_logu"],
            "metallicity": linear(RANGES["gas_logz"]),
            "metallicity_prior": "log_10",
        },
    }


def added_to_logmass(redshift: float, megaparsecs: float) -> float:
    """Return what makes a log10 mass of Bagpipes one of digs, which has another cosmology and another Sun.

    Args:
        redshift: of the galaxy.
        megaparsecs: the luminosity distance that Bagpipes has.
    """
    ours = WMAP9.luminosity_distance(redshift).to_value("cm")
    return 2 * np.log10(ours / (_MEGAPARSEC * megaparsecs)) + np.log10(_SOLAR / SOLAR_LUMINOSITY)


def stellar_dispersion(added: float, fwhm: float, rest: float) -> float:
    """Return a galaxy's dispersion in km/s; 0 where the spectrograph alone is as broad.

    Args:
        added: what was added to the populations, in km/s.
        fwhm: of the spectrograph in Angstrom, in the rest frame.
        rest: where, in Angstrom.
    """
    square = lambda width: (width / _FWHM / rest * _C_KMS) ** 2
    return float(np.sqrt(max(added**2 + square(_MILES) - square(fwhm), 0.0)))


def as_bagpipes(theta: Mapping[str, float]) -> dict[str, float]:
    """Return a galaxy of digs, its dispersion among the columns, in the parameters of Bagpipes, without the mass."""
    return {
        "delayed:age": theta["tage"],
        "delayed:metallicity": 10 ** theta["logzsol"],
        "delayed:tau": 10 ** theta["logtau"],
        "dust:Av": _DEPTH * theta["dust2"],
        "nebular:logU": theta["gas_logu"],
        "nebular:metallicity": 10 ** theta["gas_logz"],
        "veldisp": 10 ** theta["logdispersion"],
    }


def climbed(model: BagpipesModel, start: np.ndarray) -> float:
    """Return ln of the likelihood at the top of the hill on which Bagpipes' parameters lie, by Nelder and Mead."""
    low, high = np.array(model.fitted.prior.limits).T
    logarithmic = (low > 0) & (high / np.maximum(low, _NEGLIGIBLE) > _DECADES)
    scaled = lambda values: np.log10(values, out=np.array(values, float), where=logarithmic)
    values = lambda x: np.clip(np.where(logarithmic, 10.0 ** np.minimum(x, _DECADES), x), low, high)
    ends, first = np.stack([scaled(low), scaled(high)]), scaled(np.clip(start, low, high))
    inwards = np.where(first > ends.mean(0), -_STEP, _STEP) * (ends[1] - ends[0])
    simplex = first + np.vstack([np.zeros(len(first)), np.diag(inwards)])
    options = {"initial_simplex": simplex, "maxfev": _CLIMB, "adaptive": True}
    found = minimize(lambda x: -model.log_likelihood(values(x)), first, method="Nelder-Mead", options=options)
    return -float(found.fun)


def bagpipes_answer(
    galaxy: ObservedGalaxy, start: Mapping[str, float], resolution: float, live: int, effective: int, seed: int
) -> CodeAnswer:
    """Return what Bagpipes finds, by nautilus.

    Args:
        galaxy: its spectrum and errors.
        start: a galaxy of digs, as of as_bagpipes, from which another way leads to a peak.
        resolution: as of BagpipesModel.
        live: points of nautilus.
        effective: draws, at least.
        seed: of nautilus.
    Raises:
        DigsError: bagpipes is not installed; or nautilus has missed a peak.
    """
    from nautilus import Sampler

    model = BagpipesModel(galaxy, resolution)
    first = int(stream(seed, "bagpipes").integers(2**31))
    transform, number = model.fitted.prior.transform, model.fitted.ndim
    sampler = Sampler(transform, model.log_likelihood, n_dim=number, n_live=live, n_networks=1, seed=first)
    sampler.run(n_eff=effective)
    values, log_weight, log_likelihood = sampler.posterior()
    guess = as_bagpipes(start)
    missed = climbed(model, np.array([guess[name] for name in model.fitted.params])) - log_likelihood.max()
    if missed > _MISSED:
        raise DigsError(
            f"nautilus missed a peak of Bagpipes that is {missed:.0f} nat higher than what it found; raise "
            "real_spectra.bagpipes.live in params.yaml."
        )
    weight = np.exp(log_weight - log_weight.max())
    counted = weight > _NEGLIGIBLE
    shares = stream(seed, "masses of bagpipes").random(int(counted.sum()))
    found = [model.made(*each)[0] for each in zip(values[counted], shares, strict=True)]
    _, spectrum = model.made(values[int(log_likelihood.argmax())], 0.5)
    draws = {name: np.array([each[name] for each in found]) for name in found[0]}
    return CodeAnswer.of(draws, weight[counted], spectrum, number + 1)

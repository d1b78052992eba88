"""pPXF (Cappellari 2023) with our populations: any history and any mix of metallicities, each of its own weight.

Weights of single populations are not negative, and smooth along ages and metallicities; each emission line has a flux
of its own; dust is as in our model, and the errors are the same covariance matrix. Uncertainties are the spread of fits
to spectra that are made of the best one and of such errors.
"""

import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from astropy import constants
from astropy.cosmology import WMAP9

from digs.base.random_streams import stream
from digs.inference.other_codes.brought_spectra import need
from digs.inference.other_codes.code_answer import CodeAnswer
from digs.inference.other_codes.observed_galaxy import ObservedGalaxy
from digs.physics.distance import dimming
from digs.physics.dust import calzetti
from digs.physics.linear.wide_prior import RANGES
from digs.physics.stored_populations import stored_populations

_C_KMS = constants.c.to_value("km / s")
_FWHM = 2 * np.sqrt(2 * np.log(2))  # of a Gaussian of dispersion 1
_YOUNGEST, _AGES = 1e-3, 4  # Gyr; every fourth of the stored ages, which are 0.05 dex apart
_V_BAND = (5070.0, 5950.0)  # Angstrom, in which populations have equal light, so that weights are smooth in light
_START = [0.0, 150.0]  # km/s, of the velocity and its dispersion
_EVEN = 1e-3  # largest relative difference of steps in ln lambda that are one
_NONLINEAR = 5  # parameters: velocities and dispersions of stars and gas, and dust
_MARGIN = 0.04  # of wavelengths beyond the pixels, for velocities


def write_populations_for_ppxf(path: Path) -> None:
    """Write our populations as pPXF's sps_util reads them: L_lambda in Lsun/Angstrom of one solar mass formed."""
    stored = stored_populations().product
    chosen = np.flatnonzero(stored["age"] >= 0.999 * _YOUNGEST)[::_AGES]
    wavelength = stored["wavelength"]
    hertz = constants.c.to_value("Angstrom / s") / wavelength**2  # of an Angstrom
    templates = stored["coefficients"][:, chosen].astype(float) @ stored["basis"].astype(float) * hertz
    np.savez(
        path,
        templates=templates.transpose(2, 1, 0),
        masses=stored["surviving_mass"][:, chosen].T,
        lam=wavelength,
        ages=stored["age"][chosen],
        metals=stored["logzsol"],
        fwhm=_FWHM * np.abs(stored["resolution"]) / _C_KMS * wavelength,
    )


class PPXFModel:
    """What pPXF is given of one galaxy.

    Args:
        galaxy: its spectrum and errors.
        regularisation: pPXF's `regul`; 0 for none.
    Raises:
        DigsError: ppxf is not installed.
    """

    def __init__(self, galaxy: ObservedGalaxy, regularisation: float):
        need("ppxf")
        from ppxf import ppxf_util, sps_util

        self.galaxy, self.regularisation = galaxy, regularisation
        flux, sigma, modes = galaxy.filled()
        rest = galaxy.rest
        self.scale = np.median(flux)
        steps = np.diff(np.log(rest))
        if np.abs(steps / steps.mean() - 1).max() < _EVEN:
            self.ln_rest, self.velscale = np.log(rest), _C_KMS * steps.mean()
            self.flux, variance, self.modes = flux, sigma**2, modes
        else:
            columns = np.column_stack([flux, sigma**2, modes])
            found, self.ln_rest, self.velscale = ppxf_util.log_rebin(rest, columns)
            self.flux, variance, self.modes = found[:, 0], found[:, 1], found[:, 2:]
        self.variance = variance
        lsf = {"lam": rest, "fwhm": galaxy.fwhm}
        universe = WMAP9.age(galaxy.redshift).to_value("Gyr")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "populations.npz"
            write_populations_for_ppxf(path)
            self.populations = sps_util.sps_lib(
                path,
                self.velscale,
                lsf,
                age_range=[0, universe],
                metal_range=RANGES["logzsol"],
                norm_range=_V_BAND,
                lam_range=[rest[0] * (1 - _MARGIN), rest[-1] * (1 + _MARGIN)],
            )
            with np.load(path) as file:
                rows = file["ages"] <= universe
                columns = (file["metals"] >= RANGES["logzsol"][0]) & (file["metals"] <= RANGES["logzsol"][1])
                self.surviving = file["masses"][rows][:, columns]
        self.shape = self.populations.templates.shape[1:]
        stars = self.populations.templates.reshape(len(self.populations.lam_temp), -1)
        with redirect_stdout(None):  # where it lists the lines
            gas, self.lines, _ = ppxf_util.emission_lines(
                self.populations.ln_lam_temp, [rest[0], rest[-1]], lsf, vacuum=True
            )
        self.templates = np.column_stack([stars, gas])
        self.is_gas = np.arange(self.templates.shape[1]) >= stars.shape[1]
        self.covariance = np.diag(self.variance) + self.modes @ self.modes.T

    def fit(self, flux: np.ndarray, start: Any = None) -> Any:
        """Return pPXF's solution for F_lambda in its own pixels.

        Args:
            flux: shape (pixels,).
            start: velocities and dispersions of stars and gas to start from.
        """
        from ppxf.ppxf import ppxf

        dust = {
            "start": [0.3],
            "bounds": [RANGES["dust2"]],
            "component": ~self.is_gas,
            "func": lambda wavelength, depth: np.exp(-depth * calzetti(wavelength)),
        }
        return ppxf(
            self.templates,
            flux / self.scale,
            self.covariance / self.scale**2,
            self.velscale,
            [_START, _START] if start is None else start,
            moments=[2, 2],
            degree=-1,
            component=self.is_gas.astype(int),
            gas_component=self.is_gas,
            gas_names=self.lines,
            lam=np.exp(self.ln_rest),
            lam_temp=self.populations.lam_temp,
            dust=[dust],
            regul=self.regularisation,
            reg_dim=self.shape,
            quiet=True,
        )

    def quantities(self, solution: Any) -> dict[str, float]:
        """Return the quantities of a solution, by the names of QUANTITIES."""
        weights = solution.weights[~self.is_gas].reshape(self.shape)
        mass = self.scale * weights / (self.populations.flux * dimming(self.galaxy.redshift))
        return {
            "logmass": np.log10(mass.sum()),
            "log_surviving_mass": np.log10((mass * self.surviving).sum()),
            "age": (mass * self.populations.age_grid).sum() / mass.sum(),
            "logzsol": (mass * self.populations.metal_grid).sum() / mass.sum(),
            "dust2": solution.dust[0]["sol"][0],
            "dispersion": solution.sol[0][1],
        }


def ppxf_answer(galaxy: ObservedGalaxy, regularisation: float, copies: int, seed: int) -> CodeAnswer:
    """Return what pPXF finds.

    Args:
        galaxy: its spectrum and errors.
        regularisation: as of PPXFModel.
        copies: made spectra, for the uncertainties.
        seed: of their noise.
    Raises:
        DigsError: ppxf is not installed.
    """
    model = PPXFModel(galaxy, regularisation)
    best = model.fit(model.flux)
    random = stream(seed, "ppxf")
    draws = []
    for _ in range(copies):
        error = np.sqrt(model.variance) * random.standard_normal(len(model.flux))
        error += model.modes @ random.standard_normal(model.modes.shape[1])
        draws.append(model.quantities(model.fit(best.bestfit * model.scale + error, best.sol)))
    # copies scatter around the best fit as that scatters around the truth
    middle = model.quantities(best)
    scattered = {name: np.array([each[name] for each in draws]) for name in middle}
    centred = {name: values + middle[name] - np.median(values) for name, values in scattered.items()}
    spectrum = np.interp(galaxy.rest, np.exp(model.ln_rest), best.bestfit * model.scale)
    return CodeAnswer.of(centred, np.ones(copies), spectrum, int((best.weights > 0).sum()) + _NONLINEAR)

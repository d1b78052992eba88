"""Spectra that the model cannot make: ways to be wrong, each with a strength; strength 0 changes nothing.

A corruption acts on the galaxy, on the observed flux or on the noise:

    power_law_dust, smc_dust  share of another attenuation curve in the mixture with Calzetti's, at the same depth at
                              5500 Angstrom: wavelength^-0.7 (Charlot & Fall 2000), or that of the SMC (Pei 1992, as
                              sedpy has it)
    redshift                  that is not corrected for (Prospector's spectra, from the product `redshifted`)
    tilt                      flux calibration that changes linearly over the wavelengths by this factor less 1
    ripple                    amplitude of a sine of five periods in the flux calibration
    spike                     one pixel too bright by this share of its flux, as a sky line leaves it
    dead_pixel                one pixel that has lost this share of its flux
    agn                       wavelength^-1.5 continuum (Vanden Berk et al. 2001, nu^-0.44), its flux at 5500 Angstrom
                              in units of the galaxy's
    correlated_noise          correlation of neighbouring pixels, of an autoregressive process with the same variance
    louder_noise              factor less 1 by which the noise is larger than assumed
    quieter_noise             factor less 1 by which it is smaller
    older                     Gyr by which the age exceeds that of the prior's galaxy
    burst                     share of the mass that formed at once, 0.1 Gyr ago, instead
    other_sps                 share of the spectra of Bruzual & Charlot in the mixture with FSPS's

The noise is a fraction of what is observed without it; a spike and a dead pixel come after the noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from sedpy import attenuation
from torch import Tensor

from digs.base import paths
from digs.base.errors import DigsError
from digs.config.theta import index
from digs.files.product import read_product
from digs.files.schemas.other_sps_schema import OTHER_SPS
from digs.files.schemas.redshifted_schema import REDSHIFTED
from digs.physics.histories.delayed_tau import DelayedTau
from digs.physics.histories.single_burst import SingleBurst
from digs.physics.noise import with_noise
from digs.physics.simulator import Simulator

OTHER_SPS_FILE = paths.DATA / "other_sps.h5"


REDSHIFTED_FILE = paths.DATA / "redshifted.h5"


LABELS = {  # as figures and tables call them, and the unit of the strength
    "power_law_dust": ("power-law dust", "share"),
    "smc_dust": ("SMC dust", "share"),
    "redshift": ("redshift", ""),
    "tilt": ("tilt of calibration", "end to end"),
    "ripple": ("ripple of calibration", "amplitude"),
    "spike": ("spike", "of pixel's flux"),
    "dead_pixel": ("dead pixel", "of pixel's flux"),
    "agn": ("AGN power law", "of flux at 5500 \N{ANGSTROM SIGN}"),
    "correlated_noise": ("correlated noise", "correlation"),
    "louder_noise": ("louder noise", "excess"),
    "quieter_noise": ("quieter noise", "excess assumed"),
    "older": ("older than the prior", "Gyr"),
    "burst": ("burst", "of mass"),
    "other_sps": ("other SPS", "share"),
}


_REFERENCE = 5500.0  # Angstrom


_DUST_SLOPE = 0.7


AGN_SLOPE = -1.5


_PERIODS = 5


BURST_AGE = 0.1  # Gyr


_DUST, _AGE = index("dust2"), index("tage")


@dataclass(frozen=True)
class Galaxies:
    """theta, shape (N, 5), the exact spectra, (N, pixels), and the simulator that they come from."""

    theta: Tensor
    flux: Tensor
    simulator: Simulator

    @classmethod
    def of(cls, theta: Tensor, simulator: Simulator) -> "Galaxies":
        """Return the galaxies of theta, shape (N, 5), with their exact spectra."""
        return cls(theta, simulator(theta), simulator)

    @property
    def wavelength(self) -> Tensor:
        """Return the wavelengths of the pixels in Angstrom, shape (pixels,)."""
        return self.simulator.wavelength


def other_dust(galaxies: Galaxies, curve: np.ndarray, strength: float) -> Tensor:
    """Return spectra behind a mixture of Calzetti's and another curve, shape (N, pixels).

    Args:
        galaxies: whose spectra have Calzetti's curve.
        curve: the other one, optical depth per unit of dust2, shape (pixels,).
        strength: its share in the mixture.
    """
    difference = torch.as_tensor(curve).to(galaxies.flux) - galaxies.simulator.curve
    return galaxies.flux * torch.exp(-strength * galaxies.theta[:, _DUST, None].to(galaxies.flux) * difference)


def _power_law_dust(galaxies: Galaxies, strength: float) -> Tensor:
    return other_dust(galaxies, attenuation.powerlaw(galaxies.wavelength.numpy(), alpha=_DUST_SLOPE), strength)


def _smc_dust(galaxies: Galaxies, strength: float) -> Tensor:
    return other_dust(galaxies, attenuation.smc(galaxies.wavelength.numpy().astype(float)), strength)


def _redshift(galaxies: Galaxies, strength: float) -> Tensor:
    if strength == 0:
        return galaxies.flux
    product = read_product(REDSHIFTED_FILE, REDSHIFTED)
    row = np.flatnonzero(np.isclose(product["redshift"], strength))
    known = torch.as_tensor(product["theta"][: len(galaxies.theta)])
    if not len(row) or known.shape != galaxies.theta.shape or not torch.allclose(known, galaxies.theta.double()):
        raise DigsError(
            f"{paths.shown(REDSHIFTED_FILE)} lacks these galaxies at redshift {strength:g}; add it to redshifted in "
            "params.yaml and run `dvc repro redshifted`."
        )
    return torch.as_tensor(product["flux"][row[0], : len(known)]).to(galaxies.flux)


def _place(wavelength: Tensor) -> Tensor:
    """From -1/2 at the first pixel to 1/2 at the last."""
    return (wavelength - wavelength[0]) / (wavelength[-1] - wavelength[0]) - 0.5


def _tilt(galaxies: Galaxies, strength: float) -> Tensor:
    return galaxies.flux * (1 + strength * _place(galaxies.wavelength))


def _ripple(galaxies: Galaxies, strength: float) -> Tensor:
    return galaxies.flux * (1 + strength * torch.sin(2 * torch.pi * _PERIODS * _place(galaxies.wavelength)))


def _agn(galaxies: Galaxies, strength: float) -> Tensor:
    reference = (galaxies.wavelength - _REFERENCE).abs().argmin()
    slope = (galaxies.wavelength / galaxies.wavelength[reference]) ** AGN_SLOPE
    return galaxies.flux + strength * galaxies.flux[:, reference, None] * slope


def _older(galaxies: Galaxies, strength: float) -> Tensor:
    theta = galaxies.theta.clone()
    theta[:, _AGE] += strength
    return galaxies.simulator(theta)


def single_burst(galaxies: Galaxies, age: float) -> Tensor:
    """Return spectra of the galaxies' masses, metallicities and dust if all stars had one age, shape (N, pixels).

    Args:
        galaxies: as of corrupted.
        age: of the stars, in Gyr.
    """
    theta = galaxies.theta.clone()
    theta[:, _AGE] = age
    columns = [index(name) for name in ("logmass", "logzsol", "dust2", "tage")]
    return Simulator(history=SingleBurst)(theta[:, columns]).to(galaxies.flux)


def _burst(galaxies: Galaxies, strength: float) -> Tensor:
    return torch.lerp(galaxies.flux, single_burst(galaxies, BURST_AGE), strength)


def _other_sps(galaxies: Galaxies, strength: float) -> Tensor:
    return torch.lerp(galaxies.flux, other_spectra(galaxies), strength)


def other_spectra(galaxies: Galaxies) -> Tensor:
    """Return spectra of the galaxies' theta, made of other simple stellar populations than FSPS's, shape (N, pixels).

    Args:
        galaxies: as of corrupted.
    """
    grid = read_product(OTHER_SPS_FILE, OTHER_SPS)
    nodes, flux = (torch.as_tensor(grid[name]).double() for name in ("logzsol", "flux"))
    logmass, logzsol, dust2, tage, logtau = galaxies.theta.double().unbind(1)
    fractions = DelayedTau(grid["age"], torch.float64)(tage, logtau)
    lower = (torch.searchsorted(nodes, logzsol.contiguous()) - 1).clamp(0, len(nodes) - 2)
    each = torch.einsum("na,zap->nzp", fractions, flux[:, : fractions.shape[1]])
    rows, share = torch.arange(len(lower)), ((logzsol - nodes[lower]) / (nodes[lower + 1] - nodes[lower]))[:, None]
    clear = torch.lerp(each[rows, lower], each[rows, lower + 1], share)
    attenuated = 10 ** logmass[:, None] * torch.exp(-dust2[:, None] * galaxies.simulator.curve.double()) * clear
    return attenuated.to(galaxies.flux)


def correlated(unit: Tensor, correlation: float) -> Tensor:
    """Return standard normal numbers whose neighbours along the last axis are correlated, from independent ones."""
    columns = [unit[..., 0]]
    for fresh in unit[..., 1:].unbind(-1):
        columns.append(correlation * columns[-1] + (1 - correlation**2) ** 0.5 * fresh)
    return torch.stack(columns, -1)


def scaled_pixel(flux: Tensor, factor: float, random: torch.Generator) -> Tensor:
    """Return spectra with one pixel each, any, multiplied by a factor."""
    pixel = torch.randint(flux.shape[1], (len(flux), 1), generator=random)
    return flux.scatter(1, pixel, flux.gather(1, pixel) * factor)


_OF_THE_FLUX: dict[str, Callable[[Galaxies, float], Tensor]] = {
    "power_law_dust": _power_law_dust,
    "smc_dust": _smc_dust,
    "redshift": _redshift,
    "tilt": _tilt,
    "ripple": _ripple,
    "agn": _agn,
    "older": _older,
    "burst": _burst,
    "other_sps": _other_sps,
}


_OF_THE_NOISE: dict[str, Callable[[Tensor, float], Tensor]] = {
    "correlated_noise": correlated,
    "louder_noise": lambda unit, strength: unit * (1 + strength),
    "quieter_noise": lambda unit, strength: unit / (1 + strength),
}


_OF_THE_PIXELS: dict[str, Callable[[float], float]] = {
    "spike": lambda strength: 1 + strength,
    "dead_pixel": lambda strength: 1 - strength,
}


def noiseless(kind: str, galaxies: Galaxies, strength: float) -> Tensor:
    """Return spectra with what is wrong about the galaxies or the flux calibration, shape (N, pixels).

    Args:
        kind: as of corrupted.
        galaxies: as of corrupted.
        strength: as of corrupted.
    Raises:
        DigsError: no corruption has that name, or the data that it needs are missing.
    """
    if kind not in LABELS:
        raise DigsError(f"There is no corruption '{kind}'; choose from: {', '.join(LABELS)}.")
    return _OF_THE_FLUX[kind](galaxies, strength) if kind in _OF_THE_FLUX else galaxies.flux


def corrupted(kind: str, galaxies: Galaxies, strength: float, fraction: float, random: torch.Generator) -> Tensor:
    """Return noisy spectra with something wrong, shape (N, pixels). With the same random numbers, so is the noise.

    Args:
        kind: one of LABELS; the module says what they are.
        galaxies: theta, exact spectra and simulator.
        strength: of the corruption, in the unit of its kind; 0 changes nothing.
        fraction: of the noise that one assumes, in units of the flux.
        random: source of all random numbers.
    Raises:
        DigsError: no corruption has that name, or the data that it needs are missing.

    Example:
        >>> import torch, digs
        >>> from digs.diagnostics import corrupted
        >>> from digs.diagnostics.corruptions import Galaxies
        >>> galaxies = Galaxies.of(torch.tensor([[10.5, -0.4, 0.6, 1.6, -0.9]]), digs.Simulator())
        >>> right = corrupted("spike", galaxies, 0.0, 0.05, torch.Generator().manual_seed(1))
        >>> wrong = corrupted("spike", galaxies, 0.5, 0.05, torch.Generator().manual_seed(1))
        >>> (wrong / right).max().item(), (wrong != right).sum().item()
        (1.5, 1)
    """
    flux = noiseless(kind, galaxies, strength)
    unit = torch.randn(flux.shape, generator=random, dtype=flux.dtype)
    if kind in _OF_THE_NOISE:
        unit = _OF_THE_NOISE[kind](unit, strength)
    observed = with_noise(flux, unit, fraction)
    return scaled_pixel(observed, _OF_THE_PIXELS[kind](strength), random) if kind in _OF_THE_PIXELS else observed

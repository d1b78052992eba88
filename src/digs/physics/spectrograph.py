r"""Galaxy spectra as any spectrograph sees them, from populations at their own resolution.

A galaxy of age T and e-folding time tau holds the fractions w_m of the SSPs (digs.physics.csp), and

    L(theta) = 10^logmass e^{-dust2 k} [ \sum_m w_m S_m(logzsol) + \sum_m w_m Q_m(logzsol) G_m(gas_logz, gas_logu) ]

with the stars S, the ionising photons Q and the gas G of a photon, at the native wavelengths. The spectrograph is a
matrix M on these (digs.physics.instrument), which comes after the dust. But the dust of a galaxy is e^{-dust2 k_p} at
the pixel times e^{-dust2 (k - k_p)} within the reach of the line-spread function around it, which is expanded:

    M e^{-dust2 k} (S + G)  ~  e^{-dust2 k_p} [ M (1 - d0 (k - k_p)) (S + G) - (dust2 - d0) M (k - k_p) G ]

to first order in the gas, whose lines are sharp, k being that at their centres; and for the stars, which are smooth, at
one fixed d0. So a spectrum is the product of a few hundred numbers and a matrix, which does not depend on theta.
"""

import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from astropy import constants
from torch import Tensor, nn

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.inputs import read_tensor, real_number
from digs.base.remedies import remedy
from digs.base.torch_state import building, undisturbed
from digs.config.model import Spectrum
from digs.config.theta import NAMES, index
from digs.files.product import Product, read_product
from digs.files.schemas.populations_schema import POPULATIONS
from digs.physics.csp import LOGTAU_DOMAIN, CSPWeights
from digs.physics.distance import dimming
from digs.physics.dust import calzetti
from digs.physics.gas import Gas
from digs.physics.gas_lines import line_profiles
from digs.physics.instrument import Instrument
from digs.physics.spectra import wavelength_grid

POPULATIONS_FILE = paths.DATA / "populations.h5"


GAS_NAMES = ("gas_logz", "gas_logu")  # the columns of theta that follow where the gas is free


GasKind = Literal["solar", "stars", "free"]


_LOG2E = math.log2(math.e)  # exp2 is faster than exp


_C_KMS = constants.c.to_value("km / s")


_LEAST_AGE = 1e-4  # Gyr


_ROUNDING = 1e-6


_DUST = 0.55  # d0: the middle of the prior's dust2


_FIXED_GAS = 1e-7  # of the gas of one metallicity: the least singular value that is kept, relative to the largest


_BANDWIDTH = 1e14  # Hz, over which a continuum counts as much as a line


class Spectrograph(nn.Module):
    """Noiseless spectra of delayed-tau galaxies on the pixels of an instrument, at a redshift.

    F_lambda is in erg/s/cm^2/Angstrom in the observed frame, at the luminosity distance of the redshift (WMAP9).
    It is a torch module: it has gradients with respect to theta, and can be moved to a GPU.

    Args:
        instrument: by default the one that is stored with the populations.
        redshift: of all galaxies, above 0; by default that which is stored with the populations.
        gas: its metallicity: "solar", "stars" (that of the stars), or "free": theta has two more columns, gas_logz and
            gas_logu, and values beyond FSPS's tables count as the tables' ends. By default as stored.
        path: the populations; by default the tracked ones.
        dtype: of the arithmetic, torch.float32 or torch.float64.
    Raises:
        DigsError: the populations are missing or damaged, or the instrument sees beyond them at this redshift; another
            argument is not one of these.
    """

    WORK = 2**20  # pixels at a time, so that what comes between stays in the processor's cache

    def __init__(
        self,
        instrument: Instrument | None = None,
        redshift: float | None = None,
        gas: GasKind | None = None,
        path: Path | str = POPULATIONS_FILE,
        dtype: torch.dtype = torch.float32,
    ):
        if dtype not in (torch.float32, torch.float64):
            raise DigsError(f"The simulator cannot compute in {dtype}; choose torch.float32 or torch.float64.")
        super().__init__()
        populations = read_product(path := Path(path), POPULATIONS)
        try:
            self.sps_label: str = populations.attributes["sps_label"]
            stored = populations.attributes["parameters"]
            spectrum, logu = Spectrum(**stored["spectrum"]), float(stored["gas_logu"])
            self.gas_kind = stored["gas"] if gas is None else gas
        except KeyError as error:
            advice = remedy("run `dvc repro populations`")
            raise DigsError(f"{paths.shown(path)} lacks the attribute {error}; {advice}.") from None
        if self.gas_kind not in ("solar", "stars", "free"):
            raise DigsError(f"The gas is {gas!r}; give 'solar', 'stars' or 'free'.")
        self.instrument = stored_instrument(spectrum) if instrument is None else instrument
        self.redshift = spectrum.zred if redshift is None else real_number(redshift, "The redshift", 0.0)
        if not self.redshift > 0:
            raise DigsError("The redshift is 0, at which there is no luminosity distance; give one above 0.")
        self.names = (*NAMES, *GAS_NAMES) if self.gas_kind == "free" else NAMES
        with building():
            self._build(populations, logu, dtype)

    def _build(self, populations: Product, logu: float, dtype: torch.dtype) -> None:
        stars, lines, continuum, curve = _responses(self.instrument, self.redshift, populations)
        seen = lines[0].max(0) > 0
        gas = [np.concatenate([line[:, seen], rest], 1).T for line, rest in zip(lines, continuum, strict=True)]
        self.gas = Gas(populations, seen, torch.float64)
        self.weights = CSPWeights(populations["age"], torch.float64)
        mixed = self.weights.components.numpy()
        components = np.einsum("cm,zmr->zcr", mixed, populations["coefficients"].astype(float))
        young = self.gas.young
        photons = mixed[:, :young] * populations["photons"][:, None, :young] @ self.gas.together.numpy()
        if self.gas_kind == "solar":
            ages = photons.shape[-1]
            zero = torch.zeros(ages, dtype=torch.float64)
            table = self.gas.emission(torch.eye(ages, dtype=torch.float64), zero, zero + logu).numpy()
            scale = np.append(np.ones(int(seen.sum())), np.full(continuum[0].shape[1], _BANDWIDTH))
            left, strength, right = np.linalg.svd(table * scale, full_matrices=False)
            rank = int((strength > _FIXED_GAS * strength[0]).sum())
            photons = photons @ (left[:, :rank] * strength[:rank])
            gas = [right[:rank] / scale @ response for response in gas]
        self.folded = self.pixels <= components.shape[-1]
        if self.folded:  # the pixels of all components at once
            components = components @ stars.T
            if self.gas_kind == "solar":
                components += photons @ gas[0]
        self.tail = photons.shape[-1]
        second = [] if self.folded else [stars.T]
        second += gas[1:] if self.folded and self.gas_kind == "solar" else gas
        constants = {
            "wavelength": self.instrument.wavelength,
            "logzsol": populations["logzsol"],
            "curve": curve,
            "first": np.concatenate([components, photons], -1),  # metallicities by components by what follows
            "second": np.concatenate(second),  # by pixels
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.as_tensor(value, dtype=dtype).contiguous(), persistent=False)
        self.weights.to(dtype)
        self.gas.to(dtype)
        self.dimming = dimming(self.redshift)
        self.logu = logu
        domain = {
            "logzsol": (populations["logzsol"][0], populations["logzsol"][-1]),
            "dust2": (0.0, math.inf),
            "tage": (_LEAST_AGE, populations["age"][-1]),
            "logtau": LOGTAU_DOMAIN,
        }
        ends = torch.tensor([domain.get(name, (-math.inf, math.inf)) for name in self.names], dtype=dtype).T
        # single precision may round a prior's edge outwards
        self.register_buffer("domain", ends + _ROUNDING * torch.tensor([[-1.0], [1.0]]), persistent=False)

    @property
    def pixels(self) -> int:
        """Return how many pixels the spectra have."""
        return self.instrument.pixels

    @undisturbed()
    def forward(self, theta: Any) -> Tensor:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (N, pixels), of theta, shape (N, 5) or, gas free, (N, 7).

        Args:
            theta: a tensor, array or list, ordered and in units as digs.PARAMETERS, then gas_logz and gas_logu.
        Raises:
            DigsError: theta has another shape or a unit, is not finite, or lies outside the populations.
        """
        theta = read_tensor(theta, "The values of theta").to(self.first)
        self._check(theta)
        if not len(theta):
            return theta.new_empty(0, self.pixels)
        order = torch.argsort(theta[:, index("logzsol")])  # neighbours share SSPs
        size = max(64, self.WORK // self.pixels)
        parts = [self._spectra(theta.index_select(0, rows)) for rows in order.split(size)]
        place = torch.empty_like(order).scatter_(0, order, torch.arange(len(order), device=order.device))
        return torch.cat(parts).index_select(0, place)

    def _spectra(self, theta: Tensor) -> Tensor:
        """Spectra of theta, ascending in logzsol."""
        logmass, logzsol, dust2, tage, logtau = theta[:, : len(NAMES)].unbind(1)
        amounts, which = self.weights.amounts(tage, logtau)
        lower = torch.searchsorted(self.logzsol, logzsol.detach().contiguous())
        lower = lower.sub_(1).clamp_(0, len(self.logzsol) - 2)
        left, right = self.logzsol[lower], self.logzsol[lower + 1]
        scale = 10.0**logmass * self.dimming / (amounts @ self.weights.mass[which] * (right - left))
        poor, rich = (amounts * (scale * share)[:, None] for share in (right - logzsol, logzsol - left))
        nodes, counts = (part.tolist() for part in torch.unique_consecutive(lower, return_counts=True))
        groups = zip(nodes, poor.split(counts), rich.split(counts), strict=True)
        sums = torch.cat(
            [torch.addmm(a @ self.first[node, which], b, self.first[node + 1, which]) for node, a, b in groups]
        )
        stars, gas = sums.split([sums.shape[1] - self.tail, self.tail], 1)
        if self.gas_kind == "stars":
            gas = self.gas.emission(gas, logzsol, torch.full_like(logzsol, self.logu))
        elif self.gas_kind == "free":
            gas = self.gas.emission(gas, *theta[:, len(NAMES) :].unbind(1))
        parts = [] if self.folded and self.gas_kind == "solar" else [gas]
        parts.append(gas * (_DUST - dust2)[:, None])
        if self.folded:
            spectra = torch.addmm(stars, torch.cat(parts, 1), self.second)
        else:
            spectra = torch.cat([stars, *parts], 1) @ self.second
        return spectra * (dust2[:, None] * (-_LOG2E * self.curve)).exp2()

    def _check(self, theta: Tensor) -> None:
        if theta.ndim != 2 or theta.shape[1] != len(self.names):
            raise DigsError(
                f"theta has shape {tuple(theta.shape)}, not (N, {len(self.names)}): {', '.join(self.names)}."
            )
        low, high = self.domain
        bad = ~((theta >= low) & (theta <= high) & torch.isfinite(theta))
        if bool(bad.any()):
            row, place = bad.nonzero()[0].tolist()
            raise DigsError(
                f"theta has {self.names[place]} = {theta[row, place]:g} in row {row}; the simulator wants finite "
                f"values in [{low[place]:g}, {high[place]:g}]."
            )


def stored_instrument(spectrum: Spectrum) -> Instrument:
    """Return the instrument of a section `spectrum`: pixels at which a smoothed spectrum is sampled."""
    sigma = spectrum.smoothing if spectrum.smoothing_type == "vel" else _C_KMS / spectrum.smoothing
    return Instrument(wavelength_grid(spectrum), sigma_kms=sigma, integrate=False)


def _responses(instrument: Instrument, redshift: float, populations: Product) -> tuple:
    """Pixels by components of the stars; of lines and continuum the same, and their change with dust; k at the pixels.

    All have the dust d0 within the line-spread function, relative to that at the pixel.
    """
    native, centres = populations["wavelength"], populations["line_wavelength"]
    curve, line_curve = calzetti(native), calzetti(centres)
    pixel_curve = calzetti(instrument.rest_wavelength(redshift))
    response = instrument.response(native, populations["resolution"], redshift)
    dust, pixel_dust = np.exp(-_DUST * curve)[:, None], np.exp(_DUST * pixel_curve)[:, None]
    stars = response @ (populations["basis"].T * dust) * pixel_dust
    shape = populations["continuum_shape"].T * dust
    continuum = response @ shape * pixel_dust
    continuum_change = response @ (shape * curve[:, None]) * pixel_dust - pixel_curve[:, None] * continuum
    lines = instrument.line_response(centres, redshift)
    if lines is None:
        lines = response @ line_profiles(native, centres, populations["line_sigma"]).T
    lines = lines * np.exp(-_DUST * line_curve) * pixel_dust
    change = lines * (line_curve - pixel_curve[:, None])
    return stars, (lines, change), (continuum, continuum_change), pixel_curve

"""Galaxies on any instrument, from populations at their own resolution, against Prospector. Needs SPS_HOME.

Prospector smooths on a grid in ln lambda of about as many points as FSPS has wavelengths, from which it interpolates to
the pixels. In the wings of lines at 150 km/s that grid is too coarse for a comparison to 0.5%. So the bars are for
Prospector with points added between FSPS's wavelengths, on straight lines, which changes nothing but its grid. The
differences from Prospector as it runs are recorded beside these.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from digs.base.progress import progress
from digs.base.random_streams import generator
from digs.config.model import NebularGas, Spectrum
from digs.config.params import Params
from digs.config.theta import index
from digs.physics.instrument import Instrument
from digs.physics.prior import Prior
from digs.physics.simulator import GasKind, Simulator
from digs.physics.spectra import f_lambda, wavelength_grid
from digs.sps.prospector import FREE, JANSKY_CGS, MAGGIE_JANSKY, Prospector, model_parameters

GAS_RANGES = ((-2.0, 0.5), (-4.0, -1.0))  # of gas_logz and gas_logu where they are free; FSPS's lowest gas_logz is -1.3


_DIVISIONS = 4  # of each interval between FSPS's wavelengths, for Prospector's smoothing


_TAIL = 0.999  # of all pixels: what the tail is


KINDS: tuple[GasKind, ...] = ("solar", "stars", "free")


@dataclass(frozen=True)
class Setting:
    """Pixels at which spectra are sampled, in Angstrom in the observed frame; dispersion in km/s; redshift."""

    wavelength: np.ndarray
    sigma_kms: float
    redshift: float


def settings(spectrum: Spectrum) -> dict[str, Setting]:
    """Return the spectrographs of the comparison: the fiducial one, and others like SDSS's and NIRSpec's prism."""
    return {
        "fiducial": Setting(wavelength_grid(spectrum), spectrum.smoothing, spectrum.zred),
        "sdss": Setting(np.geomspace(3800.0, 9200.0, 3800), 150.0, 0.08),
        "nirspec": Setting(np.linspace(1.1e4, 2.85e4, 700), 1270.0, 2.0),
    }


def with_gas(theta: torch.Tensor, seed: int) -> torch.Tensor:
    """Return theta, (N, 5), with gas_logz and gas_logu drawn from GAS_RANGES, (N, 7)."""
    low, high = torch.tensor(GAS_RANGES, dtype=theta.dtype).T
    unit = torch.rand(len(theta), 2, generator=generator(seed, "gas"), dtype=theta.dtype)
    return torch.cat([theta, low + (high - low) * unit], 1)


class ProspectorAnywhere:
    """Prospector's SpecModel at any pixels, dispersion and redshift, with gas of its own.

    Args:
        spectrum: what the settings do not say.
        prospector: whose FSPS is used, as there is one for all.
    """

    def __init__(self, spectrum: Spectrum, prospector: Prospector):
        self.spectrum, self.prospector = spectrum, prospector

    def __call__(self, setting: Setting, theta: Iterable[float], gas_logz: float, gas_logu: float) -> np.ndarray:
        """Return F_lambda in erg/s/cm^2/Angstrom, shape (2, pixels), of theta, shape (5,).

        The first is smoothed on the finer grid, the second as Prospector runs.
        """
        from prospect.models import SpecModel

        class Smoothed(SpecModel):
            def smoothspec(self, wave: np.ndarray, spec: np.ndarray) -> np.ndarray:
                self.as_it_runs = super().smoothspec(wave, spec)
                return super().smoothspec(_divided(wave), _divided(spec))

        description = model_parameters(self.spectrum, NebularGas(metallicity="solar", logu=gas_logu))
        values = {"zred": setting.redshift, "sigma_smooth": setting.sigma_kms, "gas_logz": gas_logz}
        description.update({name: {"N": 1, "isfree": False, "init": value} for name, value in values.items()})
        model = Smoothed(description)
        vector, own = np.empty(len(FREE)), self.prospector.vector(np.asarray(theta))
        places = [self.prospector.model.theta_index[free].start for free in FREE]
        vector[[model.theta_index[free].start for free in FREE]] = own[places]
        observation: dict[str, Any] = {"wavelength": setting.wavelength, "spectrum": None, "filters": None}
        maggies, _, _ = model.predict(vector, obs=observation, sps=self.prospector.sps)
        both = np.stack([maggies, model.as_it_runs])
        return f_lambda(setting.wavelength, both * MAGGIE_JANSKY * JANSKY_CGS)


def _divided(values: np.ndarray) -> np.ndarray:
    """Values with more between neighbours, on straight lines."""
    place = np.arange((len(values) - 1) * _DIVISIONS + 1) / _DIVISIONS
    return np.interp(place, np.arange(len(values)), values)


def differences(
    path: Path, theta: torch.Tensor, spectrum: Spectrum, logu: float, prospector: Prospector
) -> dict[str, dict[str, np.ndarray]]:
    """Return relative differences from Prospector, shape (2, N, pixels), by instrument and kind of gas.

    The first are those on the finer grid, the second those from Prospector as it runs.

    Args:
        path: the populations.
        theta: of with_gas, (N, 7).
        spectrum: the fiducial pixels, dispersion and redshift.
        logu: of the gas where it is not free.
        prospector: on any pixels.
    """
    reference, order = ProspectorAnywhere(spectrum, prospector), torch.argsort(theta[:, index("logzsol")])
    found: dict[str, dict[str, np.ndarray]] = {}
    chosen = {
        "solar": lambda row: (0.0, logu),
        "stars": lambda row: (float(row[index("logzsol")]), logu),
        "free": lambda row: (float(row[-2]), float(row[-1])),
    }
    work = [(name, kind) for name in settings(spectrum) for kind in KINDS]
    expected = {each: np.empty((2, len(theta), len(settings(spectrum)[each[0]].wavelength))) for each in work}
    # galaxy by galaxy in the order of metallicity, as FSPS takes seconds for each change between its own
    for row in progress(order.tolist(), desc="Prospector", unit="galaxy"):
        for name, kind in work:
            setting, own = settings(spectrum)[name], theta[row].numpy()
            expected[name, kind][:, row] = reference(setting, own[:5], *chosen[kind](own))
    for name, kind in work:
        setting = settings(spectrum)[name]
        instrument = Instrument(setting.wavelength, sigma_kms=setting.sigma_kms, integrate=False)
        simulator = Simulator(instrument, setting.redshift, kind, path=path)
        flux = simulator(theta[:, : len(simulator.names)]).double().numpy()
        found.setdefault(name, {})[kind] = np.abs(flux / expected[name, kind] - 1)
    return found


def agreement(path: Path, params: Params) -> dict:
    """Return the numbers of instruments.json: median, tail and worst differences from Prospector.

    Args:
        path: the populations.
        params: with the section instruments.
    """
    own = params.instruments
    theta = Prior.over(params.prior).sample(own.galaxies, generator(own.seed, "galaxies")).double()
    found = differences(
        path, with_gas(theta, own.seed), params.spectrum, params.gas.logu, Prospector(params.spectrum, params.gas)
    )
    numbers, as_it_runs = (
        {name: {kind: summary(each[which]) for kind, each in kinds.items()} for name, kinds in found.items()}
        for which in (0, 1)
    )
    each = [summary for kinds in numbers.values() for summary in kinds.values()]
    passed = all(one["median"] <= own.median_bar and one["tail"] <= own.tail_bar for one in each)
    bars = {"median_bar": own.median_bar, "tail_bar": own.tail_bar}
    return {
        "galaxies": own.galaxies,
        "tail_share": _TAIL,
        "agreement": numbers,
        "prospector_as_it_runs": as_it_runs,
        **bars,
        "passed": passed,
    }


def summary(difference: np.ndarray) -> dict[str, float]:
    """Return median, tail and worst value."""
    return {
        "median": float(np.median(difference)),
        "tail": float(np.quantile(difference, _TAIL)),
        "worst": float(difference.max()),
    }

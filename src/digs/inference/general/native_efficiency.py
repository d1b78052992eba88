"""How efficient a general network's draws are, weighted by the likelihood on the pixels of spectra."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from digs.base.progress import progress
from digs.base.random_streams import generator, stream
from digs.base.statistics import efficiency
from digs.exact.normal.moments import CoefficientMoments
from digs.exact.normal.normal_equations import NormalEquations
from digs.exact.normal.nuisances import Nuisances, covariance_modes, relative_modes
from digs.exact.normal.spectrum_density import DISPERSION, SpectrumDensity
from digs.inference.general.general_network import GeneralNetwork
from digs.inference.general.wiener_summary import Sight, summary_of
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.linear.wide_prior import RANGES, WidePrior

_LEVEL = 1e-17  # erg/s/cm2/Angstrom, the mean flux of spectra


@dataclass(frozen=True)
class Observatory:
    """Spectra of random galaxies on one spectrograph, and their densities.

    instrument: pixels and line-spread function.
    redshift: of all galaxies.
    nodes: how many dispersions the likelihood is interpolated between.
    """

    instrument: Instrument
    redshift: float
    nodes: int

    def prepare(self) -> Callable[[float, int, int], tuple[np.ndarray, Sight, SpectrumDensity, Tensor]]:
        """Return what makes a spectrum: of signal-to-noise per 40 Angstrom, a seed and a number.

        Its result: the flux; how it is observed; the density; theta.
        """
        every, nuisances = SpectrumCoefficients(free_gas=True), Nuisances()
        moments = CoefficientMoments.of(every)
        prior = WidePrior((*every.names, DISPERSION), self.redshift)
        dispersions = np.linspace(*RANGES["logdispersion"], self.nodes)
        models = [LinearModel.of(self.instrument, self.redshift, 10**each) for each in dispersions]
        window = 40.0 / np.gradient(self.instrument.wavelength)

        def spectrum(signal: float, seed: int, number: int) -> tuple[np.ndarray, Sight, SpectrumDensity, Tensor]:
            random = stream(seed, "galaxies", f"{signal:g}/{number}".encode())
            theta = prior.sample(1, generator(seed, f"theta of {signal:g}/{number}"))
            model = LinearModel.of(self.instrument, self.redshift, 10 ** theta[0, -1].item())
            own = every.with_lines(model.lines)(theta[:, :-1])[0].numpy()
            true = model.matrix @ own
            theta[0, 0] = np.log10(_LEVEL / true.mean())
            own, true = own * (_LEVEL / true.mean()), true * (_LEVEL / true.mean())
            rest = model.wavelength
            modes = covariance_modes(true, relative_modes(nuisances, rest), rest, self.redshift, nuisances)
            strong = moments.strong(model.lines) * nuisances.lines * own[every.shapes :]
            lines = model.matrix[:, every.shapes :] @ (strong * random.standard_normal(len(strong)))
            sigma = np.sqrt(np.median(true) * np.maximum(true, 0.1 * np.median(true)) * window) / signal
            flux = true + modes @ random.standard_normal(modes.shape[1]) + lines
            flux += sigma * random.standard_normal(len(true))
            equations = NormalEquations.of(flux, sigma, models, moments, nuisances)
            density = SpectrumDensity(equations, every, prior)
            return flux, Sight(self.instrument, self.redshift, sigma), density, theta

        return spectrum


@torch.no_grad()
def native_efficiencies(
    network: GeneralNetwork, observatory: Observatory, signal: float, galaxies: int, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the efficiency of each galaxy, (galaxies,), and the weighted rank of the truth, (galaxies, columns).

    Args:
        network: whose draws are weighted.
        observatory: of the spectra.
        signal: signal-to-noise per 40 Angstrom.
        galaxies: how many.
        draws: of each.
        seed: of all.
    """
    spectrum, shares, ranks = observatory.prepare(), [], []
    for number in progress(range(galaxies), desc=f"Signal-to-noise {signal:g}", unit="galaxy"):
        flux, sight, density, theta = spectrum(signal, seed, number)
        features = torch.from_numpy(summary_of(flux, sight, network.components))[None]
        found, log_q = network.draws(features, [density], draws, seed, [f"{number}".encode()])
        log_weight = density(found[0]) - log_q[0]
        shares.append(efficiency(log_weight[None]).item())
        weight = torch.softmax(log_weight, 0)
        ranks.append(((found[0] < theta) * weight[:, None]).sum(0).numpy())
    return np.array(shares), np.array(ranks)

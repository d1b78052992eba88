"""What `python -m digs.check` looks at: the files, the physics, and posteriors that are known."""

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, PackagePath, distribution

import numpy as np
import torch

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.random_streams import generator
from digs.base.remedies import remedy
from digs.config.theta import NAMES
from digs.inference.general.general_network import stored_general_network
from digs.inference.infer import infer
from digs.inference.network_inference import TRUSTED
from digs.inference.posterior import FIDUCIAL, Posterior
from digs.inference.results.galaxy_draws import OUTSIDE
from digs.observations.spectrum import Spectrum
from digs.physics.instrument import Instrument
from digs.physics.linear.linear_model import LinearModel
from digs.physics.linear.spectrum_coefficients import SpectrumCoefficients
from digs.physics.noise import add_noise
from digs.physics.simulator import Simulator
from digs.physics.stored_populations import stored_populations

_SEED = 1
_THETA = (10.5, -0.4, 0.6, 5.0, 0.2)  # of the galaxy whose posteriors are known, with solar gas
_REDSHIFT, _SIGMA_KMS, _NOISE = 0.05, 200.0, 0.05
_RELATIVE = 1e-3  # difference of two ways to the same spectrum, in the worst pixel
_SHIFT, _WIDER = 0.3, 0.25  # of medians, in half-widths, and of half-widths, relative: what few draws leave uncertain
_MIDDLE = (0.16, 0.5, 0.84)
# medians and half-widths, by 5300 effective draws of the spectrum's and 20 000 of the array's
SPECTRUM = {
    "logmass": (10.501, 0.088),
    "logzsol": (-0.146, 0.283),
    "dust2": (0.566, 0.139),
    "logtau": (0.086, 0.280),
    "gas_logz": (-0.014, 0.060),
}
ARRAY = {
    "logmass": (10.453, 0.025),
    "logzsol": (-0.596, 0.184),
    "dust2": (0.670, 0.065),
    "tage": (3.571, 0.413),
    "logtau": (-0.028, 0.063),
}


def check_files() -> str:
    """Return what there is, in a sentence.

    Raises:
        DigsError: a file is missing, or not what was installed.
    """
    files = list(_installed_files())
    for file in files:
        path = file.locate()
        if not path.is_file():
            raise DigsError(f"{path} is missing; {_again()}.")
        digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, path.read_bytes()).digest()).rstrip(b"=").decode()
        if digest != file.hash.value:
            raise DigsError(f"{path} is not what was installed; {_again()}.")
    stored = stored_populations()
    where = f"{len(files)} files as installed" if files else f"those of {paths.DATA}"
    return f"{where}; populations of {stored.label}"


def _again() -> str:
    return remedy("fetch it again with `dvc checkout`")


def _installed_files() -> Iterator[PackagePath]:
    """The package's files by the record of its installation; none where digs is that of a checkout."""
    try:
        files = distribution("digs").files or ()
    except PackageNotFoundError:
        return
    for file in files:
        if file.hash and paths.DATA.parent in file.locate().resolve().parents:
            yield file


def check_networks() -> str:
    """Return which networks there are, in a sentence.

    Raises:
        DigsError: one is missing or damaged.
    """
    Posterior.load(FIDUCIAL)
    components = len(stored_general_network().components.components)
    return f"'{FIDUCIAL}' for the paper's pixels, and one with {components} components for all others"


def check_physics() -> str:
    """Return how well two ways to the same spectrum agree, in a sentence.

    Raises:
        DigsError: they do not.
    """
    instrument = _instrument()
    theta = torch.tensor([[*_THETA, 0.0, -2.0]], dtype=torch.float64)
    model = LinearModel.of(instrument, _REDSHIFT)
    by_shapes = model.flux(SpectrumCoefficients(free_gas=True).with_lines(model.lines), theta)
    by_populations = Simulator(instrument, _REDSHIFT, "free", dtype=torch.float64)(theta)
    worst = float((by_shapes / by_populations - 1).abs().max())
    if not worst < _RELATIVE:
        raise DigsError(
            f"A sum of shapes and a sum of populations give spectra that differ by {worst:.1e}, where {_RELATIVE:.0e} "
            f"is the most; {_again()}."
        )
    return f"a sum of shapes and a sum of populations give the same spectrum to {worst:.1e}"


def check_spectrum() -> str:
    """Return how near the posterior of a spectrum is to the known one, in a sentence.

    Raises:
        DigsError: it is not near enough.
    """
    found = infer(made_spectrum(), draws=1000, seed=_SEED, dispersion=0.0, effective=500)
    if found.verdict[0] == OUTSIDE:
        raise DigsError(f"A spectrum of the model is said to be outside of it: {found.reason[0]}.")
    quantiles = dict(zip(found.names, found.quantiles(_MIDDLE)[0].T, strict=True))
    return f"{found.verdict[0]}; {_compared(quantiles, SPECTRUM)}"


def check_array() -> str:
    """Return how near the posterior by the network `fiducial` is to the known one, in a sentence.

    Raises:
        DigsError: it is not near enough.
    """
    found = infer(made_array(), draws=1000, seed=_SEED)
    if found.verdict[0] != TRUSTED:
        raise DigsError(f"A spectrum of the model is {found.verdict[0]}: {found.reason[0]}.")
    quantiles = dict(zip(NAMES, np.quantile(found.draws[0], _MIDDLE, axis=0).T, strict=True))
    return f"{found.verdict[0]}; {_compared(quantiles, ARRAY)}"


def made_spectrum() -> Spectrum:
    """Return the spectrum whose posterior is known."""
    instrument = _instrument()
    flux = Simulator(instrument, _REDSHIFT, "solar", dtype=torch.float64)([_THETA])
    noisy = add_noise(flux, generator(_SEED, "check"), _NOISE)[0].numpy()
    return Spectrum(instrument.wavelength, noisy, _NOISE * flux[0].numpy(), redshift=_REDSHIFT, sigma_kms=_SIGMA_KMS)


def made_array() -> torch.Tensor:
    """Return the spectrum on the paper's pixels whose posterior is known, shape (1, 138)."""
    return add_noise(Simulator()([_THETA]), generator(_SEED, "check"))


def _instrument() -> Instrument:
    return Instrument(np.geomspace(4000.0, 7000.0, 300), sigma_kms=_SIGMA_KMS)


def _compared(quantiles: dict[str, np.ndarray], known: dict[str, tuple[float, float]]) -> str:
    """That medians and half-widths are the known ones, in words."""
    shift = widening = 0.0
    for name, (median, half_width) in known.items():
        low, middle, high = quantiles[name]
        shift = max(shift, abs(middle - median) / half_width)
        widening = max(widening, abs((high - low) / 2 / half_width - 1))
    words = f"medians within {shift:.2f} half-widths of the known ones, half-widths within {widening:.0%}"
    if not (shift < _SHIFT and widening < _WIDER):
        raise DigsError(f"A known posterior comes out otherwise: {words}.")
    return words


CHECKS = {
    "files": check_files,
    "networks": check_networks,
    "physics": check_physics,
    "posterior of a spectrum": check_spectrum,
    "posterior on the paper's pixels": check_array,
}

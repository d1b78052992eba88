"""The general network as others use it: from a spectrum to draws of theta, and the density that they come with."""

import hashlib
import json
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from digs.base import paths
from digs.base.errors import DigsError
from digs.base.random_streams import normal_numbers
from digs.base.remedies import remedy
from digs.base.torch_state import building
from digs.config.model import Architecture
from digs.exact.normal.spectrum_density import DISPERSION, SpectrumDensity
from digs.files.atomic import replacing
from digs.flows.flow import DRAWS_AT_ONCE, copied, padded
from digs.flows.mass_and_dust import TruncatedNormal
from digs.inference.general.galaxy_components import GalaxyComponents
from digs.inference.general.general_flow import GeneralFlow
from digs.inference.general.general_pairs import LEARNED
from digs.physics.linear.wide_prior import RANGES

FORMAT = "digs/general-network/1"


NETWORK_FILE = paths.DATA / "general_network.safetensors"


_LN10 = math.log(10.0)


_AGE = -4  # the place of log10 of the universe's age among the features (digs.inference.general.wiener_summary)


_INSIDE = 1e-12  # of the unit cube's sides, that draws keep from its surface


class GeneralNetwork:
    """Draws of theta for spectra of any spectrograph.

    Args:
        flow: trained.
        components: that its features are made of.
        record: what else its file says.
    """

    def __init__(self, flow: GeneralFlow, components: GalaxyComponents, record: dict[str, Any] | None = None):
        self.flow, self.components, self.record = flow.eval().requires_grad_(False), components, record or {}
        self._transform = self.flow.sampler()

    @torch.no_grad()
    def draws(
        self, features: Tensor, densities: Sequence[SpectrumDensity], number: int, seed: int, keys: Sequence[bytes]
    ) -> tuple[Tensor, Tensor]:
        """Return theta, (N, number, columns), and ln of the density that they come with, (N, number), float64.

        The mass is that of the exact density given all else, normal and cut by the prior; where M is less certain, its
        prior, uniform in ln M, is left to the weights. They are `density(theta) - log_q`; where the density's prior is
        narrower than digs.physics.linear.wide_prior, some draws lie outside and have no weight. A galaxy's draws are
        the same to the bit in any company; more of them begin with the same ones, but for rounding.

        Args:
            features: of summary_of, shape (N, features).
            densities: of each spectrum, with free gas; their columns say whether the dispersion is one.
            number: of draws.
            seed: of all random numbers.
            keys: of galaxies (digs.base.random_streams).
        Raises:
            DigsError: a density has other columns.
        """
        for density in densities:
            if density.names[1:] not in (LEARNED, LEARNED[:-1]):
                raise DigsError(
                    f"The density has the columns {', '.join(density.names)}; the network draws logmass and "
                    f"{', '.join(LEARNED)}, the last of them unless it is known."
                )
        noise = torch.from_numpy(normal_numbers(seed, "general network", keys, number, len(LEARNED) + 1))
        found = [self._galaxy(features[row], density, noise[row]) for row, density in enumerate(densities)]
        return torch.stack([theta for theta, _ in found]), torch.stack([log_q for _, log_q in found])

    @torch.no_grad()
    def probits(self, features: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Return draws of one galaxy in coordinates, (number, learned), and ln of their density there, (number,).

        Coordinates are probits of the unit cube of prior_of, in the order of LEARNED. Where the dispersion is known,
        the last of them is a standard normal number that means nothing.

        Args:
            features: of summary_of, shape (features,).
            noise: standard normal numbers, shape (number, learned), float32.
        """
        context = self.flow.context(padded(features[None]))
        parts = [self._transform(*copied((part[None], context)))[0] for part in noise.split(DRAWS_AT_ONCE)]
        y = torch.cat(parts)
        return y, self.flow.log_prob(y[None], features[None])[0].double()

    @torch.no_grad()
    def theta(self, features: Tensor, noise: Tensor, known: bool) -> tuple[Tensor, Tensor]:
        """Return draws of one galaxy's theta without the mass, (number, columns), and ln of their density, (number,).

        Args:
            features: of summary_of, shape (features,).
            noise: standard normal numbers, shape (number, learned), float32.
            known: whether the dispersion is known, and no column.
        """
        y, log_q = self.probits(features, noise)
        if known:  # the network's coordinate is noise
            log_q = log_q + y[:, -1].double() ** 2 / 2 + math.log(2 * math.pi) / 2
        z = y[:, : len(LEARNED) - known].double()
        low, high = (ends[: z.shape[1]] for ends in _ends(features))
        theta = low + (high - low) * torch.special.ndtr(z).clamp(_INSIDE, 1 - _INSIDE)
        return theta, log_q + (z**2 / 2 + math.log(2 * math.pi) / 2).sum(1) - torch.log(high - low).sum()

    def _galaxy(self, features: Tensor, density: SpectrumDensity, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Of one galaxy: theta, (number, columns), and ln q, (number,)."""
        names, prior = density.names, density.prior
        rest, log_q = self.theta(features, noise[:, : len(LEARNED)].contiguous(), DISPERSION not in names)
        theta = torch.empty(len(rest), len(names), dtype=torch.float64)
        theta[:, 0] = prior.low[0]
        theta[:, [names.index(name) for name in LEARNED if name in names]] = rest
        inside = prior.contains(theta)  # that of the density may be narrower than what the network has learnt
        terms = density.mass_terms(theta[inside])
        least, most = (10.0 ** end[0].expand(len(terms.mean)) for end in (prior.low, prior.high))
        masses = TruncatedNormal(terms.mean, terms.std, least, most)
        mass = masses.from_noise(noise[inside, -1].double()).clamp(least * (1 + 1e-12), most * (1 - 1e-12))
        theta[inside, 0] = torch.log10(mass)
        log_q[inside] += masses.log_prob(mass) + torch.log(mass * _LN10)
        return theta, log_q


def _ends(features: Tensor) -> tuple[Tensor, Tensor]:
    """The ends of prior_of at the redshift that features are of, each of shape (learned,)."""
    low, high = torch.tensor([RANGES[name] for name in LEARNED], dtype=torch.float64).unbind(1)
    oldest = LEARNED.index("tage")
    high[oldest] = min(high[oldest].item(), 10.0 ** features[_AGE].item())
    return low, high


def round_weights(flow: GeneralFlow) -> None:
    """Round the matrices of a flow to half precision, in place, as its file holds them."""
    with torch.no_grad():
        for weight in _matrices(flow).values():
            weight.copy_(weight.half())


def _matrices(flow: GeneralFlow) -> dict[str, Tensor]:
    return {name: weight for name, weight in flow.named_parameters() if weight.ndim > 1}


def save_general_network(
    path: Path, flow: GeneralFlow, components: GalaxyComponents, architecture: Architecture, record: dict[str, Any]
) -> None:
    """Write a network as one safetensors file, the description in its header.

    Args:
        path: of the file.
        flow: with weights that are rounded by round_weights.
        components: that it sees.
        architecture: of the flow.
        record: the training and its provenance, as JSON takes it.
    Raises:
        DigsError: the weights are not rounded, so that the file would hold another network.
    """
    halves = _matrices(flow)
    if not all(torch.equal(weight, weight.half().float()) for weight in halves.values()):
        raise DigsError("The weights are not those that a file can hold; call round_weights before they are judged.")
    stored = lambda name, value: value.half() if name in halves else value.clone()
    tensors = {f"flow.{name}": stored(name, value).contiguous() for name, value in flow.state_dict().items()}
    tensors |= {f"components.{name}": value for name, value in components.tensors().items()}
    header = {"format": FORMAT, "architecture": architecture.model_dump(), **record}
    with replacing(path) as temporary:
        save_file(tensors, temporary, {"record": json.dumps(header, sort_keys=True)})


@lru_cache(maxsize=1)
def stored_general_network() -> GeneralNetwork:
    """Return the network of the project, read once.

    Raises:
        DigsError: as of load_general_network.
    """
    return load_general_network()


def load_general_network(path: Path = NETWORK_FILE) -> GeneralNetwork:
    """Return the network of a file.

    Raises:
        DigsError: it is missing, damaged, or of another format.
    """
    advice = remedy("fetch it again with `dvc pull`")
    if not path.is_file():
        raise DigsError(f"{paths.shown(path)} is missing; {advice}.")
    try:
        with safe_open(path, "pt") as file:
            record = json.loads(file.metadata()["record"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if record["format"] != FORMAT:
            raise DigsError(f"{paths.shown(path)} is of format '{record['format']}', not '{FORMAT}'; {advice}.")
        parts: dict[str, dict[str, Tensor]] = {"flow": {}, "components": {}}
        for name, value in tensors.items():
            kind, rest = name.split(".", 1)
            parts[kind][rest] = value
        components = GalaxyComponents(**{name: value.numpy() for name, value in parts["components"].items()})
        with building():
            flow = GeneralFlow(Architecture(**record["architecture"]), len(LEARNED), len(parts["flow"]["mean"]))
            flow.load_state_dict(parts["flow"])
    except (SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError):
        raise DigsError(f"{paths.shown(path)} is damaged; {advice}.") from None
    return GeneralNetwork(flow, components, {**record, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()})

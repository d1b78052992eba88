"""The audit of the network that Khullar et al. (2022) have released, and of others of its kind."""

from typing import Any

import numpy as np
import torch

from digs.base.errors import DigsError
from digs.base.statistics import bootstrap_rows, errors_by_resampling, grouped, half_width_and_error, mean_and_error
from digs.config.stages.released_network_settings import ReleasedNetworkSettings
from digs.diagnostics.leaking_networks import BoxedPosteriors, losses
from digs.diagnostics.per_parameter import numbers_per_parameter
from digs.exact.lognormal_posteriors import lognormal_posteriors
from digs.files.atomic import md5
from digs.flows.fast.plain_maf import PlainMaf
from digs.flows.released_maf import TO_OURS, TO_THEIRS, released_file, released_maf
from digs.inference.boxed_draws import boxed_draws
from digs.training.pairs import Sample
from digs.training.released_pairs import ReleasedPairs

LEVELS = np.linspace(0, 1, 101)


def released_network(mean: np.ndarray) -> tuple[PlainMaf, str]:
    """Return the network below K22_HOME, and the md5 of its file.

    Args:
        mean: of the log spectra that it was trained with, as it is kept here, (pixels,).
    Raises:
        DigsError: there is no such file, it is refused or damaged, or it holds another network.
    """
    file = released_file()
    network = released_maf(file)
    if not np.allclose(network.mean, mean, rtol=0, atol=1e-6):
        raise DigsError(f"{file} is not the network whose spectra are kept; clone it at commit 1d5930b.")
    return network, md5(file)


def exact_numbers(
    source: ReleasedPairs, sample: Sample, settings: ReleasedNetworkSettings, resampled: np.ndarray
) -> dict[str, Any]:
    """Return the loss and the half-widths of exact posteriors of some of the spectra."""
    theta, log_flux = (each[: settings.exact_galaxies] for each in sample)
    given = source.simulator, source.prior, theta, 10**log_flux, source.fraction
    half_width, effective, at_truth = lognormal_posteriors(*given, settings.exact_draws, settings.seed)
    measure = lambda rows: {"half_width": np.median(half_width[rows], 0)}
    errors = errors_by_resampling(measure, resampled)
    return {
        "loss": {"posterior": mean_and_error(-at_truth)},
        "least_effective": float(effective.min()),
        "parameters": numbers_per_parameter(measure(slice(None)), errors),
    }


def audited(
    flow: PlainMaf,
    source: ReleasedPairs,
    samples: dict[str, Sample],
    pairs: dict[str, Sample],
    galaxy: torch.Tensor,
    settings: ReleasedNetworkSettings,
    name: str,
) -> tuple[dict[str, Any], list[tuple[np.ndarray, np.ndarray]], dict[str, torch.Tensor]]:
    """Return the numbers of a network, its curves of each sample, and ln q of the pairs of each kind.

    Args:
        samples: theta, (N, 5), and data, (N, pixels), of each kind, for widths and calibration.
        pairs: of the same kinds, for the loss.
        galaxy: data of the galaxy of Fig. 3, (1, pixels).
        name: of the network, for those who wait.
    """
    resampled = bootstrap_rows(settings.spectra, settings.bootstrap, settings.seed)
    numbers, curves, log_q = {}, [], {}
    for kind, (theta, data) in samples.items():
        given = flow, source.prior, TO_OURS, data, settings.draws, settings.seed
        found = BoxedPosteriors(*boxed_draws(*given, f"{name}, {kind}"), theta.numpy())
        of_pairs, its_data = pairs[kind]
        log_q[kind] = flow.log_prob(of_pairs[:, TO_THEIRS].float(), its_data)
        numbers[kind] = {"loss": losses(log_q[kind], found.share), **found.report(resampled)}
        curves.append(found.curves(LEVELS))
    given = flow, source.prior, TO_OURS, galaxy, settings.galaxy_draws, settings.seed
    draws, _ = boxed_draws(*given, f"{name}, the galaxy of Fig. 3")
    width, error = half_width_and_error(grouped(draws[0]))
    numbers["galaxy"] = numbers_per_parameter({"half_width": width}, {"half_width": error})
    return numbers, curves, log_q

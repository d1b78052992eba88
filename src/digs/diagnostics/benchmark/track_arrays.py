"""The arrays of a track, as digs.files.schemas.benchmark_schema has them, from spectra and references."""

from collections.abc import Sequence

import numpy as np

from digs.diagnostics.benchmark.mock_spectra import MockSpectra
from digs.diagnostics.benchmark.references import Reference
from digs.diagnostics.benchmark.stored_draws import to_steps
from digs.physics.prior import Prior

_NUMBERS = ("quantiles", "log_evidence", "log_evidence_error", "effective")


def track_arrays(
    spectra: MockSpectra, references: Sequence[Reference], prior: Prior, with_truths: bool
) -> dict[str, np.ndarray]:
    """Return the arrays by name.

    Args:
        references: of the spectra, one each.
        prior: inside which draws are to be.
        with_truths: whether theta is among them.
    """
    low, high = prior.low.double().numpy(), prior.high.double().numpy()
    steps = zip(*(to_steps(one.draws, low, high) for one in references), strict=True)
    arrays = {name: np.stack(each) for name, each in zip(("center", "axes", "steps"), steps, strict=True)}
    arrays |= {name: np.array([getattr(one, name) for one in references]) for name in _NUMBERS}
    arrays["flux"] = spectra.flux
    if with_truths:
        arrays["theta"] = spectra.theta
    if spectra.sigma is not None:
        arrays["sigma"] = np.where(np.isinf(spectra.sigma), 0.0, spectra.sigma)
    return arrays

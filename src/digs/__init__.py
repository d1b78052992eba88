"""DIGS: neural posterior estimation of galaxy properties from spectra, and what it takes to believe it."""

import os

from digs.base.lazy import face

# torch asks Linux for huge pages: fresh memory for a batch of spectra then costs a fifth as much
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "DigsError": "base.errors",
        "Grid": "exact.brute_force.grid",
        "Instrument": "physics.instrument",
        "PARAMETERS": "inference.posterior",
        "Posterior": "inference.posterior",
        "Simulator": "physics.simulator",
        "Spectrum": "observations.spectrum",
        "add_noise": "physics.noise",
        "infer": "inference.infer",
        "load_track": "diagnostics.benchmark.tracks",
        "read": "observations.reading",
        "score": "diagnostics.scores.public_scores",
        "write_entry": "diagnostics.scores.public_scores",
    },
)

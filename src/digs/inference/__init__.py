"""Posteriors of galaxies: by network, weighted to be exact, checked, and replaced where they cannot be trusted."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Inference": "infer",
        "PARAMETERS": "posterior",
        "Posterior": "posterior",
        "examine": "predictive",
        "log_weights": "importance",
    },
)

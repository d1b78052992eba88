"""Star formation histories: how much of each simple stellar population a galaxy holds."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Continuity": "continuity",
        "ContinuityPrior": "continuity_prior",
        "DelayedTau": "delayed_tau",
        "SingleBurst": "single_burst",
        "standard_edges": "continuity",
    },
)

"""Training: pairs of theta and spectra, the loop, several processes that share it, and ablations."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "ExactPairs": "pairs",
        "LibraryPairs": "pairs",
        "nearest_member": "pairs",
        "train": "loop",
    },
)

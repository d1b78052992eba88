"""Normalizing flows: what they see, the coordinates they learn, closed forms, and the files that keep them."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Flow": "flow",
        "MassAndDust": "mass_and_dust",
        "build_flow": "flow",
        "load_flow": "network_files",
    },
)

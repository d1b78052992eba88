"""Spectra that users bring: read from files of any kind, and made what the simulator and the likelihood take."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Spectrum": "spectrum",
        "SpectrumFile": "reading",
        "read": "reading",
        "read_all": "reading",
    },
)

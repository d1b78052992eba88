"""From theta to spectra: star formation histories, dust, simulator, noise and prior. No FSPS, no network."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Instrument": "instrument",
        "Prior": "prior",
        "Simulator": "simulator",
        "SpectralIndices": "spectral_indices",
        "add_noise": "noise",
        "calzetti": "dust",
        "derived_quantities": "derived",
    },
)

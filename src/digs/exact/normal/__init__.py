"""Likelihoods of real spectra, reduced to matrices of the size of the basis of spectra."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "NormalEquations": "normal_equations",
        "Nuisances": "nuisances",
        "SpectrumDensity": "spectrum_density",
    },
)

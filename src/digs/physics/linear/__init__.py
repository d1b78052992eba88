"""Spectra as sums of a few shapes, so that one galaxy's likelihood is a few small matrices."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "LinearModel": "linear_model",
        "SpectrumCoefficients": "spectrum_coefficients",
        "WidePrior": "wide_prior",
    },
)

"""The distribution of parameters over a catalogue, from the draws of its galaxies."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "CataloguePopulation": "catalogue_population",
        "InterimDraws": "interim_draws",
        "infer_population": "catalogue_population",
    },
)

"""Posteriors without a network: likelihood, best fits, brute force, emcee until it has converged, nested sampling."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "Grid": "brute_force.grid",
        "GridPosterior": "brute_force.grid",
        "PosteriorDensity": "likelihood",
        "RelativeDensity": "likelihood",
        "exact_chains": "converged_chains",
        "log_likelihood": "likelihood",
        "nested_sample": "nested",
        "split_r_hat": "ensembles",
    },
)

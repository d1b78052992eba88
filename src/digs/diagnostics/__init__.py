"""Is a posterior what it says? Ranks, joint coverage, subsets, and spectra that are wrong on purpose."""

from digs.base.lazy import face

__all__, __getattr__, __dir__ = face(
    __name__,
    {
        "corrupted": "corruptions",
        "coverage": "ranks",
        "density_rank": "joint",
        "distance_rank": "joint",
        "rank_cdf": "ranks",
        "simultaneous_band": "joint",
        "uniformity_p_value": "ranks",
    },
)

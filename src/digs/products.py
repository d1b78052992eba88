"""The schemas of the HDF5 data products, one for each kind of file."""

from digs.artifacts import THETA_UNIT, Field, Schema
from digs.priors import NAMES
from digs.spectra import FLUX_UNIT, WAVELENGTH_UNIT

_THETA = len(NAMES)

SSP_GRID = Schema(
    "ssp_grid",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "age": Field(("age",), "Gyr", "f8", positive=True),
        "logzsol": Field(("metallicity",), "dex", "f8"),
        "flux": Field(("metallicity", "age", "pixel"), f"{FLUX_UNIT} / Msun", "f4", positive=True),
    },
)

LIBRARY = Schema(
    "library",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

OBSERVATIONS = Schema(
    "observations",
    {
        **LIBRARY.fields,
        "noisy_flux": Field(("galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

AGREEMENT = Schema(
    "agreement",
    {
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "percentile": Field(("percentile",), "percent", "f8"),
        # of |exact / Prospector - 1| over the test set
        "difference": Field(("percentile", "pixel"), "1", "f8"),
        # the largest of a galaxy's pixels, against its theta
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "worst": Field(("galaxy",), "1", "f8"),
    },
)

CHAINS = Schema(
    "chains",
    {
        # the paper's iterations after its burn-in
        "theta": Field(("walker", "step", _THETA), THETA_UNIT),
        "log_prob": Field(("walker", "step"), "nat", "f8"),
        # a longer walk of the same ensemble, thinned: the reference for widths
        "reference_theta": Field(("walker", "kept", _THETA), THETA_UNIT),
        "reference_log_prob": Field(("walker", "kept"), "nat", "f8"),
        "acceptance": Field(("walker",), "1"),
        "autocorrelation_time": Field((_THETA,), "steps", "f8", positive=True),
    },
)

PROSPECTOR_CHAIN = Schema(
    "prospector_chain",
    {
        # after burn-in, thinned; the density is that of Prospector's own parameters and units
        "theta": Field(("walker", "kept", _THETA), THETA_UNIT),
        "log_prob": Field(("walker", "kept"), "nat", "f8"),
        # of a long walk on the exact simulator with the same noise
        "reference_quantiles": Field(("quantile", _THETA), THETA_UNIT),
    },
)

REFERENCE = Schema(
    "reference",
    {
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "draws": Field(("galaxy", "draw", _THETA), THETA_UNIT, decimals=4),
        # from the whole chains
        "quantiles": Field(("galaxy", "quantile", _THETA), THETA_UNIT),
        "r_hat": Field(("galaxy", _THETA), "1", positive=True),
        "sample_size": Field(("galaxy", _THETA), "1", positive=True),
    },
)

COMPARISON = Schema(
    "comparison",
    {
        # of the networks that the attributes name: half-widths by NPE over those by MCMC, differences of medians in
        # units of MCMC's half-width, and the effective share of draws that are weighted to the exact posterior
        "ratio": Field(("network", "galaxy", _THETA), "1", positive=True),
        "shift": Field(("network", "galaxy", _THETA), "1"),
        "efficiency": Field(("network", "test galaxy"), "1", positive=True),
    },
)

POSTERIORS = Schema(
    "posteriors",
    {
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "draws": Field(("galaxy", "draw", _THETA), THETA_UNIT, decimals=3),
        # from the draws before rounding
        "rank": Field(("galaxy", _THETA), "1", "i4"),
        "quantiles": Field(("galaxy", "quantile", _THETA), THETA_UNIT),
        "log_prob_truth": Field(("galaxy",), "nat"),
    },
)

GALAXY_POSTERIOR = Schema(
    "galaxy_posterior",
    {
        "theta": Field(("draw", _THETA), THETA_UNIT),
        "log_prob": Field(("draw",), "nat"),
    },
)

CALIBRATION = Schema(
    "calibration",
    {
        "rank_counts": Field((_THETA, "bin"), "1", "i4"),
        "count_band": Field((2,), "1", "f8"),
        "level": Field(("level",), "1", "f8"),
        "rank_cdf": Field((_THETA, "level"), "1", "f8"),
        "cdf_band": Field((2, "level"), "1", "f8"),
        "coverage": Field((_THETA, "level"), "1", "f8"),
        # 16th and 84th percentile over resampled test sets
        "coverage_band": Field((2, _THETA, "level"), "1", "f8"),
    },
)

LOOKUP_EXPERIMENT = Schema(
    "lookup_experiment",
    {
        # of the networks and samples that the attributes name
        "level": Field(("level",), "1", "f8"),
        "rank_cdf": Field(("network", "sample", _THETA, "level"), "1", "f8"),
        "coverage": Field(("network", "sample", _THETA, "level"), "1", "f8"),
        "cdf_band": Field((2, "level"), "1", "f8"),
    },
)

VALIDATION = Schema(
    "validation",
    {
        "level": Field(("level",), "1", "f8"),
        # where whole curves of uniform ranks lie with the probability that the attributes name
        "band": Field((2, "level"), "1", "f8"),
        # of the cases, a network on a kind of spectra each, that the attributes name
        "rank_cdf": Field(("case", _THETA, "level"), "1", "f8"),
        # of the ranks by density and by distance; its 2.5th and 97.5th percentile over resampled galaxies
        "joint_cdf": Field(("case", 2, "level"), "1", "f8"),
        "joint_band": Field(("case", 2, 2, "level"), "1", "f8"),
        "z": Field(("case", "shown", _THETA), "1", decimals=3),
        "contraction": Field(("case", "shown", _THETA), "1"),
        # value and standard error of the summaries, and p-values, of the subsets of digs.subsets
        "subset": Field(("network", "selection", "subset", 2, "summary", _THETA), "1, dex, Gyr", "f8"),
        "subset_p_value": Field(("network", "tested", "subset", _THETA), "1", "f8"),
        "subset_galaxies": Field(("network", "selection", "subset"), "1", "i4"),
    },
)

REDSHIFTED = Schema(
    "redshifted",
    {
        # of test galaxies, as an observer who takes the redshift for 0 sees them
        "redshift": Field(("redshift",), "1", "f8", positive=True),
        "theta": Field(("galaxy", _THETA), THETA_UNIT, "f8"),
        "flux": Field(("redshift", "galaxy", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

PREDICTIVE_CHECKS = Schema(
    "predictive_checks",
    {
        # chi-squared of the test set: at the truth, at one draw of each posterior, at the best fit
        "truth": Field(("galaxy",), "1", "f8", positive=True),
        "one_draw": Field(("galaxy",), "1", "f8", positive=True),
        "best_fit": Field(("galaxy",), "1", "f8", positive=True),
        "p_value": Field(("galaxy",), "1", "f8"),
        # the galaxies with the largest chi-squared of the best fit
        "wavelength": Field(("pixel",), WAVELENGTH_UNIT, "f8", positive=True),
        "worst": Field(("worst",), "1", "i4"),
        "worst_flux": Field(("worst", "pixel"), FLUX_UNIT, "f4", positive=True),
        "worst_fit": Field(("worst", "pixel"), FLUX_UNIT, "f4", positive=True),
    },
)

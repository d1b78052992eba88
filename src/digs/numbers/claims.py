"""Numbers of the text: the claims of Khullar et al. (2022), and what bounds them."""

from digs import claims, paths
from digs.artifacts import read_product
from digs.formatting import plain, uncertain
from digs.numbers import Numbers
from digs.priors import NAMES
from digs.products import POSTERIORS, REFERENCE


def verdicts() -> Numbers:
    """How many claims there are of each verdict."""
    found = [claim.verdict for claim in claims.all_claims()]
    return {
        "claims": str(len(found)),
        **{f"claims_{verdict.name.lower()}": str(found.count(verdict)) for verdict in claims.Verdict},
    }


def rule() -> Numbers:
    """By what they are judged."""
    return {
        "claims_sigmas": f"{claims.SIGMAS:g}",
        "claims_factor": f"{claims.FACTOR:g}",
        "claims_least_p": plain(claims.LEAST_P, 1),
        "claims_excess": f"{claims.EXCESS:g}",
    }


def attainable() -> Numbers:
    """How well the medians of exact posteriors recover the truth."""
    values, errors = claims.central_correlation(read_product(paths.DATA / "reference.h5", REFERENCE))
    return {
        f"correlation_reference_{name}": uncertain(value, error)
        for name, value, error in zip(NAMES, values, errors, strict=True)
    }


def central_in_all() -> Numbers:
    """Correlations over galaxies that are central in all parameters at once, as the published ones may be meant."""
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    values, errors = claims.central_correlation(posteriors, in_all=True)
    return {
        "central_in_all": str(int(claims.central_truths(posteriors).all(1).sum())),
        **{
            f"correlation_in_all_{name}": uncertain(value, error)
            for name, value, error in zip(NAMES, values, errors, strict=True)
        },
    }


GROUPS = (verdicts, rule, attainable, central_in_all)

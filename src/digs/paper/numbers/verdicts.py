"""Numbers of the text: the claims of Khullar et al. (2022), and what bounds them."""

from digs.base import paths
from digs.config.params import Params
from digs.config.theta import NAMES
from digs.files.product import Product, read_product
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.files.schemas.reference_schema import REFERENCE
from digs.paper import claims
from digs.paper.latex_numbers import plain, uncertain
from digs.paper.numbers import Numbers


def verdicts(params: Params) -> Numbers:
    """Return how many claims there are of each verdict."""
    found = [claim.ruling.verdict for claim in claims.all_claims(params)]
    return {
        "claims": str(len(found)),
        **{f"claims_{verdict.name.lower()}": str(found.count(verdict)) for verdict in claims.ClaimVerdict},
    }


def rule(params: Params) -> Numbers:
    """Return what claims are judged by."""
    return {
        "claims_sigmas": f"{claims.SIGMAS:g}",
        "claims_factor": f"{claims.FACTOR:g}",
        "claims_least_p": plain(claims.LEAST_P, 1),
        "claims_excess": f"{claims.EXCESS:g}",
    }


def _correlations(what: str, product: Product, params: Params, in_all: bool = False) -> Numbers:
    """Of medians with central truths, parameter by parameter."""
    found = zip(NAMES, *claims.central_correlation(product, params, in_all), strict=True)
    return {f"correlation_{what}_{name}": uncertain(value, error) for name, value, error in found}


def attainable(params: Params) -> Numbers:
    """Return how well the medians of exact posteriors recover the truth."""
    return _correlations("reference", read_product(paths.DATA / "reference.h5", REFERENCE), params)


def central_in_all(params: Params) -> Numbers:
    """Return correlations over galaxies that are central in all parameters, as the published ones may be meant."""
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    number = int(claims.central_truths(posteriors, params).all(1).sum())
    return {"central_in_all": str(number), **_correlations("in_all", posteriors, params, in_all=True)}


GROUPS = (verdicts, rule, attainable, central_in_all)

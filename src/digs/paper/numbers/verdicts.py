"""Numbers of the text: the claims of Khullar et al. (2022), and what bounds them."""

from digs.base import paths
from digs.config.params import Params
from digs.files.product import read_product
from digs.files.schemas.posteriors_schema import POSTERIORS
from digs.paper import claims
from digs.paper.latex_numbers import plain
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


def central_in_all(params: Params) -> Numbers:
    """Return how many galaxies are central in all parameters, as the published ones may be meant."""
    posteriors = read_product(paths.DATA / "posteriors.h5", POSTERIORS)
    return {"central_in_all": str(int(claims.central_truths(posteriors, params).all(1).sum()))}


GROUPS = (verdicts, rule, central_in_all)

"""Numbers of the text: derived quantities of the galaxy of Fig. 3, and what the prior says of them."""

import numpy as np

from digs.base.statistics import half_width
from digs.config.params import Params
from digs.paper.derived_of_galaxy import PRIOR_DRAWS, SHOWN, derived_of_galaxy
from digs.paper.latex_numbers import grouped_integer, plain, power_of_ten, scientific
from digs.paper.numbers import Numbers
from digs.physics.derived import DERIVED

QUIESCENT = 1e-11  # per year: galaxies of a lower specific star formation rate are called so


def derived(params: Params) -> Numbers:
    """Return half-widths by the fiducial network over those by MCMC, of positive quantities in log10; and the prior."""
    found = derived_of_galaxy(params.prior)
    low, high = (100 * share for share in (SHOWN["prior"][0], 1 - SHOWN["prior"][1]))
    prior = found["prior"]
    ratios = []
    for quantity in DERIVED:
        shown = np.log10 if quantity.scale == "log" else np.asarray
        npe, mcmc = (half_width(shown(found[name][quantity.name])) for name in ("npe", "mcmc"))
        ratios.append(npe / mcmc)
    return {
        "derived_prior_draws": grouped_integer(PRIOR_DRAWS),
        "derived_axes_below": plain(low, 1),
        "derived_axes_above": plain(high, 1),
        "derived_least_sfr": scientific(prior["sfr"].min(), 1),
        "derived_quiescent_ssfr": power_of_ten(QUIESCENT),
        "derived_quiescent": plain(100 * np.mean(prior["ssfr"] < QUIESCENT)),
        "derived_ratio_low": plain(min(ratios)),
        "derived_ratio_high": plain(max(ratios)),
    }


GROUPS = (derived,)

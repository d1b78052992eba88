"""What Khullar et al. (2022) state, with the place where they do; digs.costs has their costs."""

from digs.costs import HOUR, PUBLISHED, PUBLISHED_FITS, PUBLISHED_GALAXIES_PER_FIT

TRAINING_SECONDS, POSTERIOR_SECONDS = PUBLISHED.training_seconds, PUBLISHED.npe_seconds
FITS, GALAXIES_PER_FIT = PUBLISHED_FITS, PUBLISHED_GALAXIES_PER_FIT
TRAINING_HOURS, FIT_HOURS = TRAINING_SECONDS / HOUR, tuple(seconds / HOUR for seconds in FITS)

HALF_WIDTHS = {"logmass": 0.17, "logzsol": 0.26}  # dex, "for a given galaxy" (abstract)
CORRELATIONS = {  # of recovered with true parameters (Fig. 4)
    "logmass": 0.999,
    "logzsol": 0.953,
    "dust2": 0.961,
    "tage": 0.807,
    "logtau": 0.824,
}
CORRELATION_DECIMALS = 3
RESIDUAL = 0.03  # the best fit and the observed spectrum differ by less (Fig. 3)
EPOCHS = 87  # to convergence (sec. 3.3)
DRAWS = 10_000  # a posterior (released code)
YOUNG, OLD = 0.75, 2.5  # Gyr: median ages below the one and above the other are recovered alike (sec. 4)
UNDER_CONFIDENT = ("logmass", "logzsol", "dust2")  # intervals hold too much; those of the other two do not (Fig. 6)

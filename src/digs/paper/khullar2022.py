"""What Khullar et al. (2022) state, with the place where they do; paper.amortisation has their costs."""

from typing import NamedTuple

from digs.paper.amortisation import HOUR, Amortisation

# Khullar et al. (2022): training and posterior from sec. 3.5; a fit takes 14 h in sec. 3.5 and 24 h in sec. 4;
# the galaxies inferred at the cost of one fit are those of the abstract.
PUBLISHED = Amortisation(training_seconds=14 * HOUR, npe_seconds=0.3)


PUBLISHED_FITS = (14 * HOUR, 24 * HOUR)


PUBLISHED_GALAXIES_PER_FIT = (0.9e5, 1.2e5)


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


TEST_SIZE, RELEASED_TEST_SIZE = 1000, 500  # galaxies of the tests, by the text and in the released code


UNDER_CONFIDENT = ("logmass", "logzsol", "dust2")  # intervals hold too much; those of the other two do not (Fig. 6)


class Difference(NamedTuple):
    """What the text, the figures and the released code say of one choice (LaTeX)."""

    what: str
    text: str
    figures: str
    code: str


_NO = r"\nodata"


DIFFERENCES = {
    "dust2": Difference(r"dust2", "$[0.1, 10]$ (Table 1)", "0.1 to 1 (Fig. 4)", "$[0.1, 1]$"),
    "tau": Difference(r"$\tau$ (Gyr)", "$[0.1, 1]$ (Table 1)", "0.1 to 10 (Fig. 4)", "$[0.1, 10]$"),
    "tage": Difference("age (Gyr)", "$[0, 4]$ (Table 1)", _NO, "$[0.01, 4]$"),
    "wavelength": Difference(r"wavelengths, 138", r"3750--9500\,\AA", r"3100--9800\,\AA\ (Fig. 3)", r"3060--9910\,\AA"),
    "smoothing": Difference("resolution", r"350\,km\,s$^{-1}$, ``$R\approx100$''", _NO, r"350\,km\,s$^{-1}$"),
    "pixels": Difference("pixels", _NO, _NO, "sampled at their centres"),
    "gas": Difference("metallicity of gas", _NO, _NO, r"solar, \fsps{}'s default"),
    "noise": Difference("noise", r"5\% of the flux", _NO, r"normal in $\log_{10}$ of the flux"),
    "pairs": Difference(
        "training pairs", "augmented with noise", _NO, r"spectrum of the library's member nearest to $\theta$"
    ),
    "data": Difference("data vector", "the fluxes", "log flux (Fig. 3)", r"$\log_{10} F_\lambda$"),
    "likelihood": Difference(r"$\sigma_i$ of MCMC", "fixed", _NO, _NO),
    "batch": Difference("training", "to convergence", _NO, "batches of 50, rate 0.0005"),
    "ranks": Difference("spectra for ranks", "simulated", _NO, "looked up like the training pairs"),
    "tested": Difference("galaxies tested", f"{TEST_SIZE}", _NO, f"{RELEASED_TEST_SIZE}, 100 draws each"),
    "fit": Difference("cost of an MCMC fit", " and ".join(f"{hours:g}" for hours in FIT_HOURS) + r"\,h", _NO, _NO),
}

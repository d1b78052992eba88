"""What inference costs: the arithmetic of amortisation, from measured times.

Amortised inference pays once for training and little for every galaxy; MCMC pays for every galaxy. With one MCMC fit
costing m seconds, training t and one NPE posterior p, NPE is the cheaper from t / (m - p) galaxies on, and it infers
m / p galaxies in the time of one fit, or (m - t) / p if training is to be paid from that time as well.
"""

import math
from dataclasses import dataclass

from digs import paths
from digs.artifacts import read_json
from digs.errors import DigsError

TIMING = paths.DATA / "timing.json"
SIMULATOR_SPEED = paths.DATA / "simulator_speed.json"
NETWORK = paths.DATA / "networks" / "paper.json"

HOUR = 3600.0


@dataclass(frozen=True)
class Amortisation:
    """An amortised method: seconds of training, and of one galaxy's posterior after it, many at a time."""

    training_seconds: float
    npe_seconds: float

    def break_even(self, mcmc_seconds: float) -> float:
        """How many galaxies make training and NPE as dear as fits of mcmc_seconds each; infinite if none do."""
        saved = mcmc_seconds - self.npe_seconds
        return self.training_seconds / saved if saved > 0 else math.inf

    def galaxies_per_fit(self, mcmc_seconds: float, count_training: bool) -> float:
        """How many galaxies NPE infers in the time of one fit, training paid from that time or not."""
        return max(0.0, (mcmc_seconds - self.training_seconds * count_training) / self.npe_seconds)


@dataclass(frozen=True)
class Costs(Amortisation):
    """Measured medians, in seconds.

    npe_one_seconds: one posterior asked for alone. mcmc_seconds: one fit on the exact simulator. prospector_seconds: of
    one spectrum. mcmc_calls: likelihoods in one fit.
    """

    npe_one_seconds: float
    mcmc_seconds: float
    prospector_seconds: float
    mcmc_calls: int

    @property
    def mcmc_prospector_seconds(self) -> float:
        """A fit with Prospector, one likelihood after another: extrapolated, not run."""
        return self.mcmc_calls * self.prospector_seconds


# Khullar et al. (2022): training and posterior from sec. 3.5; a fit takes 14 h in sec. 3.5 and 24 h in sec. 4;
# the galaxies inferred at the cost of one fit are those of the abstract.
PUBLISHED = Amortisation(training_seconds=14 * HOUR, npe_seconds=0.3)
PUBLISHED_FITS = (14 * HOUR, 24 * HOUR)
PUBLISHED_GALAXIES_PER_FIT = (0.9e5, 1.2e5)


def load() -> Costs:
    """The costs measured by the stages `flow`, `timing` and `simulator_speed`.

    Raises:
        DigsError: one of their files is missing, or lacks a number.
    """
    timing, speed, network = (read_json(path) for path in (TIMING, SIMULATOR_SPEED, NETWORK))
    try:
        return Costs(
            training_seconds=network["training"]["seconds"],
            npe_seconds=timing["npe_bulk_seconds"]["median"],
            npe_one_seconds=timing["npe_one_galaxy_seconds"]["median"],
            mcmc_seconds=timing["mcmc_fit_seconds"]["median"],
            prospector_seconds=speed["prospector_seconds"]["median"],
            mcmc_calls=timing["mcmc_fit_calls"],
        )
    except KeyError as error:
        files = ", ".join(paths.shown(path) for path in (TIMING, SIMULATOR_SPEED, NETWORK))
        raise DigsError(f"One of {files} lacks {error}; remake them with `dvc repro`.") from None

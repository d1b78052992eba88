"""Settings: posteriors of made spectra over the whole range of the general network, and what is asked of them."""

from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Section, Seed, Walk
from digs.config.params import Params

Share = Annotated[float, Field(gt=0, lt=1)]


class ChainsComparison(Section):
    """Galaxies beside whose draws emcee walks."""

    galaxies: PositiveInt  # of each cell
    draws: PositiveInt
    effective: PositiveInt  # of these
    walk: Walk


class TemplatesComparison(Section):
    """Galaxies whose posteriors brute force finds, too."""

    galaxies: PositiveInt  # of each cell
    nearest: PositiveInt


class BareComparison(Section):
    """Galaxies of the highest signal-to-noise of which the noise alone is uncertain: the sharpest posteriors."""

    galaxies: PositiveInt  # of each cell


class ValidationBars(Section):
    """What is asked of posteriors, fixed before they are seen."""

    confidence: Share  # with which ranks and coverage of right posteriors pass all together
    first: Share  # least median efficiency of the first proposal, over all galaxies
    first_worst: Share  # and in the worst cell
    effective: PositiveInt  # draws that a galaxy is to have
    calls: PositiveInt  # after so many of the likelihood
    share: Share  # of the galaxies of a cell that must have them
    ratio: tuple[PositiveFloat, PositiveFloat]  # between which the median ratio of half-widths to emcee's lies
    shift: PositiveFloat  # largest median difference of medians from emcee's, in half-widths


class GeneralValidationSettings(Section):
    section: ClassVar = "general_validation"

    signal: Annotated[list[PositiveFloat], Field(min_length=2)]
    galaxies: PositiveInt  # of each cell
    draws: PositiveInt
    walk: Annotated[int, Field(ge=0)]
    chains: ChainsComparison
    templates: TemplatesComparison
    bare: BareComparison
    bars: ValidationBars
    at_once: PositiveInt
    seed: Seed

    def fit(self, params: Params) -> None:
        """Check that cells are cells, and galaxies enough.

        Raises:
            ValueError: they are not.
        """
        if any(low >= high for low, high in pairwise(self.signal)):
            raise ValueError("general_validation.signal does not ascend; sort it, each value once")
        most = max(self.chains.galaxies, self.templates.galaxies)
        if self.galaxies < most:
            raise ValueError(f"general_validation.galaxies is below what comparisons ask for; raise it to {most}")
        if self.bars.effective > self.draws:
            raise ValueError("general_validation.draws is below bars.effective; raise it")

"""Settings: what jittered labels do to posteriors, predicted and measured."""

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from digs.config.model import Section, Seed


class JitterNetworkSettings(Section):
    """How each of the networks is trained."""

    pairs: PositiveInt  # an epoch, each label once, noise always fresh
    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat  # at first
    units: PositiveInt
    transforms: PositiveInt
    clip_norm: PositiveFloat
    held_out: PositiveInt


class ToySettings(Section):
    """A toy with a known answer."""

    dimensions: PositiveInt
    noise: PositiveFloat
    jitter: PositiveFloat  # independent
    members: Annotated[list[PositiveInt], Field(min_length=1)]
    pairs: PositiveInt


class JitterSettings(Section):
    section: ClassVar = "jitter"

    sizes: Annotated[list[PositiveInt], Field(min_length=1)]  # of libraries
    network: JitterNetworkSettings
    spectra: PositiveInt  # exact ones, on which widths are compared
    draws: PositiveInt  # of each posterior
    exact_draws: PositiveInt  # weighted ones, of each exact posterior
    kernel_pairs: PositiveInt  # that the jitter is taken from
    diagnosed: PositiveInt  # pairs that the diagnostic is shown
    toy: ToySettings
    bar: PositiveFloat  # largest relative difference of predicted and measured widening, of mass and dust
    bootstrap: PositiveInt
    seed: Seed

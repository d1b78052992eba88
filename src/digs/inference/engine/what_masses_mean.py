"""What masses are of, in words."""


def masses_in_words(light: str | None) -> str:
    """Return a sentence on which mass is which, and of which part of the galaxy.

    Args:
        light: what part of the galaxy is seen, as of digs.Spectrum.

    Example:
        >>> from digs.inference.engine.what_masses_mean import masses_in_words
        >>> masses_in_words("fibre").endswith("which is that of the fibre.")
        True
    """
    part = f"which is that of the {light}" if light else "whatever part of the galaxy that is (give light, and say so)"
    return (
        "LOGMASS is the mass of all stars that formed, SURVIVING_MASS that of living stars and remnants; both are of "
        f"the light in the spectrum, {part}."
    )

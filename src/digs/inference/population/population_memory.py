"""What memory a population takes, which grows with the galaxies, and that it is not too much."""

from digs.base.errors import DigsError

_MOST = 2 * 2**30  # bytes
_OF_NUMBER = 4  # bytes, of draws and their weights in single precision
_OF_CELL = 6 * 8  # bytes of a galaxy in each cell of a histogram: two sums, and what is computed of them


def bytes_of_draws(galaxies: int, draws: int, parameters: int) -> int:
    """Return what the draws of galaxies take: single precision, of each its parameters and a weight.

    Args:
        galaxies: how many.
        draws: of each of them.
        parameters: of the population.

    Example:
        >>> from digs.inference.population.population_memory import bytes_of_draws
        >>> bytes_of_draws(100_000, 200, 2) / 1e6
        240.0
    """
    return galaxies * draws * (parameters + 1) * _OF_NUMBER


def check_draws(galaxies: int, draws: int, parameters: int) -> None:
    """Refuse draws that take too much memory.

    Args:
        galaxies, draws, parameters: as of bytes_of_draws.
    Raises:
        DigsError: they do.
    """
    fit = _MOST // bytes_of_draws(galaxies, 1, parameters)
    if draws > fit:
        remedy = f"keep {fit} or fewer of each (keep={fit})" if fit else "leave out some"
        raise DigsError(
            f"{draws} draws of {parameters} parameters of {galaxies} galaxies take "
            f"{bytes_of_draws(galaxies, draws, parameters) / 2**30:.1f} GiB, more than {_MOST / 2**30:g}; {remedy}."
        )


def check_cells(galaxies: int, cells: int) -> None:
    """Refuse a histogram that takes too much memory.

    Args:
        galaxies: of the catalogue.
        cells: of the histogram.
    Raises:
        DigsError: it does.
    """
    needed = galaxies * cells * _OF_CELL
    if needed > _MOST:
        raise DigsError(
            f"A histogram of {cells} cells of {galaxies} galaxies takes {needed / 2**30:.1f} GiB, more than "
            f"{_MOST / 2**30:g}; take {_MOST // (galaxies * _OF_CELL)} cells or fewer, or fewer galaxies."
        )

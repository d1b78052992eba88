"""The one exception that a user can cause, and its way to the terminal."""


class DigsError(Exception):
    """Bad input, which the message names in one sentence, with the remedy.

    It is the one exception that users of the package and of its commands need to expect.

    Example:
        >>> import digs
        >>> from digs.base import DigsError
        >>> try:
        ...     digs.Simulator()([[10.5, -0.4, 0.6, 1.6]])
        ... except DigsError as error:
        ...     print(error)
        theta has shape (1, 4), not (N, 5): logmass, logzsol, dust2, tage, logtau.
    """

"""What is met in files that are not what they seem, in one sentence."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from digs.base.errors import DigsError
from digs.observations.printable import printable

_LONGEST, _LONGEST_REASON = 400, 100  # letters, of a message and of what a library says


@contextmanager
def one_sentence(name: str, fault: str) -> Iterator[None]:
    """Make one sentence of whatever fails.

    Args:
        name: of the file, in one line.
        fault: what is said of it where it is not the reader that refuses it, such as "is damaged".

    Example:
        >>> from digs.observations.sentences import one_sentence
        >>> with one_sentence("galaxy.fits", "is damaged"):
        ...     int("x")
        Traceback (most recent call last):
        digs.base.errors.DigsError: galaxy.fits is damaged (ValueError: invalid literal for int() with base 10: 'x').
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what matters is checked, and said in notes
            yield
    except DigsError as error:
        words = printable(str(error), _LONGEST)
        raise DigsError(words if name in words else printable(f"{name}: {words}", _LONGEST)) from None
    except Exception as error:
        reason = printable(str(error), _LONGEST_REASON).rstrip(".") or "no reason given"
        raise DigsError(f"{name} {fault} ({type(error).__name__}: {reason}).") from None

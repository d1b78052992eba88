"""The one exception that a user can cause, and its way to the terminal."""


class DigsError(Exception):
    """Bad input: the message is one sentence that names the file or value and the remedy."""

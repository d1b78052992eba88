"""Words out of files, made fit for messages, notes and names."""


def printable(text: str, most: int) -> str:
    """Return a text in one line without control characters, cut short where it is too long.

    Args:
        text: of anybody.
        most: letters that it may have; of a longer one the beginning and the end are kept.

    Example:
        >>> from digs.observations.printable import printable
        >>> printable("M 31\\x1b[2J\\n(core)", 40), printable("a" * 50 + "z", 9)
        ('M 31?[2J (core)', 'aaa...aaz')
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    if len(line) <= most:
        return line
    kept = most - len("...")
    return f"{line[: kept - kept // 2]}...{line[len(line) - kept // 2 :]}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts.

    Args:
        number: how many there are.
        one: the word for one of them.
        many: for several; by default with an s.

    Example:
        >>> from digs.observations.printable import counted
        >>> counted(1, "pixel"), counted(2, "galaxy", "galaxies")
        ('1 pixel', '2 galaxies')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"

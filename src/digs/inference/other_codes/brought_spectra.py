"""Files that installed packages bring."""

import hashlib
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from digs.base.errors import DigsError


def need(package: str) -> None:
    """Refuse to go on without a package.

    Raises:
        DigsError: it is not installed.
    """
    if find_spec(package) is None:
        raise DigsError(f"The package {package} is missing; install it with `pip install -e '.[real]'`.")


def brought_file(package: str, place: str) -> Path:
    """Return the path of a file that a package brings.

    Args:
        package: its name.
        place: of the file inside it.
    Raises:
        DigsError: the package is not installed, or has no such file.

    Example:
        >>> from digs.inference.other_codes.brought_spectra import brought_file
        >>> brought_file("specutils", "__init__.py").name
        '__init__.py'
    """
    need(package)
    path = Path(find_spec(package).origin).parent / place
    if not path.is_file():
        raise DigsError(f"The package {package} {version(package)} has no file {place}; install another version.")
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Which checkout of DIGS is meant: the one that the user stands in, or that a script lies in.

Several clones or worktrees may share one environment. Which of them is installed there decides nothing.
"""

import os
import sys
from collections.abc import Callable, Sequence
from inspect import unwrap
from pathlib import Path

import digs
from digs.base.errors import DigsError

_PACKAGE = Path("src", "digs", "__init__.py")


def checkout_of(place: Path) -> Path | None:
    """Return the nearest folder around a place that is a checkout; None where there is none."""
    place = place.resolve()
    return next((folder for folder in (place, *place.parents) if (folder / _PACKAGE).is_file()), None)


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise DigsError("The working directory is gone; stand in a checkout of DIGS.") from None


def _is_whole(root: Path) -> bool:
    return (root / "dvc.yaml").is_file()


def current_checkout() -> Path:
    """Return the checkout that the user stands in.

    Raises:
        DigsError: the working directory lies in none, or in part of one.
    """
    here = _here()
    if (root := checkout_of(here)) is None:
        raise DigsError(f"{here} lies in no checkout of DIGS; stand in one (a folder with dvc.yaml and src/digs).")
    if not _is_whole(root):
        raise DigsError(f"{root} has no dvc.yaml; restore it with `git checkout dvc.yaml`.")
    return root


def imported_from(root: Path) -> bool:
    """Return whether the package that runs is that of a checkout."""
    return Path(digs.__file__).resolve().parents[2] == root


def hand_over(arguments: Sequence[str]) -> None:
    """Let the command of the checkout that the user stands in take the place of this process, where it is another's.

    Raises:
        DigsError: Python imports another digs even so.
    """
    root = checkout_of(_here())
    if root is None or imported_from(root) or not _is_whole(root):
        return
    source, imports = str(root / "src"), os.environ.get("PYTHONPATH", "")
    if f"{imports}{os.pathsep}".startswith(f"{source}{os.pathsep}"):
        raise DigsError(
            f"This is the checkout {root}, but Python imports digs from {Path(digs.__file__).resolve().parent}; the "
            f"checkout's path may hold no '{os.pathsep}', and its src/digs may be no link."
        )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [source, imports]))}
    # -P: no folder `digs` where the user stands is mistaken for the package
    os.execve(sys.executable, [sys.executable, "-P", "-m", "digs", *arguments], environment)


def check_own(main: Callable) -> None:
    """Refuse to run a script's main function with the package of another checkout than the script lies in.

    Raises:
        DigsError: the process had imported another checkout's package before it ran the script.
    """
    script = Path(unwrap(main).__code__.co_filename)
    if (root := checkout_of(script)) and not imported_from(root):
        raise DigsError(
            f"{script} runs with the digs of {Path(digs.__file__).resolve().parent}, which was imported before; "
            f"run it in a Python of its own (`python {script.name}`)."
        )

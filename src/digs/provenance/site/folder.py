"""The folder of the site: what may be replaced, and that it is replaced whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from digs.base.errors import DigsError

MARK = ".digs-site"  # a file that says that a folder is a site, which may be replaced


def site_folder(out: Path) -> Path:
    """Return the folder to write a site to, with links followed.

    Raises:
        DigsError: a site may not be written there, since it is a file, a mount point or part of another site, or holds
            something that is no site.
    """
    out = out.resolve()
    above = next(folder for folder in (out, *out.parents) if folder.exists())
    if not above.is_dir():
        raise DigsError(f"{above} is a file, no folder; name another place with --out.")
    if within := next((folder for folder in out.parents if (folder / MARK).is_file()), None):
        raise DigsError(f"{out} lies within the site {within}, which is replaced as a whole; name another with --out.")
    if os.path.ismount(out):
        raise DigsError(f"{out} is a mount point, which cannot be replaced; name a folder in it with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise DigsError(f"{out} holds something that is no site, which would be lost; name another folder with --out.")
    return out


@contextmanager
def replacing_folder(out: Path) -> Iterator[Path]:
    """Give a folder that takes the place of `out` when the block ends well, and goes when it does not.

    Raises:
        DigsError: the folder cannot be written.
    """
    refused = "{} cannot be written ({}); name another folder with --out."
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-")
    except OSError as error:
        raise DigsError(refused.format(out, error.strerror)) from None
    with scratch:
        made, before = Path(scratch.name) / "site", Path(scratch.name) / "before"
        made.mkdir()
        yield made
        (made / MARK).touch()
        try:
            if out.exists():
                out.rename(before)
            made.rename(out)
        except OSError as error:
            raise DigsError(refused.format(out, error.strerror)) from None
        finally:
            if before.exists() and not out.exists():
                before.rename(out)

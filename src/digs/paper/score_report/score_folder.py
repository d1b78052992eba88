"""The folder of a report: what may be replaced, and that it is written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from digs.base.errors import DigsError

NUMBERS, PAGE, FIGURE_PDF, FIGURE_PNG = "scores.json", "index.html", "scores.pdf", "scores.png"


CONTENTS = {NUMBERS, PAGE, FIGURE_PDF, FIGURE_PNG}


@contextmanager
def report_folder(out: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` when the block ends well, and goes when it does not.

    Raises:
        DigsError: before the block, if `out` cannot be written, or holds something else than an earlier report.
    """
    out = out.absolute()
    if out.exists() and not (out.is_dir() and {each.name for each in out.iterdir()} <= CONTENTS):
        raise DigsError(f"{out} is there and is no report of scores; name another folder with --out.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        scratch = TemporaryDirectory(dir=out.parent, prefix=".scores-")
    except OSError as error:
        raise DigsError(f"{out} cannot be written ({error.strerror}); name another folder with --out.") from None
    with scratch:
        made, before = Path(scratch.name, "made"), Path(scratch.name, "before")
        made.mkdir()
        yield made
        try:
            if out.exists():
                out.rename(before)
            made.rename(out)
        except OSError as error:
            if before.exists() and not out.exists():
                before.rename(out)
            raise DigsError(f"{out} cannot be replaced ({error.strerror}); name another folder with --out.") from None

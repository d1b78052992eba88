"""Where the files of an installed digs are: in the wheel, this stands in the place of src/digs/base/paths.py."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # of the package


DATA = ROOT / "data"


PARAMS = DATA / "params.yaml"


def shown(path: Path) -> str:
    """Return a path as messages show it."""
    return str(path)

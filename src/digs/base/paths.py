"""Where the files of this repository are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


PARAMS = ROOT / "params.yaml"


DATA = ROOT / "src" / "data"


FIGURES = ROOT / "src" / "tex" / "figures"


OUTPUT = ROOT / "src" / "tex" / "output"


def shown(path: Path) -> str:
    """Return a path as messages show it: relative to the repository where it lies inside."""
    path = Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

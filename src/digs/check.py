"""`python -m digs.check`: says in a few seconds whether this installation works; exit status 1 where it does not."""

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import digs
from digs.base.errors import DigsError


def main() -> int:
    """Check files, networks, physics and two known posteriors, say of each how it went, and return the exit status."""
    try:
        release = f"digs {version('digs')}"
    except PackageNotFoundError:
        release = "digs, not installed"
    print(f"{release}, in {Path(digs.__file__).parent}, on Python {sys.version.split()[0]}")
    try:
        from digs.inference.installation import CHECKS
    except ImportError as error:
        print(f"[WRONG] packages: {error}; install digs with what it needs, by `pip install` and its wheel.")
        return 1
    wrong = 0
    for name, check in CHECKS.items():
        try:
            print(f"[ok] {name}: {check()}", flush=True)
        except Exception as error:  # whatever happens, the others are checked
            reason = str(error) if isinstance(error, DigsError) else f"{type(error).__name__}: {error}"
            print(f"[WRONG] {name}: {reason}", flush=True)
            wrong += 1
    print("This installation works." if not wrong else f"This installation does not work: {wrong} of {len(CHECKS)}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""Hand damaged, altered and hostile files to the readers of spectra and catalogues, and say what came of them.

Each file must give the spectra that were written, or one sentence; within 5 s of the processor and 1 GB, with nothing
run, unpickled or written. Files with which that is not so are kept.
"""

import argparse
import sys
import tempfile
from pathlib import Path

OUTCOMES = ("spectrum", "sentence", "both", "nothing")
ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Return 1 if anything went wrong, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=1000, help="of files (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first file, to repeat one that failed")
    parser.add_argument("--folder", type=Path, help="where the files are made, and kept that went wrong")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests/observations")]
    from fuzzing import fuzz

    folder = options.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    folder.mkdir(parents=True, exist_ok=True)
    outcomes, failures = fuzz(folder, options.number, options.seed, options.first)
    for kind in sorted({kind for kind, _ in outcomes}):
        print(f"{kind}: " + ", ".join(f"{outcomes[kind, outcome]} {outcome}" for outcome in OUTCOMES))
    print(f"{options.number} files, {len(failures)} failures" + (f", kept in {folder}" if failures else ""))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

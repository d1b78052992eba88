"""Says what LaTeX complained of: labels and citations, and boxes that stick out. Exit status 1 if it did."""

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

LOG = Path(__file__).resolve().parents[1] / ".showyourwork" / "compile" / "ms.log"
STICKS_OUT = 5.0  # points, from which on a box is a fault

_COMPLAINT = re.compile(
    r"^(?:LaTeX|Package natbib) Warning: (?:Label|Reference|Citation|There were)\b.*(?:\n(?=\S).*)?", re.MULTILINE
)
_OVERFULL = re.compile(r"^Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\).*", re.MULTILINE)


def faults(log: str) -> Iterator[str]:
    """The complaints of a LaTeX log, one line each."""
    yield from (" ".join(match[0].split()) for match in _COMPLAINT.finditer(log))
    yield from (match[0] for match in _OVERFULL.finditer(log) if float(match[1]) > STICKS_OUT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", nargs="?", type=Path, default=LOG, help="of LaTeX (default: %(default)s)")
    log = parser.parse_args().log
    if not log.is_file():
        print(f"{log} is missing; `make paper` writes it.", file=sys.stderr)
        return 1
    found = list(faults(log.read_text(errors="replace")))
    for fault in found:
        print(f"The paper's typesetting: {fault}", file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())

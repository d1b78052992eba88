"""Table `tab_claims`: what Khullar et al. (2022) claim, beside what the data here say."""

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])  # digs of this checkout, no neighbour of this script

from digs.base.command import run
from digs.config.everything import load_all_params
from digs.paper.claims import Claim, all_claims
from digs.paper.plotting import save_rows


def row(claim: Claim) -> tuple[str, ...]:
    """Return a claim, the published value, ours, the verdict, and the stage and script that show it."""
    names = (rf"\texttt{{{name}}}".replace("_", r"\_") for name in (claim.stage, claim.script))
    return (claim.what, claim.published, claim.ours, str(claim.ruling.verdict), *names)


def main() -> None:
    """Write the rows of the table of claims."""
    save_rows("tab_claims", [row(claim) for claim in all_claims(load_all_params())])


if __name__ == "__main__":
    run(main)

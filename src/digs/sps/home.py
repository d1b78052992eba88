"""FSPS's data directory, SPS_HOME: is it there, is it whole, and which data are they?"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from digs.base.errors import DigsError
from digs.base.git import ask_git

NEEDED = (
    "ISOCHRONES/MIST/zlegend.dat",
    "SPECTRA/MILES/miles.lambda",
    "SPECTRA/MILES/zlegend.dat",
    "nebular/ZAU_ND_mist.lines",
    "nebular/ZAU_ND_mist.cont",
    "data/emlines_info.dat",
    "dust",
)


_READ = ("ISOCHRONES/MIST", "SPECTRA/MILES", "SPECTRA/Hot_spectra", "SPECTRA/AGB_spectra", "nebular", "dust", "data")


@dataclass(frozen=True)
class SPSData:
    """Which stellar population data a product was made from."""

    label: str
    fingerprint: str

    def attributes(self) -> dict[str, str]:
        """Return the same as the attributes of a product."""
        return {"sps_label": self.label, "sps_fingerprint": self.fingerprint}


def sps_home() -> Path:
    """Return the directory that SPS_HOME names.

    Raises:
        DigsError: the variable is unset, or the directory lacks files that the MIST + MILES build of FSPS reads.
    """
    remedy = "see 'FSPS data' in README.md for how to get the data, then set SPS_HOME to their directory"
    if not os.environ.get("SPS_HOME"):
        raise DigsError(f"SPS_HOME is not set, and this stage runs FSPS: {remedy}.")
    home = Path(os.environ["SPS_HOME"])
    for name in NEEDED:
        if not (home / name).exists():
            raise DigsError(f"SPS_HOME={home} lacks {name}: {remedy}.")
    return home


def sps_data() -> SPSData:
    """Identify the data in SPS_HOME by a label and by a SHA-256 over the files that FSPS can read here.

    Raises:
        DigsError: as sps_home.
    """
    home = sps_home()
    digest = hashlib.sha256()
    for path in sorted(file for folder in _READ for file in (home / folder).rglob("*") if file.is_file()):
        digest.update(str(path.relative_to(home)).encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return SPSData(_label(home), digest.hexdigest())


def _label(home: Path) -> str:
    """What the data call themselves: the title line of a README.txt, else the commit of an FSPS clone."""
    unknown = "FSPS data of unknown origin"
    readme = home / "README.txt"
    if readme.is_file():
        title = readme.read_text().partition("\n")[0]
        title = re.sub(r"\(SPS_HOME\)", "", title.split(":", 1)[-1]).strip(" .")
        return re.sub(r"\bSTAND-IN\b", "stand-in", title) or unknown
    commit = ask_git(home, "rev-parse", "--short=12", "HEAD")
    return f"FSPS commit {commit.decode().strip()}" if commit else unknown

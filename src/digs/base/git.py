"""What git knows of this tree."""

import subprocess

from digs.base import paths


def git_commit() -> str:
    """The commit of the code that runs, with '-dirty' where files differ from it; 'unknown' outside git."""
    command = ["git", "-C", str(paths.ROOT), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def tree_hash() -> str:
    """Return git's hash of the tree of the commit; 'unknown' outside git."""
    command = ["git", "-C", str(paths.ROOT), "rev-parse", "HEAD^{tree}"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"

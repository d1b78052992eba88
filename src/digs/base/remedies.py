"""What a message advises, which depends on how digs came to this machine."""

from digs.base import paths


def remedy(in_a_checkout: str) -> str:
    """Return the advice to give where a tracked file is missing or damaged.

    Args:
        in_a_checkout: the advice for those who have the repository, which is the only place with DVC's files.
    """
    if (paths.ROOT / "dvc.yaml").is_file():
        return in_a_checkout
    return "this digs is installed without its data, so clone its repository and install that with `pip install -e .`"

"""What a message advises without a checkout: in the wheel, this stands in the place of src/digs/base/remedies.py."""


def remedy(in_a_checkout: str) -> str:
    """Return the advice to give where a file that comes with the package is missing or damaged.

    Args:
        in_a_checkout: the advice for those who have the repository, which these users have not.
    """
    return "install digs anew, with `pip install --force-reinstall --no-deps` and the wheel that it came from"

"""How every script starts and fails."""

import argparse
import sys
from collections.abc import Callable

from digs.base.checkout import check_own
from digs.base.errors import DigsError


def run(main: Callable[..., None], add_arguments: Callable[[argparse.ArgumentParser], None] | None = None) -> None:
    """Run a script's main function: --help prints its docstring, bad input one sentence and exit status 1.

    Args:
        main: called with the parsed arguments as keywords.
        add_arguments: declares the script's arguments, where it has any.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    if add_arguments:
        add_arguments(parser)
    arguments = vars(parser.parse_args())
    try:
        check_own(main)
        main(**arguments)
    except DigsError as error:
        sys.exit(f"{parser.prog}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def add_scheduler(parser: argparse.ArgumentParser) -> None:
    """Add the option --scheduler to the parser of a script."""
    parser.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster, whose workers do the work")

"""Results say which populations are behind them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from digs.files.atomic import write_json
from digs.physics.stored_populations import stored_populations


def write_result(path: Path, numbers: Mapping[str, Any]) -> None:
    """Write numbers that rest on the tracked populations as a JSON file, with the label of these as `sps_label`.

    Raises:
        DigsError: the populations are missing or damaged.
    """
    write_json(path, {"sps_label": stored_populations().label, **numbers})

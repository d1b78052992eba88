"""Data for the browser: plain scripts, as a page that opens from a folder may not fetch files."""

import base64
import json
from typing import Any

import numpy as np


def base64_of(values: np.ndarray, dtype: str) -> str:
    """Return numbers as base64 of their bytes, the lowest first.

    Args:
        values: any shape, in C order.
        dtype: as which they are stored, in numpy's spelling without the byte order.

    Example:
        >>> import numpy as np
        >>> base64_of(np.array([1, 256]), "u2")
        'AQAAAQ=='
    """
    return base64.b64encode(np.ascontiguousarray(values, dtype=f"<{dtype}").tobytes()).decode("ascii")


def data_script(name: str, contents: dict[str, Any]) -> str:
    """Return a script that sets a global variable of the browser.

    Example:
        >>> data_script("DIGS_ANSWER", {"value": 42})
        'window.DIGS_ANSWER = {"value": 42};\\n'
    """
    return f"window.{name} = {json.dumps(contents, allow_nan=False)};\n"

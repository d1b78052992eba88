"""What is kept of other codes while the stage runs."""

import numpy as np
import pytest

from digs.files.resumable import ResumableParts
from digs.inference.other_codes import galaxy_comparison
from digs.inference.other_codes.code_answer import QUANTITIES, CodeAnswer
from digs.inference.other_codes.galaxy_comparison import kept


def test_an_answer_is_found_once(tmp_path):
    """A second run takes it up, the same to the bit."""
    random = np.random.default_rng(1)
    answer = CodeAnswer(random.normal(size=(9, len(QUANTITIES))), np.full(9, 1 / 9), random.normal(size=40), 8)
    parts = ResumableParts(tmp_path, {}, galaxy_comparison.__file__)
    first = kept(parts, "M 31-Bagpipes", lambda: answer)
    again = kept(parts, "M 31-Bagpipes", lambda: pytest.fail("it is there"))
    for found in (first, again):
        assert found.parameters == 8
        for name in ("draws", "weight", "model"):
            np.testing.assert_array_equal(getattr(found, name), getattr(answer, name))

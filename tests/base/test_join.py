"""Results of batches, made into one."""

from dataclasses import dataclass

import numpy as np
import torch

from digs.base.join import join_rows


@dataclass(frozen=True)
class Inner:
    values: torch.Tensor


@dataclass(frozen=True)
class Outer:
    named: dict[str, np.ndarray]
    inner: Inner


def test_rows_of_all_parts_follow_one_another_whatever_holds_them():
    parts = [Outer({"a": np.arange(start, start + 3)}, Inner(torch.full((3, 2), float(start)))) for start in (0, 3, 6)]
    joined = join_rows(parts)
    assert joined.named["a"].tolist() == list(range(9))
    assert joined.inner.values[:, 0].tolist() == [0.0] * 3 + [3.0] * 3 + [6.0] * 3

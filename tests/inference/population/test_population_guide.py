"""The guide docs/population.md: its example runs, from spectra to a population, and what it names is there."""

import re

import matplotlib
import numpy as np

from digs.base import paths
from digs.inference.population.catalogue_population import FEW_IN_POPULATION

GUIDE = (paths.ROOT / "docs/population.md").read_text()


def test_its_example_recovers_the_population():
    matplotlib.use("Agg")
    found: dict = {}
    (code,) = re.findall(r"^```python\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
    exec(code, found)
    fit = found["masses"].fit
    assert abs(fit.mean.mean() - 10.5) < 3 * fit.mean.std()
    assert abs(np.log(np.median(fit.width) / 0.3)) < 3 * np.log(fit.width).std()
    assert len(fit.rows) == found["found"].there.sum() >= 11


def test_it_names_what_is_there():
    for name in (FEW_IN_POPULATION, "INSIDE", "NOISE", "left_out", "leave_out", "with_prior", "detection", "keep"):
        assert name in GUIDE

"""Numbers of the text: the versions of the software, as the lock file pins them."""

import re

from digs.base import paths
from digs.config.params import Params
from digs.paper.numbers import Numbers

LOCK = paths.ROOT / "requirements.lock"


NAMED = (
    "arviz", "astro-prospector", "astropy", "corner", "dvc", "emcee", "fsps", "h5py", "matplotlib", "nautilus-sampler",
    "nflows", "numba", "numpy", "safetensors", "sbi", "scikit-learn", "scipy", "showyourwork", "torch", "zuko",
)  # fmt: skip


def versions(params: Params) -> Numbers:
    """Return the version of each package that the paper names."""
    pinned = dict(re.findall(r"^([\w.-]+)==([\w.]+)", LOCK.read_text(), re.MULTILINE))
    return {f"version_{name.replace('-', '_')}": pinned[name] for name in NAMED}


GROUPS = (versions,)

"""What the Snakefile imports runs without this project's packages: showyourwork may have its own environment."""

import subprocess
import sys

from conftest import PATIENCE

from digs.base import paths

ALONE = """
import sys
for name in ("pydantic", "numpy", "torch", "h5py", "matplotlib", "ruamel"):
    sys.modules[name] = None  # as if it were not installed
import digs.base.closures, digs.provenance.build_plan, digs.provenance.showyourwork_graph
from pathlib import Path
print(len(digs.base.closures.SourceTree(Path("src")).closure(Path("src/scripts/text_numbers.py"))))
"""


def test_the_snakefile_needs_only_the_standard_library_and_yaml():
    command = [sys.executable, "-c", ALONE]
    ended = subprocess.run(
        command, cwd=paths.ROOT, env={"PYTHONPATH": "src"}, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 20

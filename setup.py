"""What pyproject.toml cannot say: a wheel brings the data that digs.infer reads, and modules that know where they lie.

`pip install -e .` takes nothing of this: that digs is the checkout's, with the checkout's data.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.errors import SetupError

HERE = Path(__file__).parent
DATA = (  # copied byte by byte, so that a catalogue's record of them is the same from a checkout
    "basis.h5",
    "general_network.safetensors",
    "lights.json",
    "networks/fiducial.json",
    "networks/fiducial.safetensors",
    "populations.h5",
)
INSTALLED = HERE / "tools" / "wheel"  # modules that differ where there is no checkout, by their places in the package


class BuildWithData(build_py):
    """Builds the package with its data."""

    def run(self) -> None:
        """Copy all modules and data to the folder that becomes the wheel."""
        if self.editable_mode:
            super().run()
            return
        sources = {f"data/{name}": HERE / "src" / "data" / name for name in DATA}
        sources["data/params.yaml"] = HERE / "params.yaml"
        sources |= {path.relative_to(INSTALLED).as_posix(): path for path in INSTALLED.rglob("*.py")}
        if missing := [str(path.relative_to(HERE)) for path in sources.values() if not path.is_file()]:
            raise SetupError(f"{', '.join(missing)}: missing; run `dvc pull` in this checkout, and pip again.")
        super().run()
        for name, source in sources.items():
            target = Path(self.build_lib, "digs", name)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)


scratch = TemporaryDirectory(
    prefix="digs-wheel-"
)  # a folder `build` here would hand modules that are gone to the next wheel
setup(cmdclass={"build_py": BuildWithData}, options={"build": {"build_base": scratch.name}})

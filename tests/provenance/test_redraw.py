"""Scripts that run one after another in one process do not see one another."""

import numpy as np
import pytest

from digs.base import paths
from digs.provenance import redraw
from digs.provenance.fingerprints import NUMBERS, script_of

SCRIPTS = {
    # writes all that it can see of others
    "tab_seen": """
import os, random, sys, warnings
from pathlib import Path
import matplotlib.pyplot as plt, numpy as np
from digs.paper.plotting import save_rows

seen = [plt.get_fignums(), plt.rcParams["font.size"], plt.rcParams["axes.labelsize"], sys.argv[1:], Path.cwd().name]
seen += [os.environ.get("MEDDLED"), random.random(), np.random.rand(), np.geterr()["divide"], len(warnings.filters)]
save_rows("tab_seen", [[str(each)] for each in [*seen, np.array([1 / 3])]])
""",
    "tab_meddling": """
import os, random, sys, warnings
import matplotlib.pyplot as plt, numpy as np
from digs.paper.plotting import save_rows

plt.figure()
plt.rcParams["font.size"] = 40
plt.style.use("ggplot")
sys.argv += ["--more"]
os.environ["MEDDLED"] = "yes"
random.seed(1)
np.random.seed(1)
np.seterr(divide="raise")
np.set_printoptions(precision=2)
warnings.simplefilter("error")
os.chdir("/")
save_rows("tab_meddling", [["x"]])
if MUST_FAIL:
    raise ValueError
""",
}


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """scripts(must_fail): a tree with them."""

    def write(must_fail: bool = False) -> None:
        for name, text in SCRIPTS.items():
            path = tmp_path / script_of(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("MUST_FAIL", str(must_fail)))

    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "OUTPUT", tmp_path / "output")
    return write


def seen() -> list[str]:
    return [entry["text"] for entry in redraw.redraw(["tab_seen"])["tab_seen"]["shown"].values()]


def test_a_script_sees_nothing_of_those_before_it(scripts):
    scripts()
    alone = seen()
    redraw.redraw(["tab_meddling"])
    assert seen() == alone


def test_a_script_that_fails_leaves_nothing(scripts):
    scripts(must_fail=True)
    alone = seen()
    with pytest.raises(ValueError) as failed:
        redraw.redraw(["tab_meddling"])
    assert failed.value.__notes__ == ["src/scripts/tables/tab_meddling.py: ValueError: "]
    assert seen() == alone
    assert np.geterr()["divide"] == "warn"


def test_every_name_has_its_script():
    for name in ("fig_sbc", "tab_priors", NUMBERS, "calibration.calibration"):
        assert (paths.ROOT / script_of(name)).is_file()

"""The notebook docs/first_galaxy.ipynb: all cells run, and show what is stored in it."""

import importlib.util
import json
import re

import nbformat
import pytest

from digs.base import paths

NOTEBOOK = paths.ROOT / "docs" / "first_galaxy.ipynb"
LARGEST = 600_000  # bytes
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]\d+)?")
MASS = re.compile(r"\b1[01]\.\d\d\b")  # log10 of it
INFERRED = 4  # the first cell with a posterior

spec = importlib.util.spec_from_file_location("notebook", paths.ROOT / "tools" / "notebook.py")
notebook = importlib.util.module_from_spec(spec)
spec.loader.exec_module(notebook)


def printed(outputs: list[list[dict]]) -> list[str]:
    """What each cell prints, and '[figure]' where it shows one."""
    text = lambda shown: "".join(shown["text"]) if "text" in shown else "".join(shown["data"]["text/plain"])
    return [
        "".join("[figure]" if "image/png" in one.get("data", {}) else text(one) for one in each) for each in outputs
    ]


@pytest.fixture(scope="module")
def stored() -> dict:
    return json.loads(NOTEBOOK.read_text())


@pytest.fixture(scope="module")
def kept(stored) -> list[str]:
    return printed([cell["outputs"] for cell in stored["cells"] if cell["cell_type"] == "code"])


def test_it_is_a_small_notebook_with_all_outputs(stored, kept):
    nbformat.validate(nbformat.from_dict(stored))
    assert NOTEBOOK.stat().st_size < LARGEST
    assert kept.count("[figure]") == 4
    assert sum(map(bool, kept)) == len(kept) - 2  # imports, and the making of the galaxy


@pytest.fixture(scope="module")
def found(stored, tracked, tmp_path_factory) -> list[str]:
    """What the cells print today, in an empty folder, which they leave empty."""
    for name in ("populations.h5", "basis.h5", "general_network.safetensors"):
        tracked(name)
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shown = printed(notebook.run_cells(stored))
    assert not list(folder.iterdir())
    return shown


def test_it_shows_what_is_stored(kept, found):
    """Processors differ in last bits, after which mixtures learn from other draws and may need a round more or less."""
    words = lambda texts: [NUMBER.sub("#", re.sub("trusted|refined", "found", text)) for text in texts]
    assert words(found) == words(kept)
    assert found[:INFERRED] == kept[:INFERRED]
    numbers = lambda pattern, texts: [float(number) for number in pattern.findall("\n".join(texts))]
    assert numbers(NUMBER, found) == pytest.approx(numbers(NUMBER, kept), rel=0.5, abs=0.05)
    assert len(numbers(MASS, kept)) > 8
    assert numbers(MASS, found) == pytest.approx(numbers(MASS, kept), abs=0.05)


@pytest.mark.parametrize("which", ["kept", "found"])
def test_what_its_words_say_is_what_its_numbers_say(which, request):
    said = "\n".join(request.getfixturevalue(which))
    rows = re.findall(r"^(\w+) +(-?[\d.]+) -([\d.]+) \+([\d.]+) .*truth +(-?[\d.]+)$", said, re.MULTILINE)
    assert len(rows) == 7
    for name, *numbers in rows:
        middle, low, high, truth = map(float, numbers)
        assert middle - 2 * low < truth < middle + 2 * high, name
    mass = {
        kind: float(value) for kind, value in re.findall(r"^(truth|delayed tau|binned) +logmass ([\d.]+)", said, re.M)
    }
    assert mass["truth"] - mass["delayed tau"] > 0.4
    assert abs(mass["truth"] - mass["binned"]) < 0.15
    verdicts = re.findall(r"trusted|refined|outside the model", said)
    assert [verdict == "outside the model" for verdict in verdicts] == [False, True, False, True, False]

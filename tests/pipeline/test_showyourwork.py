"""The bridge from DVC to showyourwork: what changed is remade, what did not is left alone, what is broken is said.

The real Snakefile and tools/no-conda build a toy paper of three stages in throw-away clones. A stand-in for TeX prints
what the paper would say.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from digs.base import paths

ROOT = paths.ROOT

# stages: first -> middle (with the number) -> last; every program writes its name into runs.log
TOY = {
    "params.yaml": "number: 71\n",
    "dvc.yaml": """
stages:
  first:
    cmd: python src/scripts/first.py
    deps: [src/scripts/first.py]
    outs: [src/data/first.json]
  middle:
    cmd: python src/scripts/middle.py
    deps: [src/scripts/middle.py, src/data/first.json]
    params: [number]
    outs: [src/data/middle.json]
  last:
    cmd: python src/scripts/last.py
    deps: [src/scripts/last.py, src/data/middle.json]
    metrics: [src/data/last.json]
""",
    "src/scripts/first.py": "from toy import *; make('first', 1000)",
    "src/scripts/middle.py": "from toy import *; make('middle', -take('first') - number())",
    "src/scripts/last.py": "from toy import *; make('last', -take('middle'))",
    # text.txt says tens, caption.txt all: a change of the last digit is one that only the caption shows
    "src/scripts/variables.py": "from toy import *; say('text', take('last') // 10); say('caption', take('last'))",
    "src/scripts/fig_last.py": "from toy import *; draw('last', take('last'))",
    "src/digs/toy.py": """
import json
from pathlib import Path

import yaml

def ran(name):
    with open("runs.log", "a") as log:
        print(name, file=log)

def number():
    return yaml.safe_load(Path("params.yaml").read_text())["number"]

def take(name):
    return json.loads(Path(f"src/data/{name}.json").read_text())

def make(name, value):
    ran(name)
    Path(f"src/data/{name}.json").write_text(json.dumps(value))

def say(name, value):
    ran(f"say {name}")
    Path(f"src/tex/output/{name}.txt").write_text(str(value))

def draw(name, value):
    ran(f"draw {name}")
    Path(f"src/tex/figures/{name}.pdf").write_text(f"%PDF {value}")
""",
    "src/tex/ms.tex": r"""
\documentclass{article}
\begin{document}
\variable{output/text.txt}  % but not \variable{output/gone.txt}
\begin{figure}
\includegraphics{figures/last.pdf}
\caption{\variable{output/caption.txt}}
\label{fig:last}
\script{fig_last.py}
\end{figure}
\end{document}
""",
    "showyourwork.yml": """
version: 0.4.3
ms_name: ms
cache_on_zenodo: false
datasets: {}
dependencies:
  src/tex/ms.tex: [src/tex/output/numbers.digest]
  src/scripts/fig_last.py: [src/data/last.json, src/digs/toy.py]
""",
    "environment.yml": "dependencies: []\n",
    ".gitignore": "/.snakemake/\n/.showyourwork/\n/ms.*\n/runs.log\n__pycache__/\n/src/tex/*/*\n!.gitignore\n",
    "src/data/.gitignore": "*\n!.gitignore\n",
    "src/tex/figures/.gitignore": "",
    "src/tex/output/.gitignore": "",
}

# what showyourwork's macros would write at its first pass (nothing from inside a caption), then a "PDF" of the numbers
TECTONIC = """#!{python}
import gzip, sys
from pathlib import Path

if "-r" in sys.argv:
    Path("showyourwork.xml").write_text(
        "<FIGURE><GRAPHICS>figures/last.pdf</GRAPHICS><CAPTION></CAPTION><LABEL>fig:last</LABEL>"
        "<SCRIPT>fig_last.py</SCRIPT></FIGURE><INPUT>output/text.txt</INPUT>"
    )
else:
    said = [Path(f"output/{{name}}.txt").read_text() for name in ("text", "caption")]
    Path("ms.pdf").write_text(" ".join(["%PDF", *said, Path("figures/last.pdf").read_text()]))
    Path("ms.synctex.gz").write_bytes(gzip.compress(b""))
"""


class Clone:
    """A toy project and what runs in it."""

    def __init__(self, root: Path, programs: Path) -> None:
        self.root = root
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        path = [str(programs), str(Path(sys.executable).parent), kept["PATH"]]
        names = {f"GIT_{who}_{what}": "toy" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = kept | names | {"PATH": os.pathsep.join(path), "PYTHONPATH": str(root / "src" / "digs")}

    def __call__(self, *command: str) -> str:
        ended = self.attempt(*command)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def attempt(self, *command: str) -> subprocess.CompletedProcess:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, cwd=self.root, env=self.environment, text=True, **streams)

    def build(self) -> set[str]:
        """Build the paper; which stages, numbers and figures were made for it?"""
        (self.root / "runs.log").unlink(missing_ok=True)
        self("tools/no-conda/showyourwork", "build", "-c2")
        return self.ran()

    def ran(self) -> set[str]:
        log = self.root / "runs.log"
        names = log.read_text().splitlines() if log.exists() else []
        assert len(names) == len(set(names)), f"something ran twice: {names}"
        return set(names)

    def paper(self) -> str:
        return (self.root / "ms.pdf").read_text()

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.root / name).read_text()
        assert old in text
        (self.root / name).write_text(text.replace(old, new))

    def stored(self, stage: str) -> Path:
        """The file of the DVC store with a stage's output."""
        md5 = yaml.safe_load((self.root / "dvc.lock").read_text())["stages"][stage]["outs"][0]["md5"]
        return self.root / "data-store" / "files" / "md5" / md5[:2] / md5[2:]


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    (folder / "tectonic").write_text(TECTONIC.format(python=sys.executable))
    (folder / "tectonic").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory, programs) -> Path:
    """The toy project as its author pushed it: data in the store, nothing else built."""
    toy = Clone(tmp_path_factory.mktemp("published"), programs)
    for name, text in TOY.items():
        (toy.root / name).parent.mkdir(parents=True, exist_ok=True)
        (toy.root / name).write_text(text)
    for name in ("Snakefile", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitattributes"):
        (toy.root / name).parent.mkdir(exist_ok=True)
        shutil.copy2(ROOT / name, toy.root / name)
    shutil.copytree(ROOT / "tools" / "no-conda", toy.root / "tools" / "no-conda")
    toy("git", "init", "-q")
    toy("dvc", "repro", "-q")
    assert toy.ran() == {"first", "middle", "last"}
    toy("dvc", "push", "-q", "--run-cache")  # so that clones, too, can undo an edit without a rerun
    toy("git", "add", "-A")
    toy("git", "commit", "-q", "-m", "A toy paper")
    return toy.root


@pytest.fixture
def clone(published, programs, tmp_path) -> Clone:
    """A fresh clone, without data."""
    toy = Clone(tmp_path / "clone", programs)
    subprocess.run(["git", "clone", "-q", str(published), str(toy.root)], check=True)
    assert not (toy.root / "src" / "data" / "last.json").exists()
    return toy


PAPER = {"say text", "say caption", "draw last"}


def test_fresh_clone_fetches_its_data_and_runs_no_stage(clone):
    assert clone.build() == PAPER
    assert clone.paper() == "%PDF 107 1071 %PDF 1071"
    assert clone("git", "status", "--short") == ""


def test_nothing_is_made_again_without_a_change(clone):
    clone.build()
    assert clone.build() == set()
    for path in clone.root.rglob("*"):
        if path.is_file() and not {".git", ".dvc", ".snakemake", ".showyourwork"} & set(path.parts):
            os.utime(path)
    assert clone.build() == set()
    assert "up to date" in clone("dvc", "status")


def test_edited_parameter_reruns_what_follows_from_it(clone):
    clone.build()
    clone.edit("params.yaml", "71", "72")
    assert clone.build() == PAPER | {"middle", "last"}
    # the text says the same as before, and nothing but the caption names the new number
    assert clone.paper() == "%PDF 107 1072 %PDF 1072"
    assert clone.build() == set()
    clone.edit("params.yaml", "72", "71")
    assert clone.build() == PAPER  # the author's run is remembered
    assert clone.paper() == "%PDF 107 1071 %PDF 1071"


def test_edited_stage_in_a_fresh_clone_fetches_what_it_needs(clone):
    clone.edit("src/scripts/last.py", "-take('middle')", "1 - take('middle')")
    assert clone.build() == PAPER | {"last"}
    assert clone.paper() == "%PDF 107 1072 %PDF 1072"


def test_edited_figure_leaves_the_stages_alone(clone):
    clone.build()
    clone.edit("src/scripts/fig_last.py", "take('last')", "-take('last')")
    assert clone.build() == {"draw last"}
    assert clone.paper() == "%PDF 107 1071 %PDF -1071"


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("junk")], ids=["lost", "spoilt"])
def test_damaged_store_stops_the_build_and_is_named(clone, damage):
    path = clone.stored("last")
    path.chmod(0o644)
    damage(path)
    ended = clone.attempt("tools/no-conda/showyourwork", "build", "-c2")
    assert ended.returncode != 0
    assert "The data of last cannot be fetched" in ended.stdout
    assert "git checkout data-store" in ended.stdout
    assert "Traceback" not in ended.stdout
    assert clone.ran() == set()
    clone("git", "checkout", "-q", "data-store")
    assert clone.build() == PAPER


def test_unreadable_pipeline_is_one_sentence(clone):
    (clone.root / "dvc.lock").write_text("<<<<<<< a merge\n")
    ended = clone.attempt("tools/no-conda/showyourwork", "build", "-c2")
    assert ended.returncode != 0
    assert "DVC cannot tell what changed" in ended.stdout
    assert "dvc.lock" in ended.stdout
    assert "Traceback" not in ended.stdout


def digs_modules(script: Path) -> set[str]:
    """The digs modules that a script imports, and that those import, as paths."""
    found = set()
    for node in ast.walk(ast.parse(script.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "digs":
            inside = node.module.split(".")[1:]
            found |= {f"src/digs/{name}.py" for name in (inside[:1] or [alias.name for alias in node.names])}
    found = {name for name in found if (ROOT / name).exists()}
    return found.union(*(digs_modules(ROOT / name) for name in found))


@pytest.fixture(scope="module")
def declared() -> dict[str, list[str]]:
    return yaml.safe_load((ROOT / "showyourwork.yml").read_text())["dependencies"]


FIGURES = sorted(path.name for path in (ROOT / "src" / "scripts").glob("fig_*.py"))


@pytest.mark.parametrize("name", FIGURES)
def test_figure_declares_the_modules_and_data_that_it_names(name, declared):
    script = ROOT / "src" / "scripts" / name
    named = {f"src/data/{file}" for file in re.findall(r'"([\w/]+\.(?:h5|json))"', script.read_text())}
    assert digs_modules(script) | named <= set(declared[f"src/scripts/{name}"])


def test_declared_dependencies_exist(declared):
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    made = {out for stage in stages for key in ("outs", "metrics", "plots") for out in stage.get(key, [])}
    made |= {"src/tex/output/numbers.digest"}
    for script, files in declared.items():
        absent = {file for file in {script, *files} - made if not (ROOT / file).exists()}
        assert not absent, f"showyourwork.yml: {script} depends on files that nothing makes: {absent}"


def test_every_table_script_has_a_rule():
    scripts = {path.stem for path in (ROOT / "src" / "scripts").glob("tab_*.py")}
    assert scripts == set(re.findall(r'"(tab_\w+)": \[', (ROOT / "Snakefile").read_text()))

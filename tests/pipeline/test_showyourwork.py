"""The bridge from DVC to showyourwork: what changed is remade, what did not is left alone, what is broken is said.

The real Snakefile and tools/no-conda build a toy paper of three stages in throw-away clones, in a folder with a space
and an apostrophe in its name. A stand-in for TeX prints what the paper would say.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import yaml
from conftest import PATIENCE

from digs.base import paths
from digs.base.closures import SourceTree
from digs.provenance.dependencies import code_of

ROOT = paths.ROOT
SOURCES = SourceTree(ROOT / "src")

LOADED = """
import sys
{imports}
print(*(module.__file__ for name, module in sys.modules.items() if name.partition(".")[0] == "digs"), sep="\\n")
"""


def bridge() -> list[str]:
    """The modules that the Snakefile imports."""
    imports = re.findall(r"^from digs\..*", (ROOT / "Snakefile").read_text(), re.MULTILINE)
    command = [sys.executable, "-c", LOADED.format(imports="\n".join(imports))]
    loaded = subprocess.run(
        command, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    return [Path(file).relative_to(ROOT).as_posix() for file in loaded.stdout.splitlines()]


# stages: first -> middle (with the number) -> last; every program writes its name into runs.log
TOY = {
    "params.yaml": "number: 71\n",
    "dvc.yaml": """
stages:
  first:
    cmd: python src/scripts/stages/first.py
    deps: [src/scripts/stages/first.py]
    outs: [src/data/first.json]
  middle:
    cmd: python src/scripts/stages/middle.py
    deps: [src/scripts/stages/middle.py, src/data/first.json]
    params: [number]
    outs: [src/data/middle.json]
  last:
    cmd: python src/scripts/stages/last.py
    deps: [src/scripts/stages/last.py, src/data/middle.json]
    metrics: [src/data/last.json]
""",
    "src/scripts/stages/first.py": "from digs.toy import *; make('first', 1000)",
    "src/scripts/stages/middle.py": "from digs.toy import *; make('middle', -take('first') - number())",
    "src/scripts/stages/last.py": "from digs.toy import *; make('last', -take('middle'))",
    # text.txt says tens, caption.txt all: a change of the last digit is one that only the caption shows
    "src/scripts/text_numbers.py": "from digs.toy import *; say_all(take('last'))",
    "src/scripts/figures/fig_last.py": "from digs.toy import *; draw('last', take('last'))",
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

def say_all(value):
    say("text", value // 10)
    say("caption", value)

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
\script{figures/fig_last.py}
\end{figure}
\end{document}
""",
    "showyourwork.yml": """
version: 0.4.3
ms_name: ms
cache_on_zenodo: false
datasets: {}
scripts: {py: "python {script}"}
dependencies:
  src/tex/ms.tex: [src/tex/output/numbers.digest]
  src/scripts/figures/fig_last.py: [src/data/last.json, src/digs/toy.py]
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
        "<SCRIPT>figures/fig_last.py</SCRIPT></FIGURE><INPUT>output/text.txt</INPUT>"
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
        own = {
            "PATH": os.pathsep.join(path),
            "PYTHONPATH": str(root / "src"),
            "DVC_SITE_CACHE_DIR": str(programs / "site"),
        }
        self.environment = kept | names | own

    def __call__(self, *command: str) -> str:
        ended = self.attempt(*command)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    def attempt(self, *command: str) -> subprocess.CompletedProcess:
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        return subprocess.run(command, cwd=self.root, env=self.environment, text=True, **streams, timeout=PATIENCE)

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
    tables = {f"src/scripts/tables/{name}.py": "" for name in tables_of(ROOT / "Snakefile")}
    for name, text in (TOY | tables).items():
        (toy.root / name).parent.mkdir(parents=True, exist_ok=True)
        (toy.root / name).write_text(text)
    for name in ("Snakefile", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitattributes", *bridge()):
        (toy.root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, toy.root / name)
    shutil.copytree(ROOT / "tools" / "no-conda", toy.root / "tools" / "no-conda")
    toy("git", "init", "-q")
    toy("dvc", "repro", "-q")
    assert toy.ran() == {"first", "middle", "last"}
    toy("dvc", "push", "-q", "--run-cache")  # so that clones, too, can undo an edit without a rerun
    toy("git", "add", "-A")
    toy("git", "commit", "-q", "-m", "A toy paper")
    return toy.root


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Where all clones are, one after another, as what is built names its folder."""
    return tmp_path_factory.mktemp("clones") / "it's a clone"


@pytest.fixture
def clone(published, programs, place) -> Iterator[Clone]:
    """A fresh clone, without data."""
    subprocess.run(["git", "clone", "-q", str(published), str(place)], check=True, timeout=PATIENCE)
    assert not (place / "src" / "data" / "last.json").exists()
    yield Clone(place, programs)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def first_build(published, programs, place, tmp_path_factory) -> tuple[set[str], Path]:
    """What the first build in a fresh clone makes, and a copy of all that is there then."""
    toy, kept = Clone(place, programs), tmp_path_factory.mktemp("built") / "kept"
    subprocess.run(["git", "clone", "-q", str(published), str(place)], check=True, timeout=PATIENCE)
    made = toy.build()
    shutil.copytree(place, kept, symlinks=True)
    shutil.rmtree(place)
    return made, kept


@pytest.fixture
def built(first_build, programs, place) -> Iterator[Clone]:
    """A clone in which the paper has been built."""
    shutil.copytree(first_build[1], place, symlinks=True)
    yield Clone(place, programs)
    shutil.rmtree(place)


@pytest.fixture
def without_dvc(tmp_path) -> Callable[[Clone], AbstractContextManager[None]]:
    """`with without_dvc(clone):` whoever starts DVC there fails."""
    (tmp_path / "dvc").symlink_to("/bin/false")

    @contextmanager
    def run(clone: Clone) -> Iterator[None]:
        path = clone.environment["PATH"]
        clone.environment["PATH"] = os.pathsep.join([str(tmp_path), path])
        yield
        clone.environment["PATH"] = path

    return run


PAPER = {"say text", "say caption", "draw last"}


def test_fresh_clone_fetches_its_data_and_runs_no_stage(first_build, built):
    assert first_build[0] == PAPER
    assert built.paper() == "%PDF 107 1071 %PDF 1071"
    assert built("git", "status", "--short") == ""


def test_nothing_is_made_again_without_a_change(built, without_dvc):
    """Nor is DVC asked, which takes seconds to say so."""
    paper = built.root / "ms.pdf"
    before = paper.stat().st_mtime_ns
    with without_dvc(built):
        assert built.build() == set()
        assert paper.stat().st_mtime_ns == before
        for path in built.root.rglob("*"):
            if path.is_file() and not {".git", ".dvc", ".snakemake", ".showyourwork"} & set(path.parts):
                os.utime(path)
        assert built.build() == set()
    assert "up to date" in built("dvc", "status")


def test_edited_parameter_reruns_what_follows_from_it(built):
    built.edit("params.yaml", "71", "72")
    assert built.build() == PAPER | {"middle", "last"}
    # the text says the same as before, and nothing but the caption names the new number
    assert built.paper() == "%PDF 107 1072 %PDF 1072"
    assert built.build() == set()
    built.edit("params.yaml", "72", "71")
    assert built.build() == PAPER  # the author's run is remembered
    assert built.paper() == "%PDF 107 1071 %PDF 1071"


def test_edited_stage_in_a_fresh_clone_fetches_what_it_needs(clone):
    clone.edit("src/scripts/stages/last.py", "-take('middle')", "1 - take('middle')")
    assert clone.build() == PAPER | {"last"}
    assert clone.paper() == "%PDF 107 1072 %PDF 1072"


def test_edited_figure_leaves_the_stages_alone(built):
    built.edit("src/scripts/figures/fig_last.py", "take('last')", "-take('last')")
    assert built.build() == {"draw last"}
    assert built.paper() == "%PDF 107 1071 %PDF -1071"


def test_damaged_store_stops_the_build_and_is_named(built):
    for name in ("data/last.json", "tex/figures/last.pdf", "tex/output/text.txt", "tex/output/caption.txt"):
        (built.root / "src" / name).unlink()
    shutil.rmtree(built.root / ".dvc/cache")
    path = built.stored("last")
    for damage in (Path.unlink, lambda path: path.write_text("junk")):
        path.chmod(0o644)
        damage(path)
        ended = built.attempt("tools/no-conda/showyourwork", "build", "-c2")
        assert ended.returncode != 0
        assert "The data of last cannot be fetched" in ended.stdout
        assert "git checkout data-store" in ended.stdout
        assert "Traceback" not in ended.stdout
        assert not {"first", "middle", "last"} & built.ran()
        built("git", "checkout", "-q", "data-store")
    assert built.build() == PAPER


def test_unreadable_pipeline_is_one_sentence(built):
    (built.root / "dvc.lock").write_text("<<<<<<< a merge\n")
    ended = built.attempt("tools/no-conda/showyourwork", "build", "-c2")
    assert ended.returncode != 0
    assert "DVC cannot tell what changed" in ended.stdout
    assert "dvc.lock" in ended.stdout
    assert "Traceback" not in ended.stdout


@pytest.fixture(scope="module")
def declared() -> dict[str, list[str]]:
    return yaml.safe_load((ROOT / "showyourwork.yml").read_text())["dependencies"]


def code_listed(text: str) -> dict[str, set[str]]:
    """The code that showyourwork.yml lists for each script."""
    listed = yaml.safe_load(text)["dependencies"]
    return {
        script: {file for file in files if file.startswith(("src/digs/", "src/scripts/"))}
        for script, files in listed.items()
        if script.startswith("src/scripts/")
    }


def code_run() -> dict[str, set[str]]:
    """The code that the script of each figure runs besides itself."""
    scripts = sorted((ROOT / "src" / "scripts" / "figures").glob("*.py"))
    names = [script.relative_to(ROOT).as_posix() for script in scripts]
    return {name: set(code_of(SOURCES, name)[1:]) for name in names}


def test_figures_declare_the_code_that_they_run():
    assert code_listed((ROOT / "showyourwork.yml").read_text()) == code_run()


def test_a_module_that_is_left_out_is_missed():
    """Whichever is taken from a list."""
    text, run = (ROOT / "showyourwork.yml").read_text(), code_run()
    lines = text.splitlines(keepends=True)
    modules = [place for place, line in enumerate(lines) if line.lstrip().startswith("- src/digs/")]
    assert len(modules) > len(run)
    for place in modules[:: len(modules) // 20]:
        assert code_listed("".join(lines[:place] + lines[place + 1 :])) != run, lines[place]


FIGURES = sorted(path.name for path in (ROOT / "src" / "scripts" / "figures").glob("fig_*.py"))


@pytest.mark.parametrize("name", FIGURES)
def test_figure_declares_the_data_that_it_names(name, declared):
    script = ROOT / "src" / "scripts" / "figures" / name
    named = {f"src/data/{file}" for file in re.findall(r'"([\w/]+\.(?:h5|json))"', script.read_text())}
    assert named <= set(declared[f"src/scripts/figures/{name}"])


def test_declared_dependencies_exist(declared):
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"].values()
    made = {out for stage in stages for key in ("outs", "metrics", "plots") for out in stage.get(key, [])}
    made |= {"src/tex/output/numbers.digest"}
    for script, files in declared.items():
        absent = {file for file in {script, *files} - made if not (ROOT / file).exists()}
        assert not absent, f"showyourwork.yml: {script} depends on files that nothing makes: {absent}"


def tables_of(snakefile: Path) -> set[str]:
    return set(re.findall(r'"(tab_\w+)": \[', snakefile.read_text()))


def test_every_table_script_has_a_rule():
    assert {path.stem for path in (ROOT / "src" / "scripts" / "tables").glob("tab_*.py")} == tables_of(
        ROOT / "Snakefile"
    )


def test_no_script_hides_a_module_of_python():
    """A script's folder is the first place where Python looks for what it imports."""
    assert not {path.stem for path in (ROOT / "src" / "scripts").rglob("*.py")} & sys.stdlib_module_names

"""Rehearse the project in a copy of this tree: every stage after the simulations, then the paper, at a tiny budget.

The stages that run FSPS are kept as they are, with their data. The budget is tools/smoke.yaml, laid over params.yaml.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))  # digs of this checkout

from digs.provenance import clean_copy as copies
from digs.provenance.documents import outputs, read_yaml

ROOT = Path(__file__).resolve().parents[1]
KEPT = ("populations", "instruments", "library", "simulator_speed", "redshifted", "other_sps")
# these need what few have too, but rest on stages that are rehearsed: their data are taken as they are in their turn
KEPT_LATER = ("timing", "prospector_posteriors", "released_network", "general_prospector", "real_spectra")
AUTHOR = ("-c", "user.name=smoke", "-c", "user.email=smoke@localhost", "-c", "commit.gpgsign=false")


class SmokeError(Exception):
    """A step failed: one sentence that says which."""


def environment(tree: Path) -> dict[str, str]:
    """What commands in a copy see (digs.provenance.clean_copy), without FSPS and other code than the copy's."""
    seen = {key: value for key, value in copies.environment(tree).items() if key not in ("SPS_HOME", "K22_HOME")}
    return seen | {"PYTHONPATH": str(tree / "src")}


def execute(tree: Path, *command: str) -> None:
    ended = subprocess.run(command, cwd=tree, env=environment(tree), stdin=subprocess.DEVNULL)
    if ended.returncode:
        raise SmokeError(f"`{' '.join(command)}` failed with exit status {ended.returncode}.")


def stages(tree: Path) -> dict[str, dict]:
    return read_yaml(tree / "dvc.yaml")["stages"]


def copy_tree(into: Path) -> None:
    """Copy what git tracks or would track here, as it is now, and make a repository of it."""
    for name in copies.tracked_files(ROOT):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, into / name)
    execute(into, "git", "init", "-q")
    commit(into)


def commit(tree: Path) -> None:
    execute(tree, "git", "add", "-A")
    execute(tree, "git", *AUTHOR, "commit", "-q", "--allow-empty", "-m", "A copy for a rehearsal")


def overlay(values: dict, changes: dict) -> dict:
    """Nested values with some of them changed; it may not add any."""
    for name in changes:
        if name not in values:
            raise SmokeError(f"tools/smoke.yaml: params.yaml has no '{name}' there; remove it or mend its name.")
    return values | {
        name: overlay(values[name], change) if isinstance(change, dict) else change for name, change in changes.items()
    }


def set_params(tree: Path, changes: dict) -> None:
    params = tree / "params.yaml"
    params.write_text(yaml.safe_dump(overlay(read_yaml(params), changes), sort_keys=False))


def keep_simulations(tree: Path) -> None:
    """Bring the data of the stages that run FSPS, and tell DVC to take them as they are."""
    absent = set()
    for stage in KEPT + KEPT_LATER:
        for name in outputs(stages(tree)[stage]):
            if (ROOT / name).is_file():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
            else:
                absent.add(stage)
    if absent:
        execute(tree, "dvc", "pull", "-q", *sorted(absent))
    execute(tree, "dvc", "commit", "-q", "-f", *KEPT)
    execute(tree, "dvc", "freeze", "-q", *KEPT, *KEPT_LATER)


def make_copy(into: Path) -> None:
    """A copy of this tree with the tiny budget, in which only the stages after the simulations are to run."""
    copy_tree(into)
    set_params(into, read_yaml(ROOT / "tools" / "smoke.yaml"))
    keep_simulations(into)
    commit(into)


@contextmanager
def timed(what: str, times: dict[str, float]) -> Iterator[None]:
    print(f"== {what}", flush=True)
    began = time.perf_counter()
    yield
    times[what] = time.perf_counter() - began


def run_stages(tree: Path, times: dict[str, float]) -> None:
    for stage in stages(tree):
        if stage in KEPT_LATER:
            execute(tree, "dvc", "commit", "-q", "-f", stage)
        elif stage not in KEPT:
            with timed(f"stage {stage}", times):
                execute(tree, "dvc", "repro", "-q", stage)


def build_paper(tree: Path, times: dict[str, float]) -> None:
    with timed("paper", times):
        execute(tree, "tools/no-conda/showyourwork", "build", "-c2")
    paper = tree / "ms.pdf"
    if not paper.is_file() or not paper.read_bytes().startswith(b"%PDF"):
        raise SmokeError("The build ended well, but ms.pdf is missing or no PDF.")
    before = paper.read_bytes()
    with timed("paper again, with nothing to do", times):
        execute(tree, "tools/no-conda/showyourwork", "build", "-c2")
    if paper.read_bytes() != before:
        raise SmokeError("A second build, with nothing changed, made another ms.pdf.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, help="a new folder for the copy, which is kept (default: a temporary one)")
    parser.add_argument("--no-paper", action="store_true", help="only the stages; needs no TeX")
    arguments = parser.parse_args()
    if arguments.into and arguments.into.exists() and any(arguments.into.iterdir()):
        sys.exit(f"smoke: {arguments.into} is not empty; name a new folder.")
    tree = arguments.into.resolve() if arguments.into else Path(tempfile.mkdtemp(prefix="digs-smoke-"))
    tree.mkdir(parents=True, exist_ok=True)

    times: dict[str, float] = {}
    try:
        with timed("copy", times):
            make_copy(tree)
        run_stages(tree, times)
        if not arguments.no_paper:
            build_paper(tree, times)
    except SmokeError as error:
        sys.exit(f"smoke: {error} The copy is in {tree}.")
    print("\nAll of it works:")
    for what, seconds in times.items():
        print(f"  {seconds:6.1f} s  {what}")
    if not arguments.into:
        shutil.rmtree(tree)


if __name__ == "__main__":
    main()

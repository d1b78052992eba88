# showyourwork makes the figures and the paper, DVC the data that they come from.
#
# Every stage of dvc.yaml becomes a rule `dvc_<stage>`. Only DVC judges what is out of date: it compares contents, where
# Snakemake compares times. Its verdict reaches Snakemake as a flag file, the rule's only input: the flag's age says
# whether the rule must run, the flag's text is the shell script that the rule then runs.
import json
import os
import re
import shlex
import subprocess
import time
from glob import glob
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

# rules import the `digs` of this tree, wherever the environment has another one installed
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path("src").resolve()), os.environ.get("PYTHONPATH")]))

# names here must not be those of Snakemake or of the showyourwork rules: all Snakefiles share one namespace
FLAGS = Path(".dvc/tmp/showyourwork")
STAGES = yaml.safe_load(Path("dvc.yaml").read_text())["stages"]


def dvc_status():
    """What DVC finds changed: {stage: [change, ...]}."""
    try:
        ended = subprocess.run(["dvc", "status", "--json"], capture_output=True, text=True)
    except FileNotFoundError:
        raise WorkflowError("DVC is not installed beside showyourwork: `pip install dvc` there.") from None
    if ended.returncode:
        words = (ended.stderr.strip() or "it said nothing").splitlines()[0].removeprefix("ERROR: ")
        raise WorkflowError(f"DVC cannot tell what changed ({words}); mend what `dvc status` complains of.")
    return json.loads(ended.stdout)


def listed(stage, *keys):
    items = [item for key in keys for item in STAGES[stage].get(key, [])]
    return [Path(item if isinstance(item, str) else next(iter(item))) for item in items]


def outs(stage):
    return listed(stage, "outs", "metrics", "plots")


def feeds(upstream, stage):
    pairs = [(out, dep) for out in outs(upstream) for dep in listed(stage, "deps")]
    return any(out == dep or out in dep.parents or dep in out.parents for out, dep in pairs)


def lineage(stage):
    """The stage and all that it comes from."""
    above = {name for upstream in STAGES if feeds(upstream, stage) for name in lineage(upstream)}
    return [name for name in STAGES if name in above or name == stage]


def changed(stage):
    """Did anything change since the stage ran? (Data that is only absent did not.)"""
    for change in STATUS.get(stage, []):
        if not isinstance(change, dict):  # the command
            return True
        for file, state in (pair for files in change.values() for pair in files.items()):
            if Path(file) not in MADE or state not in ("deleted", "not in cache"):
                return True
    return False


def absent(stage):
    return not all(out.exists() for out in outs(stage))


STATUS = dvc_status()
MADE = {out for stage in STAGES for out in outs(stage)}
STALE = {stage for stage in STAGES if any(map(changed, lineage(stage)))}


def recipe(stage):
    """Fetch what did not change, run what did. (`dvc repro --pull` alone runs, be it for hours, what it cannot fetch.)"""
    missing = [name for name in lineage(stage) if name not in STALE and absent(name)]
    fetched = missing if stage in STALE else [stage]
    sorry = (
        f"The data of {', '.join(fetched)} cannot be fetched: DVC's remote lacks them or is damaged. `git checkout "
        "data-store` restores the remote inside this repository; `dvc repro` makes them anew."
    )
    commands = [f"dvc pull -q {' '.join(fetched)} || {{ echo {shlex.quote(sorry)} >&2; exit 1; }}"] if fetched else []
    return commands + ([f"dvc repro --pull {stage}"] if stage in STALE else [])


FLAGS.mkdir(parents=True, exist_ok=True)
for place, stage in enumerate(STAGES):
    flag = FLAGS / stage
    flag.write_text("\n".join([f"# {time.time()}", *recipe(stage), ""]))  # always new: Snakemake compares short texts
    if stage not in STALE:
        os.utime(flag, (0, 0))

    rule:
        name: f"dvc_{stage}"
        message: f"Getting the data of DVC stage {stage}..."
        input: str(flag)
        output: [str(out) if out.suffix else directory(str(out)) for out in outs(stage)]
        priority: len(STAGES) - place  # upstream first
        threads: workflow.cores  # one DVC at a time
        # without the thread counts that Snakemake sets, so that stages run as by a bare `dvc repro`
        shell: "env -u OMP_NUM_THREADS -u OPENBLAS_NUM_THREADS -u MKL_NUM_THREADS sh -e {input}"


# The numbers in the text: the files that ms.tex names as \variable{output/NAME.txt}, in captions too.
DIGS = sorted(glob("src/digs/**/*.py", recursive=True))
MANUSCRIPT = re.sub(r"(?<!\\)%.*", "", Path("src/tex/ms.tex").read_text())
NUMBERS = sorted({f"src/tex/{name}" for name in re.findall(r"\\variable\{(output/[^}]+\.txt)\}", MANUSCRIPT)})
READ = sorted(str(out) for out in MADE if out.suffix in (".h5", ".json"))

if NUMBERS:

    rule numbers:
        input: "src/scripts/variables.py", READ, "params.yaml", DIGS
        output: NUMBERS
        shell: "python src/scripts/variables.py"


# showyourwork does not see a \variable inside a caption; this file, a dependency of ms.tex, changes with any of them
rule numbers_digest:
    input: NUMBERS, "src/tex/ms.tex"
    output: "src/tex/output/numbers.digest"
    shell: "cksum {input} > {output}"


# The tables: src/scripts/tab_NAME.py writes src/tex/output/tab_NAME.tex from params.yaml and these data.
TABLES = {
    "tab_priors": [],
    "tab_widths": ["chains.h5", "galaxy_posterior.h5", "galaxy.h5"],
    "tab_calibration": ["calibration.json"],
    "tab_validation": ["validation.json"],
    "tab_lookup": ["lookup_experiment.json"],
    "tab_search": ["studies/search.json"],
    "tab_fidelity": ["comparison.json", "two_sample.json"],
    "tab_timing": ["timing.json"],
    "tab_prospector": ["prospector_chain.json"],
    "tab_differences": ["choices.json", "comparison.json", "lookup_experiment.json", "studies/batches.json"],
    "tab_claims": [
        "calibration.json",
        "chains.h5",
        "galaxy.h5",
        "galaxy_posterior.h5",
        "lookup_experiment.json",
        "networks/paper.json",
        "posteriors.h5",
        "ssp_grid.h5",
        "timing.json",
    ],
    "tab_warning_lights": ["warning_lights.json"],
}

for table, data in TABLES.items():

    rule:
        name: table
        input: f"src/scripts/{table}.py", [f"src/data/{name}" for name in data], "params.yaml", DIGS
        output: f"src/tex/output/{table}.tex"
        params: script=f"src/scripts/{table}.py"
        shell: "python {params.script}"

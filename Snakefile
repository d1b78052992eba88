# showyourwork makes the figures and the paper, DVC the data that they come from.
#
# Every stage of dvc.yaml becomes a rule `dvc_<stage>`. Only DVC judges what is out of date: it compares contents, where
# Snakemake compares times. Its verdict (digs.provenance.build_plan) reaches Snakemake as a flag file, the rule's only
# input: the flag's age says whether the rule must run, the flag's text is the shell script that the rule then runs.
import os
import re
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError

# this process and the rules import the `digs` of this tree, wherever the environment has another one installed
sys.path.insert(0, str(Path("src").resolve()))
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [sys.path[0], os.environ.get("PYTHONPATH")]))

from digs.base.closures import SourceTree
from digs.base.errors import DigsError
from digs.provenance.build_plan import BuildPlan
from digs.provenance.showyourwork_graph import get_upstream_dependencies, infer_variable_provenance

# names here must not be those of Snakemake or of the showyourwork rules: all Snakefiles share one namespace
FLAGS = Path(".dvc/tmp/showyourwork")
SOURCES = SourceTree(Path("src"))

try:
    PLAN = BuildPlan(Path("."))
except DigsError as error:
    raise WorkflowError(f"DVC cannot tell what changed: {error}") from None

FLAGS.mkdir(parents=True, exist_ok=True)
for place, (stage, outs) in enumerate(PLAN.outs.items()):
    flag = FLAGS / stage
    # always new: Snakemake compares short texts
    flag.write_text("\n".join([f"# {time.time()}", *PLAN.recipe(stage), ""]))
    if stage not in PLAN.stale:
        os.utime(flag, (0, 0))

    rule:
        name: f"dvc_{stage}"
        message: f"Getting the data of DVC stage {stage}..."
        input: str(flag)
        output: [out if Path(out).suffix else directory(out) for out in outs]
        priority: len(PLAN.outs) - place  # upstream first
        threads: workflow.cores  # one DVC at a time
        # without the thread counts that Snakemake sets, so that stages run as by a bare `dvc repro`
        shell: "env -u OMP_NUM_THREADS -u OPENBLAS_NUM_THREADS -u MKL_NUM_THREADS sh -e {input}"


def code_of(script):
    """The code that a script runs, the script first."""
    try:
        return [file.as_posix() for file in SOURCES.closure(Path(script))]
    except DigsError as error:
        raise WorkflowError(str(error)) from None


# The numbers in the text: the files that ms.tex names as \variable{output/NAME.txt}, in captions too.
MANUSCRIPT = re.sub(r"(?<!\\)%.*", "", Path("src/tex/ms.tex").read_text())
NUMBERS = sorted({f"src/tex/{name}" for name in re.findall(r"\\variable\{(output/[^}]+\.txt)\}", MANUSCRIPT)})
READ = sorted(out for out in PLAN.made if out.endswith((".h5", ".json")))

if NUMBERS:

    rule numbers:
        input: code_of("src/scripts/text_numbers.py"), READ, "params.yaml"
        output: NUMBERS
        shell: "python {input[0]}"


# showyourwork does not see a \variable inside a caption; this file, a dependency of ms.tex, changes with any of them
rule numbers_digest:
    input: NUMBERS, "src/tex/ms.tex"
    output: "src/tex/output/numbers.digest"
    shell: "cksum {input} > {output}"


# The tables: src/scripts/tables/tab_NAME.py writes src/tex/output/tab_NAME.tex from params.yaml and these data.
TABLES = {
    "tab_priors": [],
    "tab_networks": [
        "networks/exact.json",
        "networks/fiducial.json",
        "networks/lookup.json",
        "networks/paper.json",
        "networks/short.json",
        "networks/table1.json",
        "networks/wide.json",
    ],
    "tab_widths": ["chains.h5", "galaxy_posterior.h5", "galaxy.h5", "lookup_experiment.json"],
    "tab_calibration": ["calibration.json", "posteriors.h5", "reference.h5"],
    "tab_validation": ["validation.json"],
    "tab_lookup": ["lookup_experiment.json"],
    "tab_released": ["released_network.json"],
    "tab_search": ["studies/search.json"],
    "tab_fidelity": ["comparison.json", "two_sample.json"],
    "tab_timing": ["timing.json"],
    "tab_brute_force": ["brute_force.json", "timing.json"],
    "tab_differences": ["choices.json", "comparison.json", "lookup_experiment.json", "studies/batches.json"],
    "tab_claims": [
        "calibration.json",
        "galaxy.h5",
        "lookup_experiment.json",
        "networks/fiducial.json",
        "networks/fiducial.safetensors",
        "networks/paper.json",
        "populations.h5",
        "posteriors.h5",
        "timing.json",
    ],
    "tab_frontier": ["frontier.json"],
    "tab_league": ["league.json"],
    "tab_general_validation": ["general_validation.json"],
    "tab_real_spectra": ["real_spectra.json"],
}

for table, data in TABLES.items():

    rule:
        name: table
        input: code_of(f"src/scripts/tables/{table}.py"), [f"src/data/{name}" for name in data], "params.yaml"
        output: f"src/tex/output/{table}.tex"
        shell: "python {input[0]}"

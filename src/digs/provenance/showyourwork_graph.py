"""What showyourwork 0.4.3 finds out about the graph of a build, in less time.

It has two functions that take a minute with hundreds of numbers in the text: one walks the graph path by path, the
other resolves every output of every job for every number. All Snakefiles share one namespace, so that the project's,
which imports these under the same names, puts them in their place. They find the same.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CHECKPOINT = "syw__dag"  # showyourwork's rule that everything waits for which asks for the graph


def get_upstream_dependencies(file: str, dependencies: Mapping[str, Iterable[str]]) -> list[str]:
    """Return all that a file comes from.

    Args:
        dependencies: what each file is made of.
    """
    found, waiting = set(), [file]
    while waiting:
        new = set(dependencies.get(waiting.pop(), ())) - found
        found |= new
        waiting.extend(new)
    return list(found)


def infer_variable_provenance(dag: Any) -> None:
    """Tell showyourwork where the rules are that make the files of \\variable, for links in the text.

    Args:
        dag: Snakemake's graph of jobs.
    """
    import snakemake
    from showyourwork import paths

    user = paths.user()
    config = snakemake.workflow.config
    config["variables"] = rule_places(dag, config["tree"]["files"], user.repo, user.tex)
    judge_anew(dag)


def rule_places(dag: Any, files: Iterable[str], repo: Path, tex: Path) -> dict[str, str]:
    """Return the place of the rule behind each file that a job makes, as showyourwork.tex asks for it."""
    rules = {os.path.realpath(output): job.rule for job in dag.jobs for output in job.output}
    made = [file for file in map(os.path.realpath, files) if file in rules]
    places = {rule: rule_place(rule, repo) for rule in {rules[file] for file in made}}
    return {f"{os.path.relpath(file, tex)}_rule": places[rules[file]] for file in made}


def rule_place(rule: Any, repo: Path) -> str:
    """Return the Snakefile of a rule, with the line where it starts if it is written there by its name."""
    shown = os.path.relpath(rule.snakefile, repo)
    for number, line in enumerate(Path(rule.snakefile).read_text(encoding="utf-8").splitlines(), 1):
        if re.match(rf"\s*rule\s*{rule.name}:", line):
            return rf"{shown}\#L{number}"
    return shown


def judge_anew(dag: Any) -> None:
    """Let Snakemake forget why it meant to run what waits for the graph: while that was not known, all of it.

    It judges anew once the graph is known, but keeps the old reasons, and would copy the PDF for them.
    """
    for checkpoint in [job for job in dag.jobs if job.rule.name == CHECKPOINT]:
        for waiting in dag.bfs(dag.depending, checkpoint):
            if waiting != checkpoint:
                dag._reason.pop(waiting, None)

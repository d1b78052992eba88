"""What stands in for two functions of showyourwork finds what these find."""

import os
import random
import re
from pathlib import Path
from types import SimpleNamespace

import showyourwork.config
from showyourwork.paths import showyourwork as package

from digs.provenance.showyourwork_graph import CHECKPOINT, get_upstream_dependencies, judge_anew, rule_places


class Named(SimpleNamespace):
    __hash__ = object.__hash__
    __eq__ = object.__eq__


def test_upstream_dependencies_are_those_of_showyourwork():
    choice = random.Random(3)
    for _ in range(30):
        files = [f"file {number}" for number in range(12)]
        graph = {
            file: choice.sample(files[:place], choice.randrange(min(place, 4) + 1)) for place, file in enumerate(files)
        }
        for file in [*files, "another"]:
            expected = showyourwork.config.get_upstream_dependencies(file, graph)
            assert sorted(get_upstream_dependencies(file, graph)) == sorted(expected)


def theirs(dag: SimpleNamespace, files: list[str], user: SimpleNamespace) -> dict[str, str]:
    """What showyourwork's own infer_variable_provenance finds."""
    source = (package().rules / "dag.smk").read_text()
    function = re.search(r"^def infer_variable_provenance.*?(?=^\S)", source, re.DOTALL | re.MULTILINE)[0]
    config = {"tree": {"files": files}}
    given = {
        "snakemake": SimpleNamespace(workflow=SimpleNamespace(config=config)),
        "paths": SimpleNamespace(user=lambda: user),
        "Path": Path,
        "os": os,
        "re": re,
    }
    exec(function, given)
    given["infer_variable_provenance"](dag)
    return config["variables"]


def test_rules_of_variables_are_those_of_showyourwork(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Snakefile").write_text("# rules\n\n    rule numbers:\n        output: x\n\nrule:\n    name: table\n")
    rules = [Named(name=name, snakefile=str(tmp_path / "Snakefile")) for name in ("numbers", "table")]
    outputs = [["src/tex/output/one.txt", "src/tex/output/two.txt"], ["src/tex/output/tab.tex"]]
    jobs = [SimpleNamespace(rule=rule, output=output) for rule, output in zip(rules, outputs, strict=True)]
    dag, user = SimpleNamespace(jobs=jobs), SimpleNamespace(repo=tmp_path, tex=tmp_path / "src" / "tex")
    for files in ([*outputs[0], *outputs[1]], ["src/tex/output/two.txt", "src/tex/output/nobody's.txt"]):
        found = rule_places(dag, files, user.repo, user.tex)
        assert found == theirs(dag, files, user)
        assert found["output/two.txt_rule"] == r"Snakefile\#L3"


def test_only_what_waits_for_the_graph_is_judged_anew():
    checkpoint, figure, copying = (Named(rule=Named(name=name)) for name in (CHECKPOINT, "figure", "copy"))
    dag = Named(jobs=[checkpoint, figure, copying], depending=None, _reason={checkpoint: 1, figure: 2, copying: 3})
    dag.bfs = lambda direction, job: [checkpoint, copying]
    judge_anew(dag)
    assert dag._reason == {checkpoint: 1, figure: 2}

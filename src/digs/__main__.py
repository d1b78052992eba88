"""The command `digs`: posteriors of spectra; audit what the paper shows, renew its records, score posteriors."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

try:
    from digs.base import paths
    from digs.base.checkout import current_checkout, hand_over
    from digs.base.errors import DigsError
    from digs.files.atomic import read_json
    from digs.inference.engine.infer_options import add_infer_parser
    from digs.paper.score_report.score_command import add_score_parser
    from digs.provenance import audit, dependencies, fingerprints, report
    from digs.provenance.audit import AuditVerdict, Finding, Project
    from digs.provenance.audit_record import AuditScope, recorded_audit
    from digs.provenance.clean_copy import clean_copy, execute
    from digs.provenance.pipeline import Pipeline
    from digs.provenance.settlement import settle
    from digs.provenance.site.addresses import START
    from digs.provenance.site.folder import site_folder
    from digs.provenance.vouching import vouch
except KeyboardInterrupt:  # before all is imported, which takes a second
    sys.exit(130)

WRONG, UNCHECKED = 1, 3  # exit statuses
ANYWHERE = {"infer"}  # commands that need no checkout


def _exit_status(findings: list[Finding]) -> int:
    verdicts = {finding.verdict for finding in findings}
    return WRONG if AuditVerdict.WRONG in verdicts else UNCHECKED if AuditVerdict.UNKNOWN in verdicts else 0


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def run_audit(
    figure: str | None,
    rebuild: bool,
    from_scratch: list[str] | None,
    record: Path | None,
    of: Sequence[str] = (),
) -> int:
    """Say where a figure, table or number comes from, and check it; without a name, check all of them."""
    if figure == "row":
        return run_audit_row(of)
    if of:
        raise DigsError(f"'{of[0]}' is one name too many; give one figure, or row FILE ID.")
    project = Project(paths.ROOT)
    names = project.find(figure) if figure else project.everything
    scope = AuditScope(figure=figure, rebuild=rebuild, from_scratch=from_scratch)
    with recorded_audit(project.root, record, scope) as findings:
        if figure:
            for name in names:
                _print([*report.provenance(project, name), ""])
        checks = audit.Checks(project)
        findings += (checks.of(names) if figure else checks.all) + audit.check_text(project)
        if rebuild:
            findings += [each for found in audit.check_redrawn(project, names).values() for each in found]
        if from_scratch is not None:
            findings += run_from_scratch(project, names, from_scratch)
    _print(report.summary(findings, everything=figure is None))
    if figure is None:
        print(f"  {report.costs(project)}")
    return _exit_status(findings)


def run_audit_row(of: Sequence[str]) -> int:
    """Make one galaxy of a catalogue's posteriors again and compare."""
    if len(of) != 2:
        raise DigsError("To audit a row, give the file of posteriors and the galaxy: digs audit row FILE ID.")
    from digs.inference.catalogue.row_audit import audit_row

    checks = audit_row(Path(of[0]), of[1])
    _print(f"[{'ok' if good else 'WRONG'}] {words}" for good, words in checks)
    return 0 if all(good for good, _ in checks) else WRONG


def run_from_scratch(project: Project, names: list[str], chosen: list[str]) -> list[Finding]:
    """Run the stages behind figures anew in a clean copy, then redraw there and compare."""
    lineage = project.pipeline.lineage(audit.data_of(project, names))
    if unknown := set(chosen) - {stage.name for stage in lineage}:
        behind = ", ".join(stage.name for stage in lineage) or "none"
        raise DigsError(f"No stage behind it is called {', '.join(sorted(unknown))}; choose from: {behind}.")
    stages = [stage for stage in lineage if stage.name in chosen or not chosen]
    lacking = [stage for stage in stages if stage.needs and not os.environ.get(stage.needs)]
    findings = [
        Finding(
            AuditVerdict.UNKNOWN, f"stage {stage.name} was not run: {stage.needs} is not set; its data are as tracked"
        )
        for stage in lacking
    ]
    inputs = {file for stage in lineage for file in (*stage.outs, *stage.deps)} | set(audit.data_of(project, names))
    with clean_copy(project.pipeline, inputs & set(project.pipeline.locked)) as tree:
        (tree / "dvc.lock").chmod(0o644)
        execute(tree, "git", "init", "-q")
        for stage in stages:
            if stage not in lacking:
                print(f"Running {stage.name} ({stage.takes})", flush=True)
                execute(tree, "dvc", "repro", "-q", "-f", "-s", stage.name)
        now = fingerprints.redrawn(tree, audit.scripts_of(names))
    return findings + [each for name in names for each in audit.compare(project, name, now)]


def run_renew(figure: list[str]) -> int:
    """Redraw everything, or what is named, in a clean copy and record what it shows now; say what changed."""
    pipeline = Pipeline(paths.ROOT)
    scripts = fingerprints.scripts_named(paths.ROOT, figure) or fingerprints.all_scripts(paths.ROOT)
    try:
        before = fingerprints.load(paths.ROOT)
    except DigsError:  # the first time
        before = {}
    now = fingerprints.redraw(pipeline, scripts, pipeline.locked)
    if figure:
        now |= {name: entry for name, entry in before.items() if fingerprints.of_script(name) not in scripts}
    for name in sorted({*before, *now}):
        if name not in before or name not in now:
            print(f"{name} is {'new' if name in now else 'gone'}")
        else:
            _print(f"{name}: {difference}" for difference in fingerprints.departures(before[name], now[name]))
    fingerprints.store(paths.ROOT, now)
    readme = paths.ROOT / "README.md"
    text = report.with_cost_table(readme.read_text(), pipeline)
    if (league := paths.DATA / "league.json").is_file():
        text = report.with_league_table(text, read_json(league))
    readme.write_text(text)
    return 0


def run_stages(write: bool) -> int:
    """Print the stages, what they cost and what they need; or write what they depend on into dvc.yaml."""
    if write:
        changed = dependencies.write_lists(paths.ROOT)
        print(
            f"Written: {', '.join(changed)}" if changed else "dvc.yaml and showyourwork.yml list what the sources give"
        )
    else:
        print(report.cost_table(Pipeline(paths.ROOT)))
    return 0


def run_settle(stage: list[str]) -> int:
    """Mark as up to date, for DVC, stages whose record, or what vouches for them, says that they are; refuse others."""
    changed, refused = settle(paths.ROOT, stage)
    _print(f"{name} is settled" for name in changed)
    _print(refused)
    return WRONG if refused and stage else 0


def run_vouch(stage: list[str], reason: str, evidence: str) -> int:
    """Vouch, in vouched.yaml, that stages whose code has changed since they ran would still give what they gave."""
    for voucher in vouch(paths.ROOT, stage, reason, evidence).values():
        if voucher.stage in stage:
            print(f"{voucher.stage}: {voucher.old} -> {voucher.new}")
    return 0


def run_site(out: str | None) -> int:
    """Write the pages for reviewers: a web site that opens from a folder, in which everything leads to its proof."""
    folder = site_folder(Path(out) if out else paths.ROOT / "site")
    from digs.provenance.site.build import write_site  # it imports what only the site takes, for seconds

    count = write_site(paths.ROOT, folder)
    print(f"{count} pages: open {folder / START} in a browser")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command and its subcommands."""
    main = argparse.ArgumentParser(prog="digs", description="Check what the paper shows, down to the simulator.")
    commands = main.add_subparsers(dest="command", required=True)
    one = commands.add_parser("audit", help=run_audit.__doc__, description=run_audit.__doc__)
    one.add_argument("figure", nargs="?", help="such as corner, tab_widths, fig:sbc or numbers (default: everything)")
    one.add_argument("of", nargs="*", metavar="FILE ID", help="after row: one of a catalogue's posteriors")
    one.add_argument("--rebuild", action="store_true", help="redraw in a clean copy, and compare what is drawn")
    one.add_argument(
        "--from-scratch",
        nargs="*",
        metavar="STAGE",
        help="run the stages behind the figure anew (dvc repro -f) in a clean copy, all of them or those named, then "
        "redraw and compare",
    )
    one.add_argument("--record", type=Path, metavar="FILE", help="write what was found, and on which machine, as JSON")
    one.set_defaults(run=run_audit)
    one = commands.add_parser("renew", help=run_renew.__doc__, description=run_renew.__doc__)
    one.add_argument("figure", nargs="*", help="such as corner, tab_widths or numbers (default: everything)")
    one.set_defaults(run=run_renew)
    one = commands.add_parser("stages", help=run_stages.__doc__, description=run_stages.__doc__)
    one.add_argument("--write", action="store_true", help="write the dependencies that the sources give")
    one.set_defaults(run=run_stages)
    one = commands.add_parser("settle", help=run_settle.__doc__, description=run_settle.__doc__)
    one.add_argument("stage", nargs="*", help="which ones (default: all that may be settled)")
    one.set_defaults(run=run_settle)
    one = commands.add_parser("vouch", help=run_vouch.__doc__, description=run_vouch.__doc__)
    one.add_argument("stage", nargs="+", help="whose code has changed")
    one.add_argument("--reason", required=True, help="why no number can have moved")
    one.add_argument("--evidence", required=True, help="what shows it")
    one.set_defaults(run=run_vouch)
    one = commands.add_parser("site", help=run_site.__doc__, description=run_site.__doc__)
    one.add_argument(
        "--out", metavar="DIR", help="where to; a site that is there is replaced (default: site in the checkout)"
    )
    one.set_defaults(run=run_site)
    add_score_parser(commands)
    add_infer_parser(commands)
    return main


def main() -> None:
    """Run the command; its exit status is 0 if all checks, 1 if something is wrong, 3 if something was not checked."""
    try:
        hand_over(sys.argv[1:])
        arguments = vars(parser().parse_args())
        run = arguments.pop("run")
        command = arguments.pop("command")
        if command not in ANYWHERE and arguments.get("figure") != "row":
            print(f"digs works on the checkout {current_checkout()}", file=sys.stderr)
        sys.exit(run(**arguments))
    except DigsError as error:
        sys.exit(f"digs: {error}")
    except ModuleNotFoundError as error:
        sys.exit(f"digs: {error}; install what the paper takes with `pip install '.[paper]'` in the checkout.")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # who reads the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(WRONG)


if __name__ == "__main__":
    main()

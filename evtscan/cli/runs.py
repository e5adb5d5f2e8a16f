"""``scan``, ``audit`` and ``report``: evidence, or a saved report, → outputs and an exit code."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from evtscan import __version__
from evtscan.archives import stem
from evtscan.audit import HostPlan, plan, run, with_inventory
from evtscan.cli import options as opt
from evtscan.cli import session
from evtscan.cli.exits import code_of, command
from evtscan.detection.loader import RuleSet
from evtscan.errors import UsageError
from evtscan.facts.catalogue import is_known
from evtscan.model import HostReport, ReadOptions, Report, Source, Verdict
from evtscan.parsers.fleetfile import read_fleet
from evtscan.reporters.ledger import NAMES_SHOWN
from evtscan.reporters.output import STDOUT, Output, check_outputs, plan_outputs, write_outputs
from evtscan.reporters.safetext import prose
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host
from evtscan.sources import find


@command
def scan(
    paths: opt.Paths,
    output: opt.Outputs = None,
    format: opt.Format = None,  # noqa: A002 - the name of the option
    rules: opt.RulePaths = None,
    min_level: opt.MinLevel = opt.LOWEST,
    verdict: opt.Verdicts = None,
    show_all: opt.All = False,
    since: opt.Since = None,
    until: opt.Until = None,
    include_eid: opt.IncludeIds = None,
    exclude_eid: opt.ExcludeIds = None,
    host: Annotated[
        str, typer.Option("--host", help="Name of the host in the report; of several machines, the one to judge.")
    ] = "",
    fail_on: opt.FailOnOption = None,
    strict: opt.Strict = False,
    strict_facts: opt.StrictFacts = False,
    recover: opt.Recover = False,
    decoder: opt.Reference = opt.DecoderName.COLUMNS,
    source_timezone: opt.SourceZone = "",
    messages: opt.Messages = "",
    clobber: opt.Clobber = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
    no_color: opt.NoColor = False,
) -> int:
    """Judge one host by the files collected from it."""
    session.set_up_logging(verbose)
    found = find(opt.expand(paths))
    outputs = _outputs(output, format, clobber)
    read = opt.read_options(recover, decoder, source_timezone)
    chosen = replace(
        _scan_options(since, until, include_eid, exclude_eid, verdict, show_all, strict_facts, read),
        messages=opt.messages_from(messages),
    )
    loaded = session.rules_of(rules, min_level.value)
    name = _name_of(Path(paths[0]).resolve())
    with _progress(quiet, 1) as bar:
        result = scan_host(
            found.sources, loaded.rules, chosen, host_name=host, default_name=name, skipped=found.skipped
        )
        bar(result.host)
    return _deliver([result], loaded, outputs, clobber, quiet, no_color, show_all, fail_on, strict)


@command
def audit(
    folder: Annotated[Path, typer.Argument(help="Folder of hosts: each folder in it is one.", show_default=False)],
    output: opt.Outputs = None,
    format: opt.Format = None,  # noqa: A002 - the name of the option
    rules: opt.RulePaths = None,
    min_level: opt.MinLevel = opt.LOWEST,
    verdict: opt.Verdicts = None,
    show_all: opt.All = False,
    since: opt.Since = None,
    until: opt.Until = None,
    include_eid: opt.IncludeIds = None,
    exclude_eid: opt.ExcludeIds = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", help="Only this host of the folder. Repeatable.", show_default=False)
    ] = None,
    inventory: Annotated[
        Path | None,
        typer.Option(
            "--inventory",
            metavar="FILE.csv",
            help="A table of what is known of the hosts: column Host, the other columns are facts.",
            show_default=False,
        ),
    ] = None,
    jobs: opt.Jobs = 0,
    fail_on: opt.FailOnOption = None,
    strict: opt.Strict = False,
    strict_facts: opt.StrictFacts = False,
    recover: opt.Recover = False,
    decoder: opt.Reference = opt.DecoderName.COLUMNS,
    source_timezone: opt.SourceZone = "",
    messages: opt.Messages = "",
    clobber: opt.Clobber = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
    no_color: opt.NoColor = False,
) -> int:
    """Judge every host of a folder and report on all of them."""
    session.set_up_logging(verbose)
    if not folder.is_dir():
        raise UsageError(f"{folder}: {'is not a folder; use “evtscan scan”' if folder.exists() else 'does not exist'}")
    outputs = _outputs(output, format, clobber)
    read = opt.read_options(recover, decoder, source_timezone)
    chosen = replace(
        _scan_options(since, until, include_eid, exclude_eid, verdict, show_all, strict_facts, read),
        messages=opt.messages_from(messages),
    )
    loaded = session.rules_of(rules, min_level.value)
    hosts = _chosen_hosts(plan(folder), host)
    if inventory is not None:
        hosts = _with_inventory(hosts, inventory, quiet)
    with _progress(quiet, len(hosts)) as bar:
        results = run(hosts, loaded.rules, chosen, jobs=jobs, done=lambda item: bar(item.name))
    return _deliver(results, loaded, outputs, clobber, quiet, no_color, show_all, fail_on, strict)


@command
def report(
    saved: Annotated[Path, typer.Argument(help="A report.json of an earlier run.", show_default=False)],
    output: opt.Outputs = None,
    format: opt.Format = None,  # noqa: A002 - the name of the option
    show_all: opt.All = False,
    clobber: opt.Clobber = False,
    quiet: opt.Quiet = False,
    no_color: opt.NoColor = False,
) -> int:
    """Render a saved report again; no evidence is needed."""
    loaded = session.saved_report(saved)
    outputs = _outputs(output, format, clobber)
    _write(loaded, outputs, clobber, quiet, no_color, show_all)
    return 0


def _name_of(path: Path) -> str:
    """What a host is called whose evidence names none: a folder's name, that of a file or an archive without suffix."""
    if path.is_dir():
        return path.name
    name = stem(path.name)
    return name if name != path.name else path.stem


def _outputs(output: Sequence[str] | None, format_name: opt.FormatName | None, clobber: bool) -> tuple[Output, ...]:
    """The outputs asked for; a format without a place for it goes to stdout."""
    chosen = format_name.value if format_name else None
    targets = list(output or ([STDOUT] if chosen else []))
    outputs = plan_outputs(targets, chosen)
    check_outputs(outputs, clobber=clobber)
    return outputs


def _scan_options(
    since: str | None,
    until: str | None,
    include: str | None,
    exclude: str | None,
    verdicts: Sequence[opt.VerdictName] | None,
    show_all: bool,
    strict_facts: bool,
    read: ReadOptions,
) -> ScanOptions:
    return ScanOptions(
        since=opt.time(since, "--from"),
        until=opt.time(until, "--to"),
        include_ids=opt.numbers(include, "--include-eid"),
        exclude_ids=opt.numbers(exclude, "--exclude-eid") or frozenset(),
        verdicts=frozenset(item.value for item in verdicts or ()),
        show_all=show_all,
        strict_facts=strict_facts,
        read=read,
    )


def _with_inventory(plans: list[HostPlan], inventory: Path, quiet: bool) -> list[HostPlan]:
    if not inventory.is_file():
        raise UsageError(f"--inventory {inventory}: there is no such file")
    fleet = read_fleet(Source(inventory, inventory.name), is_known)
    hosts, unknown = with_inventory(plans, fleet)
    if unknown and not quiet:
        shown = ", ".join(prose(name) for name in unknown[:NAMES_SHOWN])
        more = f" and {len(unknown) - NAMES_SHOWN:,} more" if len(unknown) > NAMES_SHOWN else ""
        typer.echo(f"{inventory.name}: the folder has no host {shown}{more}", err=True)
    if fleet.other_columns and not quiet:
        columns = ", ".join(map(prose, fleet.other_columns))
        typer.echo(f"{inventory.name}: no facts, and left out: {columns}", err=True)
    return hosts


def _chosen_hosts(plans: list[HostPlan], names: Sequence[str] | None) -> list[HostPlan]:
    if not names:
        return plans
    known = {item.name.casefold() for item in plans}
    for name in names:
        if name.casefold() not in known:
            raise UsageError(f"--host {name}: the folder has no such host")
    wanted = {name.casefold() for name in names}
    return [item for item in plans if item.name.casefold() in wanted]


def _deliver(
    hosts: Sequence[HostReport],
    rules: RuleSet,
    outputs: Sequence[Output],
    clobber: bool,
    quiet: bool,
    no_color: bool,
    show_all: bool,
    fail_on: opt.FailOn | None,
    strict: bool,
) -> int:
    """Put the report together, write it, end with the ledger, and say how it went."""
    result = Report(
        hosts=tuple(hosts),
        rules=tuple(rule.info for rule in rules.rules),
        refused=rules.refused,
        evtscan=__version__,
    )
    _write(result, outputs, clobber, quiet, no_color, show_all)
    if not quiet:
        session.print_ledger(result)
    if not any(item.evidence for item in result.hosts):
        typer.echo("evtscan: nothing could be read: none of the files is evidence that evtscan reads", err=True)
    return code_of(result, fail_on=Verdict(fail_on.value) if fail_on else None, strict=strict)


def _write(
    result: Report, outputs: Sequence[Output], clobber: bool, quiet: bool, no_color: bool, show_all: bool
) -> None:
    write_outputs(result, outputs, clobber=clobber, stdout=sys.stdout.buffer)
    if not quiet and all(output.path is not None for output in outputs):
        from evtscan.reporters.console import render

        render(result, session.console(no_color=no_color), show_all=show_all)


@contextmanager
def _progress(quiet: bool, hosts: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on a terminal, and nothing in a pipe."""
    if quiet or session.is_dumb():
        yield lambda name: None
        return
    from rich.progress import Progress as Bar

    with Bar(console=session.console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=hosts)

        def advance(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield advance

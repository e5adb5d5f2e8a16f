"""``scan``: the evidence of a host → outputs and an exit code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from evtscan.archives import stem
from evtscan.cli import judging, session, terminal
from evtscan.cli import options as opt
from evtscan.cli.delivery import Delivery, deliver, outputs_of, report_of
from evtscan.cli.exits import command
from evtscan.cli.helptext import HOSTS, REPORTED
from evtscan.comparison import with_status
from evtscan.reporters.csv import Dialect
from evtscan.scan import ScanOptions
from evtscan.scan import scan as scan_host
from evtscan.sources import find


@command
def scan(
    paths: opt.Paths,
    output: judging.Outputs = None,
    format: judging.Format = None,  # noqa: A002 - the name of the option
    rules: opt.RulePaths = None,
    no_rule_cache: opt.NoRuleCache = False,
    exclude_rule: opt.ExcludeRules = None,
    min_level: judging.MinLevel = judging.LOWEST,
    verdict: judging.Verdicts = None,
    show_all: opt.All = False,
    from_: opt.Since = None,
    to: opt.Until = None,
    since: opt.Newest = None,
    include_eid: opt.IncludeIds = None,
    exclude_eid: opt.ExcludeIds = None,
    provider: opt.Providers = None,
    channel: opt.Channels = None,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="NAME",
            help="Name of the host in the report; of several machines, the one to judge.",
            rich_help_panel=HOSTS,
        ),
    ] = "",
    accept: judging.Accept = None,
    new_only: opt.NewOnly = False,
    since_report: Annotated[
        Path | None,
        typer.Option(
            "--since-report",
            metavar="REPORT.json",
            help="An earlier report: what it has too, is known; --new-only leaves that out.",
            rich_help_panel=REPORTED,
            show_default=False,
        ),
    ] = None,
    fail_on: judging.FailOnOption = None,
    strict: opt.Strict = False,
    strict_facts: opt.StrictFacts = False,
    recover: opt.Recover = False,
    decoder: opt.Reference = opt.DecoderName.COLUMNS,
    source_timezone: opt.SourceZone = "",
    timezone: opt.DisplayZone = "",
    messages: opt.Messages = "",
    hashed: opt.Hash = False,
    raw: opt.Raw = False,
    excel: opt.Excel = False,
    clobber: opt.Clobber = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
    no_color: opt.NoColor = False,
) -> int:
    """Judge one host by the files collected from it."""
    session.set_up_logging(verbose)
    found = find(opt.expand(paths))
    outputs = outputs_of(output, format, Dialect(raw=raw, excel=excel), clobber)
    zone = opt.display_zone(timezone)
    since_time, until_time = opt.period(from_, to)
    chosen = ScanOptions(
        since=since_time,
        until=until_time,
        newest=opt.span(since, "--since"),
        include_ids=opt.numbers(include_eid, "--include-eid"),
        exclude_ids=opt.numbers(exclude_eid, "--exclude-eid") or frozenset(),
        providers=opt.names(provider),
        channels=opt.names(channel),
        verdicts=frozenset(item.value for item in verdict or ()),
        show_all=show_all,
        strict_facts=strict_facts,
        read=opt.read_options(recover, decoder, source_timezone, hashed=hashed),
        messages=opt.messages_from(messages),
    )
    earlier = session.earlier_findings(since_report)
    loaded = session.rules_of(rules, min_level.value, excluded=exclude_rule, cached=not no_rule_cache)
    accepted = judging.accepted(accept, [rule.info for rule in loaded.rules])
    name = _name_of(Path(paths[0]).resolve())
    with progress(quiet, 1, no_color=no_color) as bar:
        result = scan_host(
            found.sources, loaded.rules, chosen, host_name=host, default_name=name, skipped=found.skipped
        )
        bar(result.host)
    session.print_remarks(accepted.remarks([result.host]), quiet=quiet)
    return deliver(
        report_of([with_status(result, earlier, accepted)], loaded),
        Delivery(
            outputs=outputs,
            clobber=clobber,
            quiet=quiet,
            no_color=no_color,
            zone=zone,
            show_all=show_all,
            new_only=new_only,
            fail_on=judging.verdict(fail_on),
            strict=strict,
        ),
    )


def _name_of(path: Path) -> str:
    """What a host is called whose evidence names none: a folder's name, that of a file or an archive without suffix."""
    if path.is_dir():
        return path.name
    name = stem(path.name)
    return name if name != path.name else path.stem


@contextmanager
def progress(quiet: bool, hosts: int, *, no_color: bool = False) -> Iterator[Callable[[str], None]]:
    """A progress bar on a terminal, and nothing in a pipe."""
    if quiet or terminal.is_dumb():
        yield lambda name: None
        return
    from rich.progress import Progress as Bar

    with Bar(console=terminal.console(no_color=no_color, stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=hosts)

        def advance(name: str) -> None:
            bar.update(task, advance=1, description=name)

        yield advance

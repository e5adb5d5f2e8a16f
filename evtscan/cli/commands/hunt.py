"""``hunt``: plain Sigma rules over the logs of any number of computers → a time line of detections."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from evtscan.base.errors import UsageError
from evtscan.base.ledger import Names, by_problem, part, warning_count
from evtscan.base.model.query import Query, Selector
from evtscan.base.outfiles import STDOUT, refuse_evidence, refuse_existing
from evtscan.cli.command import command
from evtscan.cli.options import groups, ruleoptions, values
from evtscan.cli.options.groups import CsvStyle, EventFilter, Reading, Screen
from evtscan.cli.options.option import OUTPUT, RULES, option
from evtscan.cli.output import session, terminal
from evtscan.cli.output.exits import DAMAGED, DONE, FAILED
from evtscan.cli.output.logledger import LogLedger, writing_stdout
from evtscan.cli.output.runlog import log_to_stderr
from evtscan.detection.load.loader import RuleSet
from evtscan.detection.load.rulearchive import unpacked_rules
from evtscan.detection.model.rule import Rule
from evtscan.hunt.attack import has_tag
from evtscan.hunt.detection import rank
from evtscan.hunt.options import HuntOptions
from evtscan.hunt.outputs import FORMATS, Target, plan_targets, writing
from evtscan.hunt.run import Hunted
from evtscan.hunt.run import hunt as run_hunt
from evtscan.hunt.tuning import read_tuning
from evtscan.intake.paths import find
from evtscan.reporters.tables.csv import Dialect

HuntFormatName = Enum("HuntFormatName", {row.name: row.name for row in FORMATS})  # type: ignore[misc]
_FORMAT_NAMES = ", ".join(row.name for row in FORMATS)
_SUFFIXES = ", ".join(row.suffix for row in FORMATS if row.by_suffix)


class Sort(Enum):
    """Orders other than that of files and records."""

    TIME = "time"


@command
def hunt(
    paths: groups.Paths,
    *,
    output: Annotated[
        list[str] | None,
        option(
            "-o",
            "--output",
            section=OUTPUT,
            metavar="PATH",
            help=f"Output file or folder; the suffix selects the format ({_SUFFIXES}), a name without suffix is a "
            "folder, which gets the full set; - is standard output. Repeatable.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the name of the option
        HuntFormatName | None,
        option(
            "-t",
            "--format",
            section=OUTPUT,
            metavar="FORMAT",
            help=f"Output format, whatever the suffix: {_FORMAT_NAMES}.",
        ),
    ] = None,
    rules: Annotated[
        list[str] | None,
        option(
            "-r",
            "--rules",
            section=RULES,
            metavar="PATH",
            help="Sigma rules: a file, a folder, or an archive such as a ZIP of a rule release. Required, repeatable.",
            show_default=False,
        ),
    ] = None,
    min_level: ruleoptions.MinLevel = ruleoptions.LOWEST,
    tags: Annotated[
        list[str] | None,
        option(
            "--tags",
            section=RULES,
            metavar="TAG",
            help="Only rules with this tag: attack.t1059 (with its sub-techniques), credential-access. Repeatable.",
            show_default=False,
        ),
    ] = None,
    exclude_rule: ruleoptions.ExcludeRules = None,
    exclude: Annotated[
        list[Path] | None,
        option(
            "--exclude",
            section=RULES,
            metavar="FILE",
            help="Tuning file: rules to leave out, other levels, and field values whose detections are left out. "
            "Repeatable.",
            show_default=False,
        ),
    ] = None,
    no_mapping: Annotated[
        bool,
        option(
            "--no-mapping",
            section=RULES,
            help="Match rules about process creations, connections and registry changes against Sysmon's events only, "
            "not against Security 4688, 5156, 5157 and 4657.",
        ),
    ] = False,
    no_rule_cache: ruleoptions.NoRuleCache = False,
    events: EventFilter,
    group_record: Annotated[
        bool,
        option("--group-record", section=OUTPUT, help="One row for each record, with all rules that match it."),
    ] = False,
    sort: Annotated[
        Sort | None,
        option("--sort", section=OUTPUT, metavar="time", help="Sort by time instead of record order."),
    ] = None,
    reading: Reading,
    style: CsvStyle,
    jobs: groups.Jobs = 0,
    strict: groups.Strict = False,
    clobber: groups.Clobber = False,
    verbose: groups.Verbose = False,
    screen: Screen,
) -> int:
    """Match Sigma rules against event logs of any number of computers, and write a time line of detections."""
    log_to_stderr(verbose)
    start, end = values.period(events.from_, events.to)
    targets = plan_targets(list(output or ([STDOUT] if format else [])), format.value if format else None)
    options = HuntOptions(
        query=Query(
            selectors=_selectors(events.provider, events.channel),
            include_ids=values.ranges(events.include_eid, "--include-eid"),
            exclude_ids=values.ranges(events.exclude_eid, "--exclude-eid") or (),
            start=start,
            end=end,
        ),
        newest=values.span(events.since, "--since"),
        read=reading.options(),
        group_record=group_record,
        by_time=sort is not None,
        map_fields=not no_mapping,
        logons=any(target.format.name == "logons" for target in targets),
        jobs=jobs,
    )
    dialect = style.dialect
    if dialect != Dialect() and all(target.format.suffix != ".csv" for target in targets):
        raise UsageError("--raw and --excel are for CSV, and no output is CSV; add one with -o")
    files = [target.path for target in targets if target.path is not None]
    refuse_existing(files, clobber=clobber)
    found = find(values.expand(paths))
    refuse_evidence(files, [source.path for source in found.sources])
    if not rules:
        raise UsageError("no rules are named; give a file or a folder of Sigma rules with -r")
    with unpacked_rules(values.expand(rules)) as rule_paths:
        loaded = session.rules_of(rule_paths, excluded=exclude_rule, cached=not no_rule_cache)
    tuning = read_tuning(exclude or (), loaded.rules)
    remarks = [f"--exclude: no rule has the id or title {name}" for name in tuning.unknown]
    session.print_remarks(remarks, quiet=screen.quiet)
    chosen = _chosen(tuning.applied(loaded.rules), min_level.value, tags or ())
    ledger = LogLedger()
    ledger.skip(found.skipped)
    with (
        writing_stdout() as stdout,
        writing(targets, dialect, clobber=clobber, stdout=stdout) as sinks,
        _progress(screen) as progress,
    ):
        hunted = run_hunt(
            found.sources,
            chosen,
            options,
            suppressions=tuning.suppressions,
            sinks=sinks,
            notes=ledger,
            progress=progress,
        )
    if not screen.quiet:
        _print(hunted, replace(loaded, rules=chosen), ledger, targets, no_color=screen.no_color, verbose=verbose)
    if not ledger.any_read:
        typer.echo("evtscan: nothing could be read: none of the files is an event log", err=True)
        return FAILED
    return DAMAGED if strict and ledger.is_damaged else DONE


@contextmanager
def _progress(screen: Screen) -> Iterator[Callable[[int, int], None] | None]:
    """Return a progress bar on a terminal; none in a pipe."""
    if screen.quiet or terminal.is_dumb():
        yield None
        return
    from rich.progress import Progress

    with Progress(console=terminal.console(no_color=screen.no_color, stderr=True), transient=True) as bar:
        task = bar.add_task("matching")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _selectors(providers: Sequence[str] | None, channels: Sequence[str] | None) -> frozenset[Selector] | None:
    if not providers and not channels:
        return None
    wanted = product(channels or [""], providers or [""])
    return frozenset(Selector(channel or None, provider or None) for channel, provider in wanted)


def _chosen(rules: Sequence[Rule], min_level: str, tags: Sequence[str]) -> tuple[Rule, ...]:
    """Return the rules of at least this level; if tags are given, only those with one of the tags.

    Raises:
        UsageError: if no rule is left.
    """
    chosen = tuple(
        rule
        for rule in rules
        if rank(rule.info.level) >= rank(min_level) and (not tags or any(has_tag(rule.info.tags, tag) for tag in tags))
    )
    if not chosen:
        asked_for = f"--tags {', '.join(tags)}: " if tags else ""
        raise UsageError(f"{asked_for}none of the {len(rules):,} rules is left to use; check --tags and --min-level")
    return chosen


# ----------------------------------------------------------------------------------------------------- printing


def _print(
    hunted: Hunted, loaded: RuleSet, ledger: LogLedger, targets: Sequence[Target], *, no_color: bool, verbose: bool
) -> None:
    """Print the counts, unless standard output contains the timeline, and print the ledger on stderr."""
    if all(target.path is not None for target in targets):
        from evtscan.hunt.outputs.console import render

        render(hunted, terminal.console(no_color=no_color))
        for target in targets:
            print(f"wrote {target.path}")
    also = [
        *part("rules", [_rules(hunted, loaded)]),
        *part("refused", by_problem(loaded.problems)),
        *(part("metadata", by_problem(loaded.warnings)) if verbose else ()),
        *part("mapped", list(hunted.mapped.lines())),
        *part("undecided", _undecided(hunted.unknown, loaded.rules)),
        *part("rows", [f"{hunted.rows:,}" + (f", {hunted.suppressed:,} suppressed" if hunted.suppressed else "")]),
    ]
    terminal.print_ledger(ledger.lines(also, detailed=verbose))


def _rules(hunted: Hunted, loaded: RuleSet) -> str:
    text = f"{len(loaded.rules):,} loaded, {len(hunted.summary.rules):,} matched, {len(loaded.problems):,} problems"
    return text + warning_count(loaded.warnings)


def _undecided(unknown: Counter[str], rules: Iterable[Rule]) -> list[str]:
    """A line about the events that may match, but whose format lacks a field that the rule tests."""
    if not unknown:
        return []
    titles = {rule.info.id: rule.info.title for rule in rules}
    names = Names()
    for rule_id in unknown:
        names.add(titles.get(rule_id, rule_id))
    listed = ", ".join(names.first) + (", …" if names.count > len(names.first) else "")
    return [
        f"{sum(unknown.values()):,} possible matches of {len(unknown):,} rules are not listed: the format of the log "
        f"lacks a field that the rule tests; export the log as .evtx or .evt ({listed})"
    ]

"""Short texts about a host or a finding, the same in every format for people."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from evtscan.base.model.diagnosis import EventTally, RuleFactors
from evtscan.base.model.finding import NEW, Finding, Verdict
from evtscan.base.safetext import prose
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.base.wording import lasting, short_entity
from evtscan.report.model import HostReport
from evtscan.reporters.digest.summary import ReportedFinding
from evtscan.reporters.digest.unexplainedkinds import UnexplainedKind
from evtscan.reporters.tables.columns import RECORD_IDS_SHOWN


def system_of(host: HostReport) -> str:
    """The system of a host in words, safe to show."""
    name = host.os or (f"Windows version {host.version}" if host.version else "system unknown")
    if not host.service_pack or (host.service_pack == "0" and not has_service_packs(host.version)):
        return prose(name)
    return prose(f"{name}, {_service_pack(host.service_pack)}")


def has_service_packs(version: str) -> bool:
    """Whether Windows of this version had service packs: to 6.1 (Windows 7, Server 2008 R2)."""
    major, _, minor = version.partition(".")
    return not major.isdecimal() or int(major) < 6 or (major == "6" and minor[:1] in ("0", "1"))


def _service_pack(text: str) -> str:
    return "no service pack" if text == "0" else f"Service Pack {text}" if text[0].isdigit() else text


def in_short(item: ReportedFinding) -> str:
    """Article, level, kind, entity, number of events, time span, activity, status and basis of a finding."""
    finding, rule = item.finding, item.rule
    times = f"{finding.first_seen} to {finding.last_seen}" if finding.first_seen != finding.last_seen else ""
    parts = [
        rule.article,
        rule.level,
        rule.kind,
        short_entity(finding.entity),
        count(finding.count, "event") if finding.count else "",
        times or finding.first_seen,
        finding.activity if finding.activity != "unknown" else "",
        _status(finding),
        f"basis: {finding.basis}" if finding.basis else "",
    ]
    return ", ".join(part for part in parts if part)


def in_short_of_all(group: Sequence[ReportedFinding]) -> str:
    """Return a summary of several findings that differ in their entity: their number, all events, the time span."""
    first = group[0]
    times = sorted(time for item in group for time in (item.finding.first_seen, item.finding.last_seen) if time)
    events = sum(item.finding.count for item in group)
    parts = [
        first.rule.article,
        first.rule.level,
        first.rule.kind,
        f"{len(group):,} entities",
        count(events, "event") if events else "",
        " to ".join(dict.fromkeys((times[0], times[-1]))) if times else "",
        first.finding.activity if first.finding.activity != "unknown" else "",
        _status(first.finding),
        f"basis: {first.finding.basis}" if first.finding.basis else "",
    ]
    return ", ".join(part for part in parts if part)


def in_short_of_one(item: ReportedFinding) -> str:
    """Return one of several findings that differ in their entity: entity, number of events and last time."""
    finding = item.finding
    last = f", last {finding.last_seen}" if finding.last_seen else ""
    return f"{short_entity(finding.entity)}: {count(finding.count, 'event')}{last}"


def changes_before(finding: Finding) -> Iterator[str]:
    """Return the changes on the host before the first match of a finding, latest first."""
    found = finding.changes
    if found is None:
        return
    for change in found.changes:
        distance = [] if change.seconds_before is None else [lasting(change.seconds_before * TICKS_PER_SECOND)]
        if change.restarts:
            distance.append(count(change.restarts, "restart"))
        before = f" ({', '.join(distance)} before)" if distance else ""
        where = f" [{change.location}]" if change.location is not None else ""
        yield f"{change.text}{before}{where}"
    if found.more:
        yield f"and {found.more:,} more"
    if found.is_open:
        since = f" ({found.since})" if found.since else ""
        yield f"the log begins with the symptom{since}: an earlier change is not known"


def explained(tally: EventTally) -> str:
    """Return the share of the errors that rules explain."""
    share = 100 * tally.errors_explained // tally.errors if tally.errors else 100
    return f"Errors explained by rules: {tally.errors_explained:,} of {tally.errors:,} ({share} %)"


def _status(finding: Finding) -> str:
    if finding.status == NEW:
        return ""
    return f"{finding.status} {finding.accepted}".rstrip()


def logged(finding: Finding) -> str:
    """The records of a finding: provider, event id, files and record ids."""
    if not finding.record_ids:
        return ""
    numbers = [str(number) for number in finding.record_ids[:RECORD_IDS_SHOWN]]
    if len(finding.record_ids) > RECORD_IDS_SHOWN:
        numbers.append(f"and {len(finding.record_ids) - RECORD_IDS_SHOWN:,} more")
    what = f"{'/'.join(finding.providers)} {'/'.join(map(str, finding.event_ids))}"
    noun = "record" if len(numbers) == 1 else "records"
    return f"{what} in {', '.join(finding.source_files)}, {noun} {', '.join(numbers)}"


def coverage(finding: Finding) -> str:
    """The time span of the logs of a finding, if they are incomplete; else empty."""
    if not finding.coverage_from or finding.complete == "whole":
        return ""
    return f"{finding.coverage_from} to {finding.coverage_to}, {finding.complete}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun in singular or plural."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def word(verdict: Verdict) -> str:
    """Return a verdict in words."""
    return verdict.value.replace("_", " ")


def verdict_counts(verdicts: Mapping[Verdict, int]) -> list[tuple[Verdict, str]]:
    """Verdicts in words, each with its number if there are several: ``3 confirmed``, ``1 possible``."""
    if len(verdicts) == 1:
        return [(verdict, word(verdict)) for verdict in verdicts]
    return [(verdict, f"{number:,} {word(verdict)}") for verdict, number in verdicts.items()]


def named(names: Collection[str], most: int) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - most
    return prose(", ".join(islice(names, most))) + (f" and {more:,} more" if more > 0 else "")


FACTS_SHOWN = 3
"""Facts of the same hosts that a factor lists."""


def common_factors(found: RuleFactors) -> Iterator[str]:
    """Yield the common factors of a rule's affected hosts, strongest first, or a text that none was found."""
    for factor in found.factors:
        same = f" (as {'; '.join(factor.same_as[:FACTS_SHOWN])})" if factor.same_as else ""
        yield (
            f"{factor.fact} {factor.value}{same}: {factor.affected_with:,} of {factor.affected:,} affected, "
            f"{factor.others_with:,} of {factor.others:,} others"
        )
    if not found.factors and found.tried:
        yield f"no fact separates them from {count(found.others, 'other')} ({count(found.tried, 'value')} compared)"


def unexplained_kind(kind: UnexplainedKind, *, with_hosts: bool) -> str:
    """Return how often, on how many hosts and until when a kind of unexplained event was logged."""
    where = f" on {count(len(kind.hosts), 'host')}" if with_hosts else ""
    last = f", last {kind.last_seen}" if kind.last_seen else ""
    return f"{'new, ' if kind.is_new else ''}{count(kind.count, 'event')}{where}{last}"

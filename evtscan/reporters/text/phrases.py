"""What a report says of a host or a finding in a few words, the same in every format for people."""

from collections.abc import Collection, Mapping
from itertools import islice

from evtscan.base.model.finding import NEW, Finding, Verdict
from evtscan.base.safetext import prose
from evtscan.report.model import HostReport
from evtscan.reporters.digest.summary import ReportedFinding
from evtscan.reporters.tables.columns import RECORD_IDS_SHOWN


def system_of(host: HostReport) -> str:
    """The system of a host in words, safe to show."""
    name = host.os or (f"Windows version {host.version}" if host.version else "system unknown")
    return prose(f"{name}, {_service_pack(host.service_pack)}" if host.service_pack else name)


def _service_pack(text: str) -> str:
    return "no service pack" if text == "0" else f"Service Pack {text}" if text[0].isdigit() else text


def in_short(item: ReportedFinding) -> str:
    """What a finding is about, and when it was seen."""
    finding, rule = item.finding, item.rule
    times = f"{finding.first_seen} to {finding.last_seen}" if finding.first_seen != finding.last_seen else ""
    parts = [
        rule.article,
        rule.level,
        rule.kind,
        finding.entity,
        count(finding.count, "event") if finding.count else "",
        times or finding.first_seen,
        finding.activity if finding.activity != "unknown" else "",
        _status(finding),
        f"basis: {finding.basis}" if finding.basis else "",
    ]
    return ", ".join(part for part in parts if part)


def _status(finding: Finding) -> str:
    if finding.status == NEW:
        return ""
    return f"{finding.status} {finding.accepted}".rstrip()


def logged(finding: Finding) -> str:
    """Which records a finding rests on."""
    if not finding.record_ids:
        return ""
    numbers = [str(number) for number in finding.record_ids[:RECORD_IDS_SHOWN]]
    if len(finding.record_ids) > RECORD_IDS_SHOWN:
        numbers.append(f"and {len(finding.record_ids) - RECORD_IDS_SHOWN:,} more")
    what = f"{'/'.join(finding.providers)} {'/'.join(map(str, finding.event_ids))}"
    noun = "record" if len(numbers) == 1 else "records"
    return f"{what} in {', '.join(finding.source_files)}, {noun} {', '.join(numbers)}"


def coverage(finding: Finding) -> str:
    """Over which time the logs tell of a finding, where they lack something."""
    if not finding.coverage_from or finding.complete == "whole":
        return ""
    return f"{finding.coverage_from} to {finding.coverage_to}, {finding.complete}"


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def word(verdict: Verdict) -> str:
    """A verdict in words."""
    return verdict.value.replace("_", " ")


def verdict_counts(verdicts: Mapping[Verdict, int]) -> list[tuple[Verdict, str]]:
    """Verdicts in words, each with its number if there are several: ``3 confirmed``, ``1 possible``."""
    if len(verdicts) == 1:
        return [(verdict, word(verdict)) for verdict in verdicts]
    return [(verdict, f"{number:,} {word(verdict)}") for verdict, number in verdicts.items()]


def named(names: Collection[str], most: int) -> str:
    """The first of some names, and how many more there are."""
    more = len(names) - most
    return prose(", ".join(islice(names, most))) + (f" and {more:,} more" if more > 0 else "")

"""Run the cases in a rule: does the rule give the verdict that its author expects?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evtscan.base.errors import Problem
from evtscan.base.model.event import Event
from evtscan.base.model.evidence import Evidence
from evtscan.base.model.fact import FactsFile
from evtscan.base.model.finding import NOT_SEEN, Explanation, Verdict
from evtscan.base.model.log import ClockStep, Log, LogSummary
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time
from evtscan.detection.match.engine import detect
from evtscan.detection.match.fields import event_of_fields
from evtscan.detection.model.rule import Case, Rule
from evtscan.detection.model.section import key_of
from evtscan.evidence.timechanges import with_told
from evtscan.facts.collectors import stated
from evtscan.facts.host import Host
from evtscan.parsers.logs.clocksteps import ClockSteps
from evtscan.verdicts.judging import judge
from evtscan.verdicts.outcomes import Outcome

NOTHING = "none"
_FIRST = parse_time("2001-01-01T00:00:00Z")
_MINUTE = 60 * TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class CaseResult:
    """The result of one case: the verdict of the rule, its reason, and warnings about the facts of the case."""

    case: Case
    verdict: str
    reason: str
    explanation: Explanation
    warnings: tuple[ExtractionWarning, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the verdict is the one that the case expects."""
        return self.verdict == self.case.verdict


def run(rule: Rule) -> Iterator[CaseResult]:
    """Run the cases of a rule, even if the rule itself is silent."""
    rule = replace(rule, silent=False)
    for case in rule.known_issue.cases if rule.known_issue else ():
        host = Host(evidence_of(rule, case))
        finding = _worst(rule, host).finding
        assert finding.explanation is not None, "a known issue explains what it comes to"
        verdict = NOTHING if Verdict(finding.verdict) in NOT_SEEN else finding.verdict
        yield CaseResult(case, verdict, finding.reason, finding.explanation, tuple(host.warnings))


def problems(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Yield every failing case, and every unusable fact of a case, as a problem of its rule's file."""
    for rule in rules:
        for number, result in enumerate(run(rule)):
            key = key_of(("known_issue", "cases", number))
            for warning in result.warnings:
                if warning.kind in stated.KINDS_OF_WARNINGS:
                    yield _problem(rule, warning.location.line, key, warning.message, "case-fact")
            if not result.passed:
                message = (
                    f"the case expects {result.case.verdict}, but the rule says {result.verdict}: {result.reason} "
                    "Correct the rule or the case"
                )
                yield _problem(rule, result.case.line, key, message, "case-fails")


def _problem(rule: Rule, line: int | None, key: str, message: str, lint: str) -> Problem:
    return Problem(file=rule.file, line=line, key=key, message=message, lint=lint)


def evidence_of(rule: Rule, case: Case) -> Evidence:
    """Convert a case to evidence: its events are complete logs, one per channel, and its facts are a ``facts.yaml``."""
    return Evidence(
        logs=tuple(_logs(_events(rule, case))),
        facts_files=(FactsFile(source="facts", entries=case.facts),),
    )


def _worst(rule: Rule, host: Host) -> Outcome:
    events = [event for log in host.evidence.logs for event in log.events]
    outcomes = judge(host, "case", [rule], detect([rule], events))
    return min(outcomes, key=lambda outcome: Verdict(outcome.finding.verdict).rank)


def _events(rule: Rule, case: Case) -> list[Event]:
    """Return the events in order, with default times and channels.

    The default time is a minute after the previous event, the default channel is the rule's.
    """
    default = next((channel for base in rule.bases() for channel in base.logsource.channels), "System")
    time, events = _FIRST, []
    for number, described in enumerate(case.events, start=1):
        time = described.at or (time if number == 1 else Instant(time.ticks + _MINUTE, 0))
        channel = str(described.fields.get("Channel", default))
        location = Location(source=channel, record=number)
        events.append(event_of_fields(described.fields, location=location, sequence=number, channel=channel, time=time))
    return events


def _logs(events: Sequence[Event]) -> Iterator[Log]:
    """Yield a log for each channel, complete from the first to the last event of the case.

    Record numbers span all logs.
    """
    by_channel: dict[str, list[Event]] = {}
    for event in events:
        by_channel.setdefault((event.channel or "").casefold(), []).append(event)
    for own in by_channel.values():
        summary = LogSummary(
            format="case",
            channel=own[0].channel,
            records=len(events),
            first_sequence=events[0].sequence,
            last_sequence=events[-1].sequence,
            first_time=events[0].time,
            last_time=events[-1].time,
            clock_steps=_clock_steps(own),
        )
        yield Log(source=Source(Path("case"), own[0].location.source), summary=summary, events=tuple(own))


def _clock_steps(events: Sequence[Event]) -> tuple[ClockStep, ...]:
    steps = ClockSteps(digits=0)
    timed = [event for event in events if event.time is not None]
    times = np.array([event.time.ticks for event in timed if event.time is not None], np.int64)
    steps.add(times, lambda index: timed[index].sequence)
    return with_told(steps.found, events)

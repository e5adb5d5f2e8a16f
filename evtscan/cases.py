"""The cases in a rule → whether the rule says of each what its author expects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evtscan.detection.fields import event_of_fields
from evtscan.detection.matcher import match
from evtscan.detection.rule import Case, Rule
from evtscan.errors import Problem
from evtscan.facts import stated
from evtscan.facts.host import Host
from evtscan.model import Evidence, ExtractionWarning, FactsFile, Location, Log, LogSummary, Source, Verdict
from evtscan.verdicts.judging import SHOWN_ONLY_WITH_ALL, Outcome, judge
from evtscan.wintypes import TICKS_PER_SECOND, Instant, parse_time

NOTHING = "none"
_FIRST = parse_time("2001-01-01T00:00:00Z")
_MINUTE = 60 * TICKS_PER_SECOND


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one case: the verdict that the rule came to, its reason, and what is wrong with its facts."""

    case: Case
    verdict: str
    reason: str
    warnings: tuple[ExtractionWarning, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is the verdict that the case asks for."""
        return self.verdict == self.case.verdict


def run(rule: Rule) -> Iterator[CaseResult]:
    """Run the cases of a rule."""
    for case in rule.known_issue.cases if rule.known_issue else ():
        host = Host(evidence_of(rule, case))
        finding = _worst(rule, host).finding
        verdict = NOTHING if finding.verdict in SHOWN_ONLY_WITH_ALL else finding.verdict
        yield CaseResult(case, verdict, finding.reason, tuple(host.warnings))


def problems(rules: Sequence[Rule]) -> Iterator[Problem]:
    """Every case that fails, and every fact of a case that cannot be used, as a problem of its rule's file."""
    for rule in rules:
        for result in run(rule):
            for warning in result.warnings:
                if warning.kind in stated.KINDS_OF_WARNINGS:
                    yield _problem(rule, warning.location.line, warning.message, "case-fact")
            if not result.passed:
                message = (
                    f"the case expects {result.case.verdict}, but the rule says {result.verdict}: {result.reason} "
                    "Correct the rule or the case"
                )
                yield _problem(rule, result.case.line, message, "case-fails")


def _problem(rule: Rule, line: int | None, message: str, lint: str) -> Problem:
    return Problem(file=rule.file, line=line, key="known_issue.cases", message=message, lint=lint)


def evidence_of(rule: Rule, case: Case) -> Evidence:
    """A case as evidence: its events are one whole System log, its facts a ``facts.yaml`` beside it."""
    return Evidence(
        logs=(_log(rule, case),) if case.events else (),
        facts_files=(FactsFile(source="facts", entries=case.facts),),
    )


def _worst(rule: Rule, host: Host) -> Outcome:
    events = [event for log in host.evidence.logs for event in log.events]
    outcomes = judge(host, "case", [rule], match([rule], events))
    return min(outcomes, key=lambda outcome: Verdict(outcome.finding.verdict).rank)


def _log(rule: Rule, case: Case) -> Log:
    channel = next(iter(rule.logsource.channels), "System")
    time, events = _FIRST, []
    for number, described in enumerate(case.events, start=1):
        time = described.at or (time if number == 1 else Instant(time.ticks + _MINUTE, 0))
        events.append(
            event_of_fields(
                described.fields,
                location=Location(source="case", record=number),
                sequence=number,
                channel=channel,
                time=time,
            )
        )
    summary = LogSummary(
        format="case",
        channel=channel,
        records=len(events),
        first_sequence=1,
        last_sequence=len(events),
        first_time=events[0].time,
        last_time=events[-1].time,
    )
    return Log(source=Source(Path("case"), "case"), summary=summary, events=tuple(events))

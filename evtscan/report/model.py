"""The data model of a report: its findings, and everything that output formats are written from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evtscan.base.model.diagnosis import EventTally, RuleFactors, UnexplainedRow
from evtscan.base.model.finding import Finding
from evtscan.base.model.rule import RefusedRule, RuleInfo
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One match, as a row of ``events.csv`` (times are text, as in docs/report.md).

    ``message`` is the provider's text for the event, if it is known. ``session`` and ``sequence`` are its position in
    the history of the host, as in ``TimelineRow``.
    """

    timestamp: str
    computer: str
    verdict: str
    rule_id: str
    entity: str
    channel: str
    provider: str
    event_id: int
    event_level: int | None
    record_id: int | None
    details: str
    basis: str
    source_file: str
    offset: int | None
    message: str = ""
    session: int | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One fact as a report lists it: its current value, or (``history``) one statement in the timeline.

    ``session`` and ``sequence`` are the position of a statement in the history of the host, as in ``TimelineRow``. For
    the current value of a set (``is_set``), ``members`` are the names that it contains; ``complete``: it contains no
    other name.
    """

    name: str
    value: str
    basis: str
    time: str = ""
    session: int | None = None
    location: Location | None = None
    note: str = ""
    history: bool = False
    sequence: int | None = None
    is_set: bool = False
    members: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One boot session of a host: the records of its System log from one start to the next.

    ``session`` counts from 0. ``first`` and ``last`` are the sequences of its first and last record. ``begins`` and
    ``ends`` are empty if they are not known. ``started`` is ``in order``, ``unclean`` (after a stop without shutdown),
    or empty if no start was logged. ``whole``: the log contains it from its start to the next one.
    """

    session: int
    begins: str
    ends: str
    first: int
    last: int
    started: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """One event in the history of a host, or one statement of a fact.

    ``session`` is the index of the boot session (-1 or the number of sessions for evidence taken before or after the
    log; None: not known), ``sequence`` the position in its record order (None: after its last record). ``time`` is ISO
    8601 text. ``verdict`` and ``rule_id`` are those of a match.
    """

    session: int | None
    sequence: int | None
    time: str
    kind: str
    text: str
    verdict: str = ""
    rule_id: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReport:
    """Everything found on one host.

    ``sessions`` are its newest boot sessions. ``timeline`` contains the gaps in the logs, starts, stops and clock steps
    in these sessions; matches and facts have their own rows. ``clock_steps`` counts each step once, even if several
    logs show it. ``rules_seen`` are the ids of rules with a match on the host, including matches that give no finding.
    ``unexplained`` are the errors and warnings that no rule matched, by kind.
    """

    host: str
    computer: str = ""
    other_names: tuple[str, ...] = ()
    os: str = ""
    version: str = ""
    build: str = ""
    ubr: str = ""
    service_pack: str = ""
    update_date: str = ""
    role: str = ""
    components: tuple[str, ...] = ()
    clock_steps: int = 0
    snapshot_time: str = ""
    findings: tuple[Finding, ...] = ()
    matches: tuple[MatchRow, ...] = ()
    facts: tuple[FactRow, ...] = ()
    evidence: tuple[EvidenceRow, ...] = ()
    warnings: tuple[ExtractionWarning, ...] = ()
    skipped: tuple[SkippedFile, ...] = ()
    sessions: tuple[SessionRow, ...] = ()
    timeline: tuple[TimelineRow, ...] = ()
    rules_seen: tuple[str, ...] = ()
    tally: EventTally = field(default_factory=EventTally)
    unexplained: tuple[UnexplainedRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a run found. Every output format is written from it alone; it can be loaded again from JSON.

    ``hosts`` may read each host from its storage again on every iteration; readers keep no host. A sequence that is
    neither tuple nor list is in order of the hosts' names. ``narrowed``: an option of the run excluded some events or
    verdicts, so a problem that is not reported may still exist. ``title`` and ``date`` are the title and date that the
    user chose for the report. ``factors`` are the common factors of the affected hosts, for each rule with enough of
    them; empty if they were not computed.
    """

    schema: int = 2
    evtscan: str = ""
    hosts: Sequence[HostReport]
    rules: tuple[RuleInfo, ...] = ()
    refused: tuple[RefusedRule, ...] = ()
    narrowed: bool = False
    title: str = ""
    date: str = ""
    factors: tuple[RuleFactors, ...] = ()

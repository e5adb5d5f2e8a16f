"""The nouns of a report: what was found, and what every output format is written from."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evtscan.base.model.diagnosis import EventTally, RuleFactors, UnexplainedRow
from evtscan.base.model.finding import Finding
from evtscan.base.model.rule import RefusedRule, RuleInfo
from evtscan.base.model.source import EvidenceRow, ExtractionWarning, Location, SkippedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One match, as a row of ``events.csv`` (times are text, as docs/report.md has them).

    ``message`` is the text that the event's provider has for it, where it is known. ``session`` and ``sequence`` place
    it in the history of the host, as in ``TimelineRow``.
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
    """One fact as a report lists it: what is known of it now, or (``history``) one statement in the time line.

    ``session`` and ``sequence`` place a statement in the history of the host, as in ``TimelineRow``. Of a set
    (``is_set``) that is known now, ``members`` are the names in it; ``complete``: no other name is in it.
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

    ``session`` counts from 0. ``first``…``last`` are the sequences of its records; ``begins`` and ``ends`` are empty
    where they are not known. ``started`` is ``in order``, ``unclean`` (after a stop without shutdown), or empty where
    no start was logged. ``whole``: it is in the log from its start to the next one.
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
    """One thing that happened to a host, or became known of it.

    ``session`` is the index of the boot session (-1 or the number of sessions for evidence taken before or after the
    log; None: not known), ``sequence`` the place in its record order (None: behind its last record). ``time`` is
    ISO 8601 text. ``verdict`` and ``rule_id`` are those of a match.
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

    ``sessions`` are its newest boot sessions, and ``timeline`` what happened in them besides matches and facts, which
    have rows of their own: gaps in the logs, starts, stops, steps of the clock. ``clock_steps`` counts each step once,
    however many of its logs show it. ``rules_seen`` are the ids of rules with a match on the host, also one that gives
    no finding. ``unexplained`` are the errors and warnings that no rule matched, by kind.
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
    """Everything that a run found. Every output format is written from it alone; it loads again from JSON.

    ``hosts`` may be read anew from where they are kept each time that somebody goes over them: readers keep
    none of them. A sequence that is neither tuple nor list is in order of their names. ``narrowed``: the run was told
    to leave out some events or verdicts, so that what it does not report may be there still.
    ``title`` and ``date`` are what the user calls the report, and the date that it bears. ``factors`` are the common
    factors of the affected hosts, for each rule with enough of them; empty if they were not looked for.
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

"""The nouns of a report: what was found, and what every output format is written from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from evtscan.logic import Truth
from evtscan.model import EvidenceRow, ExtractionWarning, Location, SkippedFile


class Verdict(Enum):
    """Match × facts, in order of severity; the last four are not verdicts on a match of a known issue."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"
    EXPOSED = "exposed"
    RESOLVED = "resolved"
    EXCLUDED = "excluded"
    DETECTED = "detected"
    NOT_APPLICABLE = "not_applicable"
    CLEAR = "clear"
    NOT_ASSESSED = "not_assessed"

    @property
    def rank(self) -> int:
        """0 is the most severe."""
        return list(Verdict).index(self)


class Level(IntEnum):
    """How much a rule's problem matters (Sigma's levels)."""

    INFORMATIONAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The level as rules and reports write it."""
        return self.name.lower()


QUIET_KINDS = frozenset({"benign", "notice", "success"})
"""Kinds of rules that never count in ``--fail-on``, in the worst verdict, or in what to do first."""


NOT_SEEN = frozenset({Verdict.NOT_APPLICABLE, Verdict.CLEAR, Verdict.NOT_ASSESSED})
"""Verdicts that say that there is nothing to report; they are there only with ``--all`` and change no summary."""

NEW, KNOWN, ACCEPTED = STATUSES = ("new", "known", "accepted")
"""Statuses of a finding: no earlier report has it, an earlier report has it, somebody has decided to live with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """What a report says about a rule."""

    id: str
    title: str
    level: str
    status: str = ""
    kind: str = ""
    article: str = ""
    description: str = ""
    cause: str = ""
    remedy: tuple[str, ...] = ()
    workaround: tuple[str, ...] = ()
    fixed_in: str = ""
    lookalikes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a condition is true, false or unknown: a tree whose leaves name locations or say what is missing.

    ``text`` is the condition as the rule puts it; ``says`` what is known of it, in words for a reader. ``fact`` names
    the fact or field that a leaf tests; ``basis`` is ``stated``, ``carried``, or empty if unknown. ``how_to_get`` says
    how to decide a leaf that is unknown for want of something other than a fact.
    """

    text: str
    truth: Truth
    says: str = ""
    basis: str = ""
    fact: str = ""
    locations: tuple[Location, ...] = ()
    children: tuple["Explanation", ...] = ()
    how_to_get: str = ""


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
class NearbyRow:
    """A record that stands near a match in its log, whatever it is about.

    ``distance`` is how many records it stands behind the match, negative before it; 0 is the match itself.
    """

    distance: int
    timestamp: str
    computer: str
    channel: str
    provider: str
    event_id: int
    event_level: int | None
    record_id: int | None
    details: str
    offset: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The records around one match of a finding, in record order, and the log that they stand in."""

    source_file: str
    rows: tuple[NearbyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Rule × host: one row of ``findings.csv``. Times are ISO 8601 text; lists stay lists until a reporter.

    ``remedy`` is what to do on this host (a doubt may put a step of its own in place of the rule's); title, cause
    and the rest stand in the report's ``RuleInfo`` with the same ``rule_id``. ``surroundings`` are those of its first
    and its last match. ``accepted`` says until when and why somebody lives with it, where ``status`` is ``accepted``.
    """

    finding_id: str
    host: str
    computer: str
    verdict: str
    rule_id: str
    status: str = "new"
    activity: str = "unknown"
    entity: str = ""
    first_seen: str = ""
    last_seen: str = ""
    count: int = 0
    channels: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    event_ids: tuple[int, ...] = ()
    record_ids: tuple[int, ...] = ()
    os: str = ""
    service_pack: str = ""
    reason: str = ""
    basis: str = ""
    missing_facts: tuple[str, ...] = ()
    how_to_get: tuple[str, ...] = ()
    remedy: tuple[str, ...] = ()
    coverage_from: str = ""
    coverage_to: str = ""
    complete: str = ""
    source_files: tuple[str, ...] = ()
    explanation: Explanation | None = None
    surroundings: tuple[Surroundings, ...] = ()
    accepted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """One fact as a report lists it: what is known of it now, or (``history``) one statement in the time line.

    ``session`` and ``sequence`` place a statement in the history of the host, as in ``TimelineRow``.
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
    however many of its logs show it.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRule:
    """A rule of a rule folder that did not load, and why: it took no part in the run."""

    file: str
    message: str
    line: int | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that a run found. Every output format is written from it alone; it loads again from JSON.

    ``hosts`` may be read anew from where they are kept each time that somebody goes over them: whoever does keeps
    none of them. A sequence that is neither tuple nor list is in order of their names. ``narrowed``: the run was told
    to leave out some events or verdicts, so that what it does not report may be there still.
    """

    schema: int = 1
    evtscan: str = ""
    hosts: Sequence[HostReport]
    rules: tuple[RuleInfo, ...] = ()
    refused: tuple[RefusedRule, ...] = ()
    narrowed: bool = False

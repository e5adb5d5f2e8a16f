"""The nouns of a finding: verdict, explanation, and the finding itself."""

from dataclasses import dataclass
from enum import Enum

from evtscan.base.logic import Truth
from evtscan.base.model.source import Location


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


NOT_SEEN = frozenset({Verdict.NOT_APPLICABLE, Verdict.CLEAR, Verdict.NOT_ASSESSED})
"""Verdicts that say that there is nothing to report; they are there only with ``--all`` and change no summary."""


NEW, KNOWN, ACCEPTED = STATUSES = ("new", "known", "accepted")
"""Statuses of a finding: no earlier report has it, an earlier report has it, somebody has decided to live with it."""


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

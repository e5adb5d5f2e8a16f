"""Data types for findings: verdict, explanation, and the finding itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from evtscan.base.logic import Truth
from evtscan.base.model.diagnosis import ChangesBefore
from evtscan.base.model.source import Location
from evtscan.base.wording import listing


class Verdict(Enum):
    """The result for a match and the facts, most severe first; the last four do not judge a match of a known issue."""

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
        """The position in order of severity; 0 is the most severe."""
        return list(Verdict).index(self)


NOT_SEEN = frozenset({Verdict.NOT_APPLICABLE, Verdict.CLEAR, Verdict.NOT_ASSESSED})
"""Verdicts without anything to report; findings have them only with ``--all``, and summaries leave them out."""


NEW, KNOWN, ACCEPTED = STATUSES = ("new", "known", "accepted")
"""Statuses of a finding: not in an earlier report, in an earlier report, listed in the file of ``--accept``."""


class NodeKind(Enum):
    """The kind of a node of an explanation: a single test, or the way in which its children are combined."""

    TEST = "test"
    ALL = "all"
    ANY = "any"
    NOT = "not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The reason why a condition is true, false or unknown: a tree whose leaves have locations, or name missing data.

    ``text`` is the condition as the rule states it, for display only; ``says`` is the known value in words. ``fact`` is
    the name of the fact or event field that a leaf tests; ``basis`` is ``stated``, ``carried``, or empty if unknown.
    ``how_to_get`` explains how to decide an unknown leaf that does not depend on a fact.
    """

    text: str
    truth: Truth
    kind: NodeKind = NodeKind.TEST
    says: str = ""
    basis: str = ""
    fact: str = ""
    locations: tuple[Location, ...] = ()
    children: tuple["Explanation", ...] = ()
    how_to_get: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """Information that would decide an open finding, and one way to get it.

    ``fact`` is the name of the fact; empty for an instruction that is not about a fact, such as a question or a log to
    export again. ``collectable``: no evidence of the host mentions the fact yet, so collecting more evidence would
    state it.
    """

    fact: str = ""
    how_to_get: str = ""
    collectable: bool = False


def instructions(missing: Iterable[MissingFact]) -> tuple[str, ...]:
    """Return one line for each way to get missing facts, with the names of the facts: ``A and B: do this``."""
    by_way: dict[str, list[str]] = {}
    for item in missing:
        by_way.setdefault(item.how_to_get, []).append(item.fact)
    facts = {way: list(dict.fromkeys(filter(None, names))) for way, names in by_way.items() if way}
    return tuple(f"{listing(names)}: {way}" if names else way for way, names in facts.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class NearbyRow:
    """A record near a match in its log; ``distance`` counts records from the match, negative before it."""

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
    """The records around one match of a finding, in record order, and their log."""

    source_file: str
    rows: tuple[NearbyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one rule for one host: one row of ``findings.csv``. Times are ISO 8601 text; lists remain lists.

    ``remedy`` has the steps for this host: the steps of a justified doubt replace the steps of the rule. Title, cause
    and other texts of the rule are in the report's ``RuleInfo`` with the same ``rule_id``. ``surroundings`` are the
    records around the first and the last match. ``missing`` is the information that would decide an open finding.
    ``accepted`` is the end date and the reason of the acceptance, if ``status`` is ``accepted``. ``event_says`` has the
    values of the last event in words. ``changes`` are changes before the first match. ``consequence_of`` are the ids of
    findings of the same host that cause this one.
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
    missing: tuple[MissingFact, ...] = ()
    remedy: tuple[str, ...] = ()
    coverage_from: str = ""
    coverage_to: str = ""
    complete: str = ""
    source_files: tuple[str, ...] = ()
    explanation: Explanation | None = None
    surroundings: tuple[Surroundings, ...] = ()
    accepted: str = ""
    event_says: str = ""
    changes: ChangesBefore | None = None
    consequence_of: tuple[str, ...] = ()

    @property
    def missing_facts(self) -> tuple[str, ...]:
        """The distinct names of the missing facts."""
        return tuple(dict.fromkeys(item.fact for item in self.missing if item.fact))

    @property
    def how_to_get(self) -> tuple[str, ...]:
        """Instructions to get the missing information, one line for each way."""
        return instructions(self.missing)

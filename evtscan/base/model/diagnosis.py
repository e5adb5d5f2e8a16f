"""Data types for diagnoses: changes before a finding, common factors, unexplained events.

A diagnosis is additional evidence; it never changes the verdict of a finding. Times are ISO 8601 text in UTC.
"""

from dataclasses import dataclass
from enum import Enum

from evtscan.base.model.source import Location


class ChangeKind(Enum):
    """What changed on a host."""

    UPDATE = "update"
    SYSTEM = "system"
    PROGRAM = "program"
    SERVICE = "service"
    DRIVER = "driver"
    ROLE = "role"
    NAME = "name"
    CLOCK = "clock"
    RESTART = "restart"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change on a host before the first match of a finding.

    ``subject`` is the thing that changed: an update, a program, a service, a driver, or the name of a fact. ``text``
    describes the change in a sentence without a full stop. ``seconds_before`` is the time from the change to the first
    match and ``restarts`` the number of starts of the host in between; None if unknown.
    """

    kind: ChangeKind
    subject: str
    text: str
    time: str = ""
    seconds_before: int | None = None
    restarts: int | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesBefore:
    """The changes between the last boot session without the symptom and the first match, nearest first.

    ``since`` and ``until`` are the limits of the time that was searched. ``is_open``: the log begins with the symptom,
    so the change that caused it may be older than the evidence. ``more`` counts further changes that are not listed.
    """

    since: str = ""
    until: str = ""
    is_open: bool = False
    changes: tuple[Change, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A fact that separates the affected hosts of a rule from other hosts, with counts and an exact test.

    ``affected`` and ``others`` count the hosts for which the fact is known, ``affected_with`` and ``others_with`` the
    hosts that have the value. ``p_value`` is the result of the one-sided hypergeometric test, ``q_value`` the p-value
    corrected for the number of tests (Benjamini-Hochberg). ``same_as`` are facts that exactly these hosts have too,
    such as the build that an update installs. ``hosts`` are the affected hosts with the value.
    """

    fact: str
    value: str
    affected_with: int
    affected: int
    others_with: int
    others: int
    p_value: float
    q_value: float
    same_as: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFactors:
    """The common factors of the hosts that a rule affects, strongest first; empty if no fact separates the hosts.

    ``affected`` and ``others`` count the compared hosts, ``tried`` counts the tested facts and values.
    """

    rule_id: str
    affected: int
    others: int
    tried: int
    factors: tuple[Factor, ...] = ()


LEVEL_WORDS = {1: "critical", 2: "error", 3: "warning"}
"""Windows' levels of problems in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnexplainedRow:
    """Errors or warnings of one kind on one host that no rule matched.

    ``level`` is Windows' number: 1 critical, 2 error, 3 warning. ``example`` has the data of the last of these events,
    which is record ``record_id`` of ``source_file``. ``is_new``: an earlier audit of the host did not have this kind of
    event. ``hosts`` counts the hosts of the report with this kind.
    """

    computer: str
    channel: str
    provider: str
    event_id: int
    level: int
    count: int
    first_seen: str = ""
    last_seen: str = ""
    is_new: bool = False
    hosts: int = 1
    example: str = ""
    source_file: str = ""
    record_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTally:
    """The number of errors (including critical events) and warnings of a host, and how many of them rules explain.

    An event is explained if any rule matched it, including a rule that classifies the event as harmless.
    """

    errors: int = 0
    errors_explained: int = 0
    warnings: int = 0
    warnings_explained: int = 0

    def __add__(self, other: "EventTally") -> "EventTally":
        return EventTally(
            errors=self.errors + other.errors,
            errors_explained=self.errors_explained + other.errors_explained,
            warnings=self.warnings + other.warnings,
            warnings_explained=self.warnings_explained + other.warnings_explained,
        )

"""The data types of a hunt: a hit (a record that rules match) and a detection (a row of the time line)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from evtscan.base.model.rule import Level, RuleInfo
from evtscan.report.details import details_of


class Hit(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A record that rules match, in the form that workers write to disk for the outputs.

    ``ticks`` is the time as FILETIME, or 0 if there is no time; ``time`` is its text. ``rules`` are the positions of
    the rules in the rule table of the run. ``data`` is the event's data, starting with the fields that the rules test.
    ``message`` is the text that an export rendered.
    """

    ticks: int
    time: str
    computer: str
    channel: str
    provider: str
    event_id: int | None
    record_id: int | None
    source: str
    offset: int | None
    data: dict[str, Any]
    message: str
    rules: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Detection:
    """One row of the time line: a record with all of its rules, or with one of them."""

    hit: Hit
    rules: Sequence[RuleInfo]

    @property
    def level(self) -> str:
        """The highest level of the rules."""
        return max((rule.level for rule in self.rules), key=rank)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the rules, without duplicates."""
        return tuple(dict.fromkeys(tag for rule in self.rules for tag in rule.tags))


def rank(level: str) -> int:
    """The position of a level in the order of severity: 0 is informational."""
    return Level[level.upper()].value


Value = str | int | None

COLUMNS: Mapping[str, Callable[[Detection], Value]] = {
    "Timestamp": lambda row: row.hit.time,
    "Computer": lambda row: row.hit.computer,
    "Level": lambda row: row.level,
    "RuleTitle": lambda row: "; ".join(rule.title for rule in row.rules),
    "Tags": lambda row: "; ".join(row.tags),
    "Channel": lambda row: row.hit.channel,
    "Provider": lambda row: row.hit.provider,
    "EventID": lambda row: row.hit.event_id,
    "RecordID": lambda row: row.hit.record_id,
    "Details": lambda row: details_of(row.hit.data, row.hit.message),
    "RuleID": lambda row: "; ".join(rule.id for rule in row.rules),
    "RuleFile": lambda row: "; ".join(rule.file for rule in row.rules),
    "SourceFile": lambda row: row.hit.source,
    "Offset": lambda row: row.hit.offset,
}
"""The columns of the time line, in their order. Lists in a cell join with ``; ``."""

"""Values of detections of high levels as CSV: addresses, accounts, hosts and hashes to search for in other evidence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from evtscan.base.model.rule import Level
from evtscan.hunt.detection import Detection, rank
from evtscan.hunt.outputs.table import CsvTable
from evtscan.hunt.run import Hunted
from evtscan.hunt.summary import MOST_NAMES, Tally
from evtscan.reporters.tables.csv import Dialect

RULES_LISTED = 5
LOWEST = Level.HIGH
"""The lowest level of detections whose values become pivots."""

FIELDS: Final = {
    "address": frozenset(
        ("IpAddress", "SourceIp", "DestinationIp", "SourceAddress", "DestAddress", "ClientAddress", "Source_Address")
    ),
    "account": frozenset(
        ("TargetUserName", "SubjectUserName", "User", "ParentUser", "AccountName", "SamAccountName", "MemberName")
    ),
    "host": frozenset(
        ("WorkstationName", "Workstation", "TargetServerName", "SourceHostname", "DestinationHostname", "QueryName")
    ),
    "hash": frozenset(("Hashes", "Hash", "ImpHash", "MD5", "SHA1", "SHA256")),
}
"""The kinds of values, each with the fields that contain them."""

_KIND_OF: Final = {name: kind for kind, names in FIELDS.items() for name in names}
_NOTHING: Final = frozenset({"", "-", "::1", "127.0.0.1", "0.0.0.0", "localhost"})
_NO_HASH: Final = re.compile(r"0*\Z")


@dataclass(slots=True)
class _Pivot:
    tally: Tally = field(default_factory=Tally)
    rules: dict[str, None] = field(default_factory=dict)
    computers: dict[str, None] = field(default_factory=dict)


class PivotSink:
    """Count the values of detections of high levels, and write them at the end."""

    COLUMNS = ("Kind", "Value", "Count", "FirstSeen", "LastSeen", "Computers", "Rules")

    def __init__(self, stream: BinaryIO, dialect: Dialect) -> None:
        self._table = CsvTable(stream, dialect, self.COLUMNS)
        self._found: dict[str, dict[str, _Pivot]] = {kind: {} for kind in FIELDS}

    def add(self, row: Detection) -> None:
        """Count the values of a row."""
        if rank(row.level) < LOWEST:
            return
        for kind, value in dict.fromkeys(_values(row)):
            found = self._found[kind]
            if value not in found and len(found) >= MOST_NAMES:
                continue
            pivot = found.setdefault(value, _Pivot())
            pivot.tally.add((row.hit.ticks, row.hit.time))
            _note(pivot.computers, row.hit.computer)
            for rule in row.rules:
                _note(pivot.rules, rule.title)

    def close(self, hunted: Hunted) -> None:
        """Write a row for each value, by kind, the most frequent first."""
        for kind, found in self._found.items():
            for value, pivot in sorted(found.items(), key=lambda item: (-item[1].tally.count, item[0])):
                times = self._table.times(pivot.tally)
                self._table.write(
                    (kind, value, pivot.tally.count, *times, _listed(pivot.computers), _listed(pivot.rules))
                )


def _note(names: dict[str, None], name: str) -> None:
    if len(names) <= RULES_LISTED:
        names[name] = None


def _listed(names: dict[str, None]) -> str:
    shown = [*names][:RULES_LISTED]
    return "; ".join([*shown, "…"] if len(names) > RULES_LISTED else shown)


def _values(row: Detection) -> Iterator[tuple[str, str]]:
    if row.hit.computer:
        yield "host", row.hit.computer
    for name, value in row.hit.data.items():
        kind = _KIND_OF.get(name)
        for text in _texts(value) if kind else ():
            assert kind is not None, "only fields with a kind are read"
            for part in _hashes(text) if kind == "hash" else (text.removeprefix("::ffff:"),):
                if part.casefold() not in _NOTHING:
                    yield kind, part


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else (value,):
        if isinstance(item, str):
            yield item.strip()


def _hashes(text: str) -> Iterator[str]:
    """Split ``MD5=…,SHA256=…`` into single hashes, without hashes that are all zeros."""
    for part in text.split(","):
        if not _NO_HASH.match(part.rpartition("=")[2]):
            yield part.strip()


def sink(stream: BinaryIO, dialect: Dialect) -> PivotSink:
    """Return a sink that writes the table of pivots.

    Raises:
        OSError: if the stream cannot be written.
    """
    return PivotSink(stream, dialect)

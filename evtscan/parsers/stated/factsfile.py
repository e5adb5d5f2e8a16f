"""``facts.yaml`` → stated facts: facts of a host that a person states and no other file shows.

    os.version: 4.0                     # stays the text 4.0; only whole numbers, true and false are more than text
    os: {service_pack: 2}               # the same as os.service_pack: 2
    hotfix: [Q147222, Q154087]          # several values
    component.ras:                      # with a date, and who says so
        - {value: true, from: 1997-03-01, source: operator's log book}
        - {value: false, from: 1999-06-15}
    clock_offset: -3600                 # no fact: the host's clock was an hour slow, in seconds or as -01:00
    host.role:                          # left blank: says nothing; null says "looked for, and not there"

Times in the file are those of the person who wrote it; with ``clock_offset`` they are turned into what the host's clock
showed, as its log has it. Whether a fact of that name exists is not decided here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evtscan.base.errors import EvidenceError
from evtscan.base.model.fact import FactEntry, FactsFile
from evtscan.base.model.source import ExtractionWarning, Location, Source
from evtscan.base.text import read_text
from evtscan.base.wintypes import TICKS_PER_SECOND, Instant, parse_time
from evtscan.base.yamltext import Document, EntryPath, YamlSyntaxError, load

MAX_SIZE = 1 << 20

_CLOCK_OFFSET = "clock_offset"
_OFFSET = re.compile(
    r"(?P<sign>[+-])?(?:(?P<hours>\d{1,5}):(?P<minutes>[0-5]\d)(?::(?P<rest>[0-5]\d))?|(?P<seconds>\d{1,9}))\Z"
)
_FORM = "write one fact in each line: “name: value”, or “name: [{value: …, from: …}]”"
_FIELDS = frozenset({"value", "from", "source"})


def read_facts(source: Source) -> FactsFile:
    """Read a ``facts.yaml``. An entry that is wrong is a warning, and the rest counts.

    Raises:
        EvidenceError: if the file cannot be read, is larger than 1 MiB, is no YAML, or is not a map of facts.
    """
    try:
        document = load(read_text(source, limit=MAX_SIZE).text, limit=MAX_SIZE, plain_text_scalars=True, aliases=False)
    except YamlSyntaxError as error:
        raise EvidenceError(f"{source.name}, line {error.line}: {error.message}; {_FORM}") from error
    if document.data is not None and not isinstance(document.data, dict):
        line = document.line(())
        raise EvidenceError(f"{source.name}, line {line}: not a list of facts; {_FORM}")
    return _Reader(source.name, document).read()


@dataclass(slots=True)
class _Reader:
    """Takes the entries out of one document; ``places`` holds the path under which each fact name was found."""

    source: str
    document: Document
    warnings: list[ExtractionWarning] = field(default_factory=list)
    places: dict[str, EntryPath] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)

    def read(self) -> FactsFile:
        for problem in self.document.problems:
            self._warn(problem.path, "bad_entry", f"{problem.message} (nothing of this entry is used)", problem.line)
        every = list(self._facts(self.document.data or {}, ()))
        entries = [entry for entry in every if entry.name not in self.doubled]
        offset = self._clock_offset([entry for entry in entries if entry.name == _CLOCK_OFFSET])
        return FactsFile(
            source=self.source,
            entries=tuple(_by_clock(entry, offset) for entry in entries if entry.name != _CLOCK_OFFSET),
            warnings=tuple(self.warnings),
        )

    def _clock_offset(self, entries: Sequence[FactEntry]) -> int:
        """Seconds by which the host's clock was fast (negative: slow); 0 if not stated."""
        if not entries:
            return 0
        match = _OFFSET.match(str(entries[0].value).strip())
        if match is None or len(entries) > 1:
            message = "clock_offset is one number of seconds, or a time such as -01:00; the entry is left out"
            self._warn((_CLOCK_OFFSET,), "bad_entry", message)
            return 0
        hours, minutes, rest = (int(match[name] or 0) for name in ("hours", "minutes", "rest"))
        seconds = int(match["seconds"]) if match["seconds"] else 3600 * hours + 60 * minutes + rest
        return -seconds if match["sign"] == "-" else seconds

    def _facts(self, facts: dict[Any, Any], above: EntryPath) -> Iterator[FactEntry]:
        """Every entry of a map of facts; the names of nested maps join with dots."""
        for key, value in facts.items():
            path = (*above, key)
            if any(problem.path == path for problem in self.document.problems):
                continue
            if not isinstance(key, str) or not key.strip("."):
                self._warn(path, "bad_entry", f"{key!r} is not the name of a fact; the entry is left out")
            elif isinstance(value, dict) and not _FIELDS & value.keys():
                yield from self._facts(value, path)
            elif self._is_new(name := _name(path), path):
                yield from self._entries(name, value, path)

    def _is_new(self, name: str, path: EntryPath) -> bool:
        """Whether no other entry is of this name (``os.version`` and ``os: {version: …}``); else neither is used."""
        if (first := self.places.setdefault(name, path)) == path:
            return True
        self.doubled.add(name)
        line = self.document.line(first)
        self._warn(path, "conflict", f"stands in line {line} already; neither is used, write it once")
        return False

    def _entries(self, name: str, value: Any, path: EntryPath) -> Iterator[FactEntry]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._entry(name, item, (*path, index))
        else:
            yield from self._entry(name, value, path)

    def _entry(self, name: str, value: Any, path: EntryPath) -> Iterator[FactEntry]:
        fields = value if isinstance(value, dict) else {"value": value}
        if any(problem.path[: len(path)] == path for problem in self.document.problems):
            return
        try:
            since, said_by = _since(fields), _said_by(fields)
            value = _value(fields)
        except ValueError as error:
            self._warn(path, "bad_entry", f"{error}; the entry is left out")
            return
        if value == "":
            return
        location = Location(source=self.source, key=name, line=self.document.line(path))
        yield FactEntry(name=name, value=value, location=location, since=since, said_by=said_by)

    def _warn(self, path: EntryPath, kind: str, message: str, line: int | None = None) -> None:
        location = Location(source=self.source, key=_name(path) or None, line=line or self.document.line(path))
        self.warnings.append(ExtractionWarning(location=location, kind=kind, message=message))


def _by_clock(entry: FactEntry, offset: int) -> FactEntry:
    """An entry with its time as a clock showed it that was so many seconds fast."""
    since = entry.since
    if since is None or not offset:
        return entry
    return replace(entry, since=Instant(max(since.ticks + offset * TICKS_PER_SECOND, 0), since.digits, since.local))


def _name(path: EntryPath) -> str:
    return ".".join(part for part in path if isinstance(part, str))


def _value(fields: dict[Any, Any]) -> Any:
    if unknown := [str(key) for key in fields if key not in _FIELDS]:
        raise ValueError(f"{', '.join(unknown)}: not a part of an entry, which has value, from and source")
    if "value" not in fields:
        raise ValueError("the value is missing")
    if isinstance(fields["value"], dict | list):
        raise ValueError("a value is one text, number, true or false")
    return fields["value"]


def _since(fields: dict[Any, Any]) -> Instant | None:
    since = fields.get("from")
    return None if since in (None, "") else parse_time(str(since))


def _said_by(fields: dict[Any, Any]) -> str | None:
    source = fields.get("source")
    if isinstance(source, dict | list):
        raise ValueError("source is not a text")
    return None if source in (None, "") else str(source)

"""A table of facts of many hosts (``--inventory``) → stated facts by host.

A CSV file with a column ``Host``; every other column that is named like a fact has its values. An empty cell states
nothing; ``absent`` states that the host does not have it.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evtscan.base.errors import EvidenceError
from evtscan.base.model.fact import FactEntry, FactsFile
from evtscan.base.model.source import Location, Source
from evtscan.base.text import read_text

HOST = "host"
_MOST_BYTES = 64 << 20
_ABSENT = "absent"
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Fleet:
    """Stated facts by host (name in ``casefold`` form), the hosts as written, and columns that name no fact."""

    facts: dict[str, FactsFile]
    names: dict[str, str]
    other_columns: tuple[str, ...]


def read_fleet(source: Source, is_fact: Callable[[str], bool]) -> Fleet:
    """Read the table; of a host in several rows all of them count, each as a statement of its own.

    Raises:
        EvidenceError: if the file cannot be read, or has no column ``Host``.
    """
    text = read_text(source, limit=_MOST_BYTES).text
    lines = text.splitlines()
    reader = csv.reader(lines, delimiter=";" if lines and lines[0].count(";") > lines[0].count(",") else ",")
    try:
        header = [column.strip() for column in next(reader, [])]
        at = next((place for place, column in enumerate(header) if column.casefold() == HOST), None)
        if at is None:
            raise EvidenceError(f"{source.name}: has no column “Host”; the first line must name the columns")
        facts = {place: column for place, column in enumerate(header) if place != at and is_fact(column)}
        entries: dict[str, list[FactEntry]] = {}
        names: dict[str, str] = {}
        for row in reader:
            name = row[at].strip() if at < len(row) else ""
            if name:
                names.setdefault(name.casefold(), name)
                found = _entries(row, facts, source.name, reader.line_num)
                entries.setdefault(name.casefold(), []).extend(found)
    except csv.Error as error:
        raise EvidenceError(f"{source.name}, line {reader.line_num}: no row of a CSV file ({error})") from error
    files = {key: FactsFile(source=source.name, entries=tuple(found)) for key, found in entries.items()}
    known = set(facts) | {at}
    return Fleet(files, names, tuple(column for place, column in enumerate(header) if place not in known))


def _entries(row: list[str], facts: dict[int, str], source_name: str, line: int) -> Iterator[FactEntry]:
    for place, name in facts.items():
        text = row[place].strip() if place < len(row) else ""
        if text:
            yield FactEntry(name=name, value=_value(text), location=Location(source=source_name, key=name, line=line))


def _value(text: str) -> Any:
    word = text.casefold()
    if word == _ABSENT:
        return None
    return _WORDS.get(word, text)

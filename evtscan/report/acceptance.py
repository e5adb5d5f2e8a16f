r"""A file of accepted findings (``--accept``) → the findings of a run that are accepted, and until when.

    - host: NTWS07                # a host by its name in reports, or '*' for every host
      article: Q162396            # the article, or the id of a rule
      entity: \Device\Harddisk0   # optional: only the finding about this one
      until: 2026-12-31           # the last day on which it counts
      reason: replaced in January

As CSV: columns Host, Article, Entity, Until, Reason.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from evtscan.base.errors import UsageError
from evtscan.base.model.finding import Finding
from evtscan.base.model.rule import RuleInfo
from evtscan.base.model.source import Source
from evtscan.base.text import read_text
from evtscan.base.yamltext import YamlSyntaxError, load
from evtscan.parsers.logs.csv.csvrows import rows

EVERY_HOST = "*"

FIELDS = ("host", "article", "entity", "until", "reason")
REQUIRED = ("host", "article", "until", "reason")

NAMES_SHOWN = 5
"""How many names a remark lists before it counts the rest."""

_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """One entry: the finding, the host, the last valid day (inclusive), and the reason."""

    host: str
    article: str
    until: date
    reason: str
    entity: str = ""

    def __str__(self) -> str:
        return f"until {self.until.isoformat()}: {self.reason}"


class Accepted:
    """The entries that accept findings on a given day, for a set of rules."""

    def __init__(self, entries: Iterable[Acceptance], rules: Iterable[RuleInfo], today: date) -> None:
        self._entries = tuple(entries)
        self._today = today
        self._rule_ids: dict[str, list[str]] = {}
        for rule in rules:
            for name in {rule.id, rule.article} - {""}:
                self._rule_ids.setdefault(name.casefold(), []).append(rule.id)
        self._by_place: dict[tuple[str, str], list[Acceptance]] = {}
        for entry in self._entries:
            for rule_id in self._rule_ids.get(entry.article.casefold(), ()) if entry.until >= today else ():
                self._by_place.setdefault((entry.host.casefold(), rule_id), []).append(entry)

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def in_force(self) -> str:
        """Return a key of the entries that are valid on this day; equal keys give equal statuses."""
        return "\n".join(sorted(map(repr, (entry for entry in self._entries if entry.until >= self._today))))

    def of(self, finding: Finding) -> Acceptance | None:
        """Return the entry that accepts a finding; of several entries, the one that is valid longest."""
        candidates = [
            entry
            for host in (finding.host.casefold(), EVERY_HOST)
            for entry in self._by_place.get((host, finding.rule_id), ())
            if entry.entity in ("", finding.entity)
        ]
        return max(candidates, key=lambda entry: entry.until, default=None)

    def remarks(self, hosts: Collection[str]) -> Iterator[str]:
        """Yield remarks on entries that do not fit a run over these hosts: unknown names, and expired entries."""
        known = {host.casefold() for host in hosts}
        unknown = (entry.host for entry in self._entries if entry.host.casefold() not in {*known, EVERY_HOST})
        yield from _remark("there is no host", unknown)
        articles = (entry.article for entry in self._entries if entry.article.casefold() not in self._rule_ids)
        yield from _remark("no rule has the article or id", articles)
        ended = (
            f"{entry.article} on {'every host' if entry.host == EVERY_HOST else entry.host} ({entry.until.isoformat()})"
            for entry in self._entries
            if entry.until < self._today
        )
        yield from _remark("no longer accepted:", ended)


NOTHING = Accepted((), (), date.min)


def _remark(what: str, names: Iterable[str]) -> Iterator[str]:
    distinct = list(dict.fromkeys(names))
    if distinct:
        more = len(distinct) - NAMES_SHOWN
        yield f"{what} {', '.join(distinct[:NAMES_SHOWN])}" + (f" and {more:,} more" if more > 0 else "")


def read_acceptances(path: Path) -> tuple[Acceptance, ...]:
    """Read a file of accepted findings, YAML or (named ``.csv``) CSV.

    Raises:
        UsageError: if there is no such file, or an entry is wrong; it names each wrong entry by line, number and host.
        EvidenceError: if the file cannot be read.
    """
    if not path.exists() or path.is_dir():
        raise UsageError(f"--accept {path}: there is no such file")
    text = read_text(Source(path, path.name), limit=_MOST_BYTES).text
    found = _from_csv(text) if path.suffix.lower() == ".csv" else _from_yaml(text, path.name)
    entries = []
    problems = []
    for line, number, fields in found:
        made = _entry(fields)
        if isinstance(made, Acceptance):
            entries.append(made)
        else:
            problems.append(f"{path.name}, line {line}{_called(number, fields)}: {made}")
    if problems:
        raise UsageError("\n".join(problems))
    return tuple(entries)


def _called(number: int, fields: Mapping[str, str] | str) -> str:
    """The number and the host of a wrong entry, to follow its line; empty if the problem is not about an entry."""
    host = "" if isinstance(fields, str) else fields.get("host", "")
    return f", entry {number}" + (f" (host {host})" if host else "") if number else ""


def _from_yaml(text: str, name: str) -> Iterator[tuple[int, int, Mapping[str, str] | str]]:
    """Yield, for each entry, its line, its number from 1 (0: the whole file), and its fields or a problem."""
    try:
        document = load(text, plain_text_scalars=True, aliases=False)
    except YamlSyntaxError as error:
        raise UsageError(f"{name}, line {error.line}: {error.message}") from error
    for problem in document.problems:
        place = problem.path[0] if problem.path else None
        yield problem.line, place + 1 if isinstance(place, int) else 0, problem.message
    if document.data is None:
        return
    if not isinstance(document.data, list):
        yield document.line(()), 0, "not a list of entries; begin each with “- host:”"
        return
    for place, item in enumerate(document.data):
        yield document.line((place,)), place + 1, _texts(item)


def _texts(item: Any) -> Mapping[str, str] | str:
    if not isinstance(item, dict) or not all(isinstance(value, str | int) for value in item.values()):
        return f"not an entry; give {', '.join(REQUIRED)}"
    return {str(key): str(value).strip() for key, value in item.items()}


def _from_csv(text: str) -> Iterator[tuple[int, int, Mapping[str, str] | str]]:
    """Yield the entries of a CSV file, as ``_from_yaml`` does."""
    lines = text.removeprefix("\ufeff").splitlines()
    separator = ";" if lines and lines[0].count(";") > lines[0].count(",") else ","
    found = rows(enumerate(lines, 1), separator)
    header = next(found, None)
    if header is None:
        return
    columns = [column.strip().casefold() for column in header.fields]
    if missing := [name for name in REQUIRED if name not in columns]:
        yield header.line, 0, f"no column {', '.join(name.capitalize() for name in missing)}; the first line names them"
        return
    for number, row in enumerate(found, 1):
        fields = dict(zip(columns, (field.strip() for field in row.fields), strict=False))
        yield row.line, number, row.error or {name: fields.get(name, "") for name in FIELDS}


def _entry(fields: Mapping[str, str] | str) -> Acceptance | str:
    """Return the entry with these fields, or a text that says what is wrong with them."""
    if isinstance(fields, str):
        return fields
    if unknown := sorted(fields.keys() - set(FIELDS)):
        return f"unknown: {', '.join(unknown)}; use {', '.join(FIELDS)}"
    if missing := [name for name in REQUIRED if not fields.get(name)]:
        return f"without {' and '.join(missing)}"
    try:
        until = date.fromisoformat(fields["until"])
    except ValueError:
        return f"until: {fields['until']} is not a date; write 2026-12-31"
    return Acceptance(
        host=fields["host"],
        article=fields["article"],
        until=until,
        reason=fields["reason"],
        entity=fields.get("entity", ""),
    )

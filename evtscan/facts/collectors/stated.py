"""Entries of a ``facts.yaml`` → statements, brought to the types and normal forms of the catalogue."""

import re
from datetime import date
from difflib import get_close_matches

from evtscan.base.model.fact import FactEntry, FactsFile, FactValue
from evtscan.base.model.source import ExtractionWarning
from evtscan.base.versions import os_version, version_key
from evtscan.facts.catalogue.names import CATALOGUE, FactKind, FactType, find
from evtscan.facts.collectors import updates
from evtscan.facts.history.statement import Statement

_PACK = re.compile(r"(?:SP\s*|Service Pack\s+)?(?:(\d{1,2})|(6)a)\Z", re.IGNORECASE)
"""A service pack as people write it; 6a is 6 with a hotfix (Q246009)."""
KINDS_OF_WARNINGS = ("unknown_fact", "bad_value")


def collect(facts: FactsFile) -> tuple[list[Statement], list[ExtractionWarning]]:
    """Turn the entries of one file into statements; an unknown name or a value of the wrong type becomes a warning."""
    statements: list[Statement] = []
    warnings: list[ExtractionWarning] = []
    for entry in facts.entries:
        kind = find(entry.name)
        if kind is None:
            warnings.append(_warn(entry, "unknown_fact", _unknown_name(entry.name)))
            continue
        try:
            value = value_of(kind, entry.value)
        except ValueError as error:
            warnings.append(_warn(entry, "bad_value", f"{entry.name}: {error}"))
            continue
        note = f"said by {entry.said_by}" if entry.said_by else ""
        statements.append(
            Statement(
                name=entry.name,
                value=value,
                location=entry.location,
                taken=entry.since,
                since=entry.since is not None,
                note=note,
            )
        )
    statements += updates.from_statements(statements)
    return statements, warnings


def value_of(kind: FactKind, raw: object) -> FactValue:
    """Convert a value to the type and normal form of its fact; null means that it was looked for and is absent.

    Raises:
        ValueError: if the value does not have the type of the fact; the text describes a valid value.
    """
    if raw is None:
        return None
    if kind.type is FactType.BOOLEAN:
        if isinstance(raw, bool):
            return raw
        raise ValueError(f"{raw!r} is neither true nor false")
    if kind.type is FactType.SET:
        items = raw if isinstance(raw, list | tuple) else [raw]
        return tuple(str(item) for item in items)
    if kind.pattern == "registry.PATH" and isinstance(raw, list | tuple):
        return tuple(str(item) for item in raw)
    if isinstance(raw, bool | list | tuple | dict):
        raise ValueError(f"{raw!r} is not a single {kind.type.value}")
    if kind.type is FactType.INTEGER:
        return _integer(kind, raw)
    text = str(raw).strip()
    if kind.pattern == "os.version":
        normal = os_version(text)
        if normal is None:
            raise ValueError(f"{text!r} is not a version such as '4.0'")
        return normal
    if kind.type is FactType.VERSION and version_key(text) is None:
        raise ValueError(f"{text!r} is not a version such as 4.0.1381.7117")
    if kind.type is FactType.DATE:
        return _date(text)
    return text


def _integer(kind: FactKind, raw: object) -> int:
    text = str(raw).strip()
    if kind.pattern == "os.service_pack" and (match := _PACK.match(text)):
        return int(match[1] or match[2])
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise ValueError(f"{raw!r} is not a whole number")


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 1997-05-01") from None


def _unknown_name(name: str) -> str:
    close = get_close_matches(name, [kind.pattern for kind in CATALOGUE], n=1)
    hint = f"did you mean {close[0]}?" if close else "the documentation lists the names"
    return f"{name} is not a fact of the catalogue and was left out; {hint}"


def _warn(entry: FactEntry, kind: str, message: str) -> ExtractionWarning:
    return ExtractionWarning(location=entry.location, kind=kind, message=message)

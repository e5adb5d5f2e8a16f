"""The row of the table of lints, and the input of a lint: a rule as written, and names from other rules."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evtscan.base.yamltext import EntryPath
from evtscan.detection.load.written import Written
from evtscan.detection.model.rule import Rule

Found = Iterator[tuple[EntryPath, str]]
"""Where a rule breaks a lint, and how, in a few words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Input of a lint besides the rule: names of facts, and names of other rules.

    ``files`` maps each title, in lower case, and each id to the files of the rules that have it. ``names`` contains the
    ids, articles and titles by which a rule can name another. ``precedence`` maps the id of each rule to the ids of the
    rules that it takes precedence over, and ``causes`` to the ids of the rules that it may be a consequence of.
    """

    fact_known: Callable[[str], bool]
    files: Mapping[str, tuple[str, ...]]
    names: frozenset[str]
    precedence: Mapping[str, frozenset[str]]
    causes: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, rules: Iterable[Rule], fact_known: Callable[[str], bool]) -> "Surroundings":
        """Return the surroundings that consist of these rules."""
        files: dict[str, list[str]] = {}
        names: dict[str, set[str]] = {}
        before: dict[str, tuple[str, ...]] = {}
        causes: dict[str, tuple[str, ...]] = {}
        for rule in rules:
            files.setdefault(rule.info.title.casefold(), []).append(rule.file)
            files.setdefault(rule.info.id, []).append(rule.file)
            for name in {rule.info.id, rule.info.article, rule.info.title} - {""}:
                names.setdefault(name, set()).add(rule.info.id)
            if rule.known_issue is not None:
                before[rule.info.id] = rule.known_issue.precedence
                causes[rule.info.id] = rule.info.consequence_of

        def ids(of_rules: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
            return {
                one: frozenset[str]().union(*(names.get(name, ()) for name in named)) for one, named in of_rules.items()
            }

        return cls(
            fact_known=fact_known,
            files={name: tuple(at) for name, at in files.items()},
            names=frozenset(names),
            precedence=ids(before),
            causes=ids(causes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """A row of the table of lints: the reason, the remedy, and the check of one rule."""

    name: str
    reason: str
    remedy: str
    find: Callable[[Written, Surroundings], Found]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a selection as written in the file: ``field|modifiers: values``."""

    path: EntryPath
    field: str
    modifiers: tuple[str, ...]
    values: tuple[Any, ...]


def lines_of(rule: Written) -> Iterator[Line]:
    """All lines of all selections of a rule; the field of keywords is empty."""
    detection = rule.data.get("detection") or {}
    for name, selection in detection.items():
        if name not in ("condition", "timeframe"):
            yield from _lines(selection, ("detection", name))


def _lines(part: Any, path: EntryPath) -> Iterator[Line]:
    if isinstance(part, Mapping):
        for key, value in part.items():
            field, *modifiers = str(key).split("|")
            values = value if isinstance(value, list) else [value]
            yield Line((*path, key), field, tuple(modifiers), tuple(values))
    elif isinstance(part, list):
        for place, item in enumerate(part):
            yield from _lines(item, (*path, place))
    else:
        yield Line(path, "", (), (part,))

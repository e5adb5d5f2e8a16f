"""A word that somebody has (a rule, an article, an event) → what the rules know of it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from evtscan.detection.condition import All, Any, Condition, Not, Test, Unobservable
from evtscan.detection.context import Around, Beside, ClearedBy
from evtscan.detection.products import FACTS, Products, products_of
from evtscan.detection.rule import Comparison, Correlation, CorrelationType, Rule
from evtscan.detection.sourcenames import names_of
from evtscan.model import Selector
from evtscan.verdicts.reasons import lasting

NAMES_SHOWN = 4
"""How many sources a heading names; a class of sources has dozens."""


@dataclass(frozen=True, slots=True)
class EventName:
    """An event as people write it: ``Dhcp/1008``, ``Dhcp 1008``, or the number alone."""

    event_id: int
    provider: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an event means by one rule, on which products, and on what conditions besides."""

    rule: Rule
    products: Products
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What an event of one source means; the source has several names, or none where it may be any source.

    The meanings are in the order of the products that they are about.
    """

    providers: tuple[str, ...]
    event_id: int
    found: tuple[Meaning, ...]

    @property
    def heading(self) -> str:
        """The event with its source."""
        return f"{_some(self.providers) or 'any source'} {self.event_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What a rule says of an event that is not its own: a text of its lookalikes."""

    rule: Rule
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the rules know of an event."""

    meanings: tuple[Meanings, ...] = ()
    mentions: tuple[Mention, ...] = ()


NOTHING = Answer()


# -------------------------------------------------------------------------------------------------------- rules


def rules_called(rules: Iterable[Rule], word: str) -> list[Rule]:
    """The rules that a word names: by article (also its number alone), id, title or file name."""
    wanted = word.strip().casefold()
    return [rule for rule in rules if not rule.silent and wanted in _names(rule)]


def _names(rule: Rule) -> set[str]:
    info = rule.info
    file = PurePosixPath(info.file)
    names = {info.article, info.id, info.title, info.file, file.name, file.stem}
    if re.fullmatch(r"(?:Q|KB)\d+", info.article, re.IGNORECASE):
        names.add(info.article.lstrip("QKBqkb"))
    return {name.casefold() for name in names if name}


# ------------------------------------------------------------------------------------------------------- events

_EVENT = re.compile(r"\s*(?:(?P<provider>\S.*?)\s*[/\s]\s*)?(?P<id>\d{1,10})\s*\Z")


def event_called(word: str) -> EventName | None:
    """Read an event, or None if a word cannot be one.

    >>> str(event_called("Microsoft-Windows-WindowsUpdateClient/20"))
    'Microsoft-Windows-WindowsUpdateClient 20'
    """
    match = _EVENT.match(word)
    return EventName(int(match["id"]), match["provider"] or "") if match else None


def known_of(rules: Sequence[Rule], event: EventName) -> Answer:
    """What rules know of an event: those that select it, by source, and those that only speak of it."""
    grouped: dict[tuple[str, ...], list[Rule]] = {}
    for rule in (rule for rule in rules if not rule.silent and _may_select(rule, event.event_id)):
        for providers in _sources(rule, event):
            grouped.setdefault(providers, []).append(rule)
    meanings = tuple(
        Meanings(providers=providers, event_id=event.event_id, found=_in_order(found))
        for providers, found in sorted(grouped.items())
    )
    return Answer(meanings=meanings, mentions=tuple(_mentions(rules, event)))


def _may_select(rule: Rule, event_id: int) -> bool:
    """Whether a rule can use events of this number at all, which it says without being looked into."""
    ids = rule.query().event_ids()
    return ids is None or event_id in ids


def _selectors(rule: Rule) -> frozenset[Selector]:
    """What an event must be to be a symptom; what a rule only looks for around it is left out."""
    return frozenset[Selector]().union(*(base.selection.selectors() for base in rule.bases()))


def _sources(rule: Rule, event: EventName) -> Iterator[tuple[str, ...]]:
    """The sources with which a rule selects an event, each as the names that it has."""
    wanted = {name.casefold() for name in names_of(event.provider)} if event.provider else set()
    rows = {
        _row(selector.provider)
        for selector in _selectors(rule)
        if selector.event_id == event.event_id or (selector.event_id is None and selector.provider and event.provider)
    }
    if not event.provider:
        if len(rows) > NAMES_SHOWN:  # a class of sources
            yield tuple(sorted({name for row in rows for name in row}))
        else:
            yield from rows
    else:
        yield from (row for row in rows if not row or not wanted.isdisjoint(map(str.casefold, row)))


def events_of(rule: Rule) -> list[str]:
    """The events that a rule selects, as ``SOURCE 1008, 1009``; sources of one set of numbers stand in one line."""
    return _listed(_selectors(rule))


def _listed(selectors: Iterable[Selector]) -> list[str]:
    numbers: dict[tuple[str, ...], set[int]] = {}
    for selector in selectors:
        ids = numbers.setdefault(_row(selector.provider), set())
        ids.update(() if selector.event_id is None else (selector.event_id,))
    by_numbers: dict[tuple[int, ...], list[str]] = {}
    for row, ids in sorted(numbers.items()):
        by_numbers.setdefault(tuple(sorted(ids)), []).append(" or ".join(row) or "any source")
    return [f"{_some(sources)} {', '.join(map(str, ids))}".strip() for ids, sources in by_numbers.items()]


def _some(sources: Sequence[str]) -> str:
    more = len(sources) - NAMES_SHOWN
    return f"{' or '.join(sources[:NAMES_SHOWN])}{f' or {more} more' if more > 0 else ''}"


def _row(provider: str | None) -> tuple[str, ...]:
    """All names of a source in one order, whichever of them is given."""
    return () if provider is None else tuple(sorted(names_of(provider), key=lambda name: (len(name), name)))


def _in_order(rules: Iterable[Rule]) -> tuple[Meaning, ...]:
    return tuple(sorted(map(_meaning, rules), key=lambda meaning: meaning.products.first))


def _meaning(rule: Rule) -> Meaning:
    when = rule.known_issue.when if rule.known_issue else All(())
    lines = when.children if isinstance(when, All) else (when,)
    others = (line for line in lines if not (isinstance(line, Test) and line.field in FACTS))
    return Meaning(
        rule=rule, products=products_of(when), conditions=tuple(text for line in others for text in words_of(line))
    )


def _mentions(rules: Iterable[Rule], event: EventName) -> Iterator[Mention]:
    number = re.compile(rf"(?<![\w.]){event.event_id}(?![\w.]*\w)")
    names = [name.casefold() for name in names_of(event.provider)] if event.provider else [""]
    for rule in rules:
        for text in rule.info.lookalikes:
            if number.search(text) and any(name in text.casefold() for name in names):
                yield Mention(rule=rule, text=text)


# --------------------------------------------------------------------------------------------------- conditions


def around_of(rule: Rule) -> list[str]:
    """What must stand around an event of a rule, or how many of them together, in words."""
    correlation, issue = rule.correlation, rule.known_issue
    found = [_words_of_group(correlation)] if correlation is not None else []
    if issue is not None:
        found += [_with_events(rule, entry, entry.text) for entry in issue.context]
        found += [_with_events(rule, issue.cleared_by, issue.cleared_by.text)] if issue.cleared_by is not None else []
    return found


def _with_events(rule: Rule, entry: Around | ClearedBy, text: str) -> str:
    """The words of an entry with the events behind the name that it gives."""
    named = rule.selections.get(entry.name) if isinstance(entry, (Beside, ClearedBy)) else None
    return f"{text} ({'; '.join(_listed(named.selectors()))})" if named is not None else text


_COUNTS: Final = {
    Comparison.EQUAL: "exactly {}",
    Comparison.OTHER: "other than {}",
    Comparison.MORE: "more than {}",
    Comparison.AT_LEAST: "at least {}",
    Comparison.LESS: "fewer than {}",
    Comparison.AT_MOST: "at most {}",
}
_COUNTED: Final = {
    CorrelationType.EVENT_COUNT: "events",
    CorrelationType.VALUE_COUNT: "values of {fields}",
    CorrelationType.TEMPORAL: "of these events",
    CorrelationType.TEMPORAL_ORDERED: "of these events in this order",
}


def _words_of_group(group: Correlation) -> str:
    how_many = "some" if group.condition is not None else "all"
    if group.threshold is not None:
        how_many = " and ".join(_COUNTS[part.comparison].format(part.number) for part in group.threshold.parts())
    counted = _COUNTED[group.type].format(fields=" and ".join(group.fields))
    of_one = f", each with the same {' and '.join(group.group_by)}" if group.group_by else ""
    return f"{how_many} {counted} within {lasting(group.timespan)}{of_one}"


def words_of(condition: Condition) -> Iterator[str]:
    """A condition line by line, as a person reads it; what belongs to a line above is indented."""
    match condition:
        case Test():
            yield condition.text
        case Unobservable():
            yield f"{condition.text} ({'see the other host' if condition.elsewhere else 'no evidence shows it'})"
        case All(children):
            for child in children:
                yield from words_of(child)
        case Any(children):
            yield "any of:"
            for child in children:
                first, *others = words_of(child)
                yield f"  - {first}"
                yield from (f"    {line}" for line in others)
        case Not(child):
            yield "not:"
            yield from (f"    {line}" for line in words_of(child))

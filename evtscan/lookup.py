"""Search the rules for a word that a user enters: a rule, an article, or an event."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Final

from evtscan.base.model.query import Selector
from evtscan.base.model.rule import RuleInfo
from evtscan.base.wording import lasting
from evtscan.detection.authoring.products import FACTS, Products, products_of
from evtscan.detection.load.sourcenames import names_of, row_of
from evtscan.detection.model.condition import (
    All,
    Any,
    Condition,
    Not,
    Operator,
    Test,
    Unobservable,
    conjunction,
    tests_in,
)
from evtscan.detection.model.context import Around, Beside, ClearedBy
from evtscan.detection.model.derive import Derived, How
from evtscan.detection.model.modifiers import plain_text
from evtscan.detection.model.rule import Comparison, Correlation, CorrelationType, Rule

NAMES_SHOWN = 4
"""How many sources a heading names; a class of sources has dozens."""


@dataclass(frozen=True, slots=True)
class EventName:
    """An event as a user writes it: ``Dhcp/1008``, ``Dhcp 1008``, or only the number."""

    event_id: int
    provider: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.event_id}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """The meaning of an event according to one rule, the products that it applies to, and further conditions."""

    rule: Rule
    products: Products
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """All meanings of an event of one source. ``providers`` are the names of the source; empty if it can be any source.

    The meanings are sorted by the products that they apply to.
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
    """A mention of an event that the rule does not select: a text of the rule's lookalikes."""

    rule: Rule
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that the rules state about an event."""

    meanings: tuple[Meanings, ...] = ()
    mentions: tuple[Mention, ...] = ()


NOTHING = Answer()


# -------------------------------------------------------------------------------------------------------- rules


def rules_called(rules: Iterable[Rule], word: str) -> list[Rule]:
    """Return the rules with this name: an article (also only its number), id, title or file name."""
    wanted = word.strip().casefold()
    return [rule for rule in rules if not rule.silent and wanted in _names(rule)]


def _names(rule: Rule) -> set[str]:
    info = rule.info
    file = PurePosixPath(info.file)
    names = {info.article, info.id, info.title, info.file, file.name, file.stem}
    if re.fullmatch(r"(?:Q|KB)\d+", info.article, re.IGNORECASE):
        names.add(info.article.lstrip("QKBqkb"))
    return {name.casefold() for name in names if name}


_ARTICLE = re.compile(r"(?P<kind>Q|KB)?(?P<digits>\d{5,7})|CVE-\d{4}-\d{4,7}")


def rules_mentioning(rules: Iterable[Rule], word: str) -> list[Rule]:
    """Return the rules whose texts or references mention an article (also only its number)."""
    match = _ARTICLE.fullmatch(word.strip().upper())
    if match is None:
        return []
    kind = match["kind"] or "(?:Q|KB)"
    wanted = re.escape(match[0]) if match["digits"] is None else f"{kind}{match['digits']}"
    pattern = re.compile(rf"(?<![A-Z0-9]){wanted}(?![0-9])", re.IGNORECASE)
    return [rule for rule in rules if not rule.silent and any(map(pattern.search, _texts(rule.info)))]


def _texts(info: RuleInfo) -> Iterator[str]:
    yield from (info.description, info.cause, info.fixed_in)
    for texts in (info.remedy, info.workaround, info.lookalikes, info.references):
        yield from texts


NEAR_SHOWN: Final = 3
"""How many rules are named to somebody whose word names none."""


def rules_near(rules: Iterable[Rule], word: str) -> list[Rule]:
    """Return the first rules whose titles contain all words of the input, else the rules with the most similar names.

    The result is empty for the number of an article, since a number with one different digit is another article.
    """
    if _ARTICLE.fullmatch(word.strip().upper()):
        return []
    speaking = [rule for rule in rules if not rule.silent]
    wanted = [part for part in word.casefold().split() if len(part) > 2]
    found = [rule for rule in speaking if wanted and all(part in rule.info.title.casefold() for part in wanted)]
    if not found:
        names = {name: rule for rule in reversed(speaking) for name in _names(rule) - {rule.info.id}}
        close = get_close_matches(word.casefold(), names, n=NEAR_SHOWN, cutoff=0.65)
        found = list({names[name].info.id: names[name] for name in close}.values())
    return found[:NEAR_SHOWN]


# ------------------------------------------------------------------------------------------------------- events

_EVENT = re.compile(r"\s*(?:(?P<provider>\S.*?)\s*[/\s]\s*)?(?P<id>\d{1,10})\s*\Z")


def event_called(word: str) -> EventName | None:
    """Parse an event, or return None if the word cannot be an event.

    >>> str(event_called("Microsoft-Windows-WindowsUpdateClient/20"))
    'Microsoft-Windows-WindowsUpdateClient 20'
    """
    match = _EVENT.match(word)
    return EventName(int(match["id"]), match["provider"] or "") if match else None


def known_of(rules: Sequence[Rule], event: EventName) -> Answer:
    """Return everything that rules state about an event: rules that select it, by source, and rules that mention it."""
    spelled: dict[tuple[str, ...], tuple[str, ...]] = {}
    grouped: dict[tuple[str, ...], list[Rule]] = {}
    for rule in (rule for rule in rules if not rule.silent and _may_select(rule, event.event_id)):
        for providers in _sources(rule, event):
            key = tuple(map(str.casefold, providers))
            spelled.setdefault(key, providers)
            grouped.setdefault(key, []).append(rule)
    meanings = tuple(
        Meanings(providers=spelled[key], event_id=event.event_id, found=_in_order(found))
        for key, found in sorted(grouped.items())
    )
    return Answer(meanings=meanings, mentions=tuple(_mentions(rules, event)))


def _may_select(rule: Rule, event_id: int) -> bool:
    """Whether a rule can select events with this id, judged only by its query."""
    ids = rule.query().event_ids()
    return ids is None or event_id in ids


def _selectors(rule: Rule) -> frozenset[Selector]:
    """Return the selectors of a rule's symptoms, without the events that it only looks for around them."""
    found = frozenset[Selector]().union(*(base.selection.selectors() for base in rule.bases()))
    names = _names_of_sources(rule) if any(selector.provider is None for selector in found) else ()
    return found if not names else frozenset(replace(one, provider=name) for one in found for name in names)


def _names_of_sources(rule: Rule) -> tuple[str, ...]:
    """Return a rule's provider names as written if one has a wildcard (``MSSQL$*``), which selectors cannot contain."""
    names = tuple(
        str(value)
        for base in rule.bases()
        for test in tests_in(base.selection.condition)
        if test.field == "Provider_Name" and test.operator is Operator.IS
        for value in test.values
    )
    return names if any(plain_text(name) is None for name in names) else ()


def _sources(rule: Rule, event: EventName) -> Iterator[tuple[str, ...]]:
    """Yield the sources for which a rule selects an event, each with all its names."""
    wanted = {name.casefold() for name in names_of(event.provider)} if event.provider else set()
    found = [
        _row(selector.provider)
        for selector in _selectors(rule)
        if selector.event_id == event.event_id or (selector.event_id is None and selector.provider and event.provider)
    ]
    rows = {tuple(map(str.casefold, row)): row for row in sorted(found, reverse=True)}.values()
    if not event.provider:
        if len(rows) > NAMES_SHOWN:  # a class of sources
            yield tuple(sorted({name for row in rows for name in row}))
        else:
            yield from rows
    else:
        yield from (row for row in rows if not row or _is_one_of(wanted, row))


def _is_one_of(wanted: Iterable[str], row: Iterable[str]) -> bool:
    return any(fnmatchcase(name, known.casefold()) for name in wanted for known in row)


def events_of(rule: Rule) -> list[str]:
    """Return the events that a rule selects, as ``SOURCE 1008, 1009``; sources with equal event ids share a line."""
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
    """Return all names of a source in a fixed order, given any of them."""
    return () if provider is None else tuple(sorted(row_of(provider), key=lambda name: (len(name), name)))


def _in_order(rules: Iterable[Rule]) -> tuple[Meaning, ...]:
    return tuple(sorted(map(_meaning, rules), key=lambda meaning: meaning.products.first))


def _meaning(rule: Rule) -> Meaning:
    when = rule.known_issue.when if rule.known_issue else All(())
    others = (line for line in _lines_of(when) if not (isinstance(line, Test) and line.field in FACTS))
    return Meaning(
        rule=rule,
        products=products_of(when),
        conditions=(*details_of(rule), *_asked_around(rule), *(text for line in others for text in words_of(line))),
    )


def _lines_of(condition: Condition) -> Iterator[Condition]:
    """Yield the parts of a conjunction one after the other."""
    if isinstance(condition, All):
        for child in condition.children:
            yield from _lines_of(child)
    else:
        yield condition


def _mentions(rules: Iterable[Rule], event: EventName) -> Iterator[Mention]:
    number = re.compile(rf"(?<![\w.]){event.event_id}(?![\w.]*\w)")
    names = [name.casefold() for name in names_of(event.provider)] if event.provider else [""]
    for rule in rules:
        for text in rule.info.lookalikes:
            if number.search(text) and any(name in text.casefold() for name in names):
                yield Mention(rule=rule, text=text)


# --------------------------------------------------------------------------------------------------- conditions


def details_of(rule: Rule) -> list[str]:
    """Return a rule's conditions on its events, other than id, source and channel, line by line."""
    asked = [(base, left) for base in rule.bases() if (left := _besides_identity(base.detection)) is not None]
    if rule.correlation is None or len(asked) < 2:
        return [line for _, left in asked for line in words_of(left)]
    return [
        line for base, left in asked for line in (f"{base.info.title}:", *(f"    {text}" for text in words_of(left)))
    ]


def _besides_identity(condition: Condition) -> Condition | None:
    """Return a condition without its tests of id, source and channel; None if nothing remains."""
    match condition:
        case Test():
            return None if condition.field in _IDENTITY else condition
        case All(children):
            left = [part for child in children if (part := _besides_identity(child)) is not None]
            return conjunction(*left) if left else None
        case Any(children):
            return None if all(_besides_identity(child) is None for child in children) else condition
        case _:
            return condition


_IDENTITY: Final = frozenset({"EventID", "Provider_Name", "Channel"})


def derived_of(rule: Rule) -> list[str]:
    """Describe the fields that a rule derives from its events."""
    fields = (field for base in (rule, *rule.bases()) for field in base.derived)
    return list(dict.fromkeys(map(_words_of_derived, fields)))


def _words_of_derived(field: Derived) -> str:
    names = [str(name) for name in field.of]
    match field.how:
        case How.CAPTURE:
            what = f"what {field.pattern} captures in {names[0]}"
        case How.SIZE:
            what = f"the size of {names[0]}"
        case How.UTF16:
            what = f"the text at 0x{field.offset:x} of {names[0]}"
        case How.DWORD | How.WORD | How.BYTE:
            what = f"the {field.how.value} at 0x{field.offset:x} of {names[0]}"
        case _:
            what = f"{field.how.value} of {' and '.join(names)}"
    return f"{field.name}: {what}"


def doubts_of(rule: Rule) -> list[str]:
    """Return the reasons why a fact can be unreliable on a host, each with the name of the fact."""
    doubts = rule.known_issue.doubts if rule.known_issue is not None else ()
    return [f"{doubt.about}: {doubt.reason}" for doubt in doubts]


def around_of(rule: Rule) -> list[str]:
    """Describe the events that a rule requires around its event, or the number of events that it requires together."""
    correlation, issue = rule.correlation, rule.known_issue
    found = [_words_of_group(correlation)] if correlation is not None else []
    if issue is not None:
        found += [_with_events(rule, entry, entry.text) for entry in issue.context]
        found += [f"in support: {_with_events(rule, entry, entry.text)}" for entry in issue.supported_by]
        found += [_with_events(rule, issue.cleared_by, issue.cleared_by.text)] if issue.cleared_by is not None else []
    return found


def _asked_around(rule: Rule) -> Iterator[str]:
    """Yield the required events around an event, without the conditions for the end of a problem."""
    if rule.correlation is not None:
        yield _words_of_group(rule.correlation)
    for entry in rule.known_issue.context if rule.known_issue is not None else ():
        yield _with_events(rule, entry, entry.text)


def _with_events(rule: Rule, entry: Around | ClearedBy, text: str) -> str:
    """Return the text of an entry, followed by the events of the selection that the entry names."""
    named = rule.selections.get(entry.name) if isinstance(entry, (Beside, ClearedBy)) else None
    if named is None:
        return text
    left = _besides_identity(named.condition)
    details = [] if left is None else [line.strip(" -") for line in words_of(left)]
    return f"{text} ({', '.join(('; '.join(_listed(named.selectors())), *details))})"


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
    """Describe a condition line by line; the parts of a line are indented below it."""
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

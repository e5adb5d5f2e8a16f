"""Lints of ``detection``: selections that match other events than the author probably means."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from evtscan.detection.authoring.lints.row import Found, Lint, Surroundings, lines_of
from evtscan.detection.load.written import Written
from evtscan.detection.model.condition import All, Any, Condition, Not, Operator, Test, tests_in
from evtscan.detection.model.modifiers import parts_of, plain_text

_SHARED_CHANNELS: Final = (None, "Application", "System")
_WHO_AND_WHERE: Final = frozenset(
    {"Provider_Name", "EventID", "Channel", "Level", "EventType", "Computer", "Provider_Guid", "Qualifiers"}
)
"""Fields that say where an event comes from and which it is, but nothing of what it tells."""
_INSTANCES: Final = re.compile(r"[A-Za-z]{4,}\$\*")
"""Any instance of one source: ``MSSQL$*`` fits the sources that Setup names after the instances of SQL Server."""


def _event_id_without_provider(rule: Written, around: Surroundings) -> Found:
    loose = sorted(
        selector.event_id
        for selector in rule.rule.query().selectors or ()
        if selector.event_id is not None
        and selector.provider is None
        and (rule.rule.known_issue is not None or selector.channel in _SHARED_CHANNELS)
    )
    if loose and not _names_instances(rule):
        paths = (line.path for line in lines_of(rule) if line.field == "EventID" and loose[0] in line.values)
        path = next(paths, ("detection",))
        yield path, f"event id {loose[0]} is asked for without an exact Provider_Name"


def _names_instances(rule: Written) -> bool:
    return any(
        line.field == "Provider_Name" and any(_INSTANCES.fullmatch(str(value)) for value in line.values)
        for line in lines_of(rule)
    )


def _wildcard_in_provider(rule: Written, around: Surroundings) -> Found:
    for line in lines_of(rule):
        if line.field == "Provider_Name" and ("expand" not in line.modifiers) and _is_open(line.modifiers, line.values):
            yield line.path, f"{line.values[0]!r} fits names that nobody has seen yet"


def _is_open(modifiers: tuple[str, ...], values: tuple[object, ...]) -> bool:
    searches = not {"contains", "startswith", "endswith", "re"}.isdisjoint(modifiers)
    return searches or any(
        isinstance(value, str) and plain_text(value) is None and not _INSTANCES.fullmatch(value) for value in values
    )


def _class_without_second_test(rule: Written, around: Surroundings) -> Found:
    classes = [line for line in lines_of(rule) if line.field == "Provider_Name" and "expand" in line.modifiers]
    if classes and _WHO_AND_WHERE.issuperset(test.field for test in tests_in(rule.rule.detection)):
        yield classes[0].path, f"{classes[0].values[0]} is a class of sources, and nothing else of the event is tested"


def _event_id_as_text(rule: Written, around: Surroundings) -> Found:
    for line in lines_of(rule):
        texts = [value for value in line.values if isinstance(value, str) and value.strip().isdigit()]
        if line.field == "EventID" and texts:
            yield line.path, f"{texts[0]!r} is text"


def _event_id_too_large(rule: Written, around: Surroundings) -> Found:
    for line in lines_of(rule):
        if line.field == "EventID" and not line.modifiers:
            for value in line.values:
                if isinstance(value, int) and value > _LARGEST_ID:
                    yield (
                        line.path,
                        f"no event has the id {value}, which is {value & _LARGEST_ID} with what stands above",
                    )


_LARGEST_ID: Final = 0xFFFF


_FIELDS: Final = (
    "Binary",
    "Channel",
    "Computer",
    "EventID",
    "EventRecordID",
    "Message",
    "Provider_Name",
    "TimeCreated",
)
_BY_FOLDED: Final[Mapping[str, str]] = {
    **{name.casefold(): name for name in _FIELDS},
    **{name.casefold().replace("_", ""): name for name in _FIELDS},
}
_STRING = re.compile(r"data\d{1,3}\Z", re.IGNORECASE)


def _field_in_other_letters(rule: Written, around: Surroundings) -> Found:
    for line in lines_of(rule):
        meant = _BY_FOLDED.get(line.field.casefold())
        if meant is None and _STRING.match(line.field):
            meant = line.field.capitalize()
        if meant not in (None, line.field):
            yield line.path, f"{line.field!r} is read as data of the event, which calls it {meant}"


def _only_the_message(rule: Written, around: Surroundings) -> Found:
    for line in lines_of(rule):
        if line.field == "Message" and _tells_nothing_else(rule.rule.detection):
            yield line.path, "what the event tells is tested in Message alone"


def _tells_nothing_else(detection: Condition) -> bool:
    return (_WHO_AND_WHERE | {"Message"}).issuperset(test.field for test in tests_in(detection))


# ------------------------------------------------------------------------------------------------------ benign

_TELLING_BY_TEXT: Final[Mapping[str, frozenset[int] | None]] = {
    "application error": frozenset({1000}),
    "application hang": frozenset({1002}),
    "dcom": None,
    "distributedcom": None,
    "microsoft-windows-distributedcom": None,
    "esent": None,
    "microsoft-windows-wmi": frozenset({10}),
    "winmgmt": frozenset({10}),
    "windows error reporting": None,
    "msiinstaller": None,
    ".net runtime": None,
    "perflib": None,
    "microsoft-windows-perflib": None,
    "schannel": None,
    "service control manager": None,
}
"""Sources of which only the strings tell what an event is about, with the ids where that is so (None: all)."""


def _benign_without_exact_list(rule: Written, around: Surroundings) -> Found:
    if rule.rule.info.kind != "benign":
        return
    selectors = rule.rule.query().selectors
    if selectors is None or any(None in (selector.provider, selector.event_id) for selector in selectors):
        yield ("detection",), "harmless is what has a Provider_Name and an EventID, both exact"
        return
    tests = list(_positive_tests(rule.rule.detection))
    inexact = next((test for test in tests if not _is_exact(test)), None)
    if inexact is not None:
        yield ("detection",), f"“{inexact.text}” also fits what nobody has looked at"
    elif _WHO_AND_WHERE.issuperset(test.field for test in tests):
        for provider, event_id in sorted((one.provider or "", one.event_id or 0) for one in selectors):
            ids = _TELLING_BY_TEXT.get(provider.casefold(), frozenset())
            if ids is None or event_id in ids:
                yield ("detection",), f"{provider} {event_id} is logged for anything, harmless or not"
                return


def _positive_tests(condition: Condition, positive: bool = True) -> Iterator[Test]:
    """The tests that are not negated: each can make the condition true."""
    match condition:
        case Test():
            if positive:
                yield condition
        case All(children) | Any(children):
            for child in children:
                yield from _positive_tests(child, positive)
        case Not(child):
            yield from _positive_tests(child, not positive)


def _is_exact(test: Test) -> bool:
    """Whether a test is exact enough that it hardly matches other events."""
    if test.operator is Operator.MATCHES:
        return all(_WHOLE.match(str(pattern)) and not _ANYTHING.search(str(pattern)) for pattern in test.values)
    return test.operator is not Operator.EXISTS and all(
        max(map(len, parts_of(value)[::2])) >= _TELLING
        for value in test.values
        if isinstance(value, str) and plain_text(value) is None
    )


_WHOLE = re.compile(r"(?:\(\?\w+\))?\^.*\$\Z", re.DOTALL)
_ANYTHING = re.compile(r"(?<!\\)\.[*+]")
_TELLING: Final = 8
"""So many characters in a row tell what a text is about."""


SELECTIONS: Final = (
    Lint(
        name="event-id-without-provider",
        reason="Sources share event ids, and the same number of another source is another problem.",
        remedy="add the Provider_Name that logs it, in full",
        find=_event_id_without_provider,
    ),
    Lint(
        name="provider-wildcard",
        reason="A part of a name also fits sources that log the same number for something else.",
        remedy="list the names in full; only the name of an instance may stay open (MSSQL$*)",
        find=_wildcard_in_provider,
    ),
    Lint(
        name="class-of-sources",
        reason="Sources of one class share an id by habit, and nothing says that each of them means the same by it.",
        remedy="test something else of the event, too: a string, its data, a status",
        find=_class_without_second_test,
    ),
    Lint(
        name="event-id-as-text",
        reason="EventID is a number; as text, 01008 would be another one.",
        remedy="leave the quotes off",
        find=_event_id_as_text,
    ),
    Lint(
        name="event-id-too-large",
        reason="An event id has 16 bits; what an article prints above them are severity and facility of the message.",
        remedy="take the lower 16 bits",
        find=_event_id_too_large,
    ),
    Lint(
        name="field-in-other-letters",
        reason="Names of fields are exact: one that differs is looked for in the event's data, and never found.",
        remedy="write it as the log has it",
        find=_field_in_other_letters,
    ),
    Lint(
        name="message-only",
        reason="Only exports carry messages; a log file has the strings that Windows puts into them.",
        remedy="test the strings (Data1, Data2 …), or the named data of the event",
        find=_only_the_message,
    ),
    Lint(
        name="benign-not-exact",
        reason="What is called harmless is not looked at again, so it must not fit anything that is not.",
        remedy="list exact ids and exact strings, or eight characters of a string at least",
        find=_benign_without_exact_list,
    ),
)
"""Lints of what a rule selects."""

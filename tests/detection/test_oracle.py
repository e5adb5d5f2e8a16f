"""Detections select the events that pySigma's SQLite backend selects, but where the documentation says otherwise."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from example_rules import event
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_oracle import selected_by_sqlite, selected_here

from evtscan.api.events import iter_events
from evtscan.base.model.event import Event
from evtscan.detection.model.values import number_of

FIELDS = ("F", "G", "H")

# What text can be without touching a difference that is documented and tested below: no letters beyond ASCII, and
# numbers only as they are written in decimal, without zeros before them.
words = st.text(alphabet="aAbB*?%_\\[]'\"-/ .", max_size=6)
numbers = st.integers(-30, 30)
times = st.sampled_from(
    (
        "2024-02-29T23:59:59Z",
        "2024-03-01T00:00:00.1234567Z",
        "2021-01-04",
        "2023-12-31T12:30:00Z",
        "2022-11-08T06:05:04Z",
    )
)
addresses = st.sampled_from(("10.0.0.1", "10.1.2.3", "192.168.7.9", "172.16.0.1"))
values = st.none() | words.map(lambda word: word.rstrip(" ")) | numbers.map(str) | times | addresses
events = st.fixed_dictionaries(dict.fromkeys(FIELDS, values)).map(
    lambda data: event(data={name: value for name, value in data.items() if value is not None})
)

fields = st.sampled_from(FIELDS)


def lists_of(values: st.SearchStrategy) -> st.SearchStrategy:
    return values | st.lists(values, min_size=1, max_size=3)


def item(modifiers: str, values: st.SearchStrategy) -> st.SearchStrategy:
    return st.tuples(fields.map(lambda name: f"{name}{modifiers}"), values)


def any_item(*choices: tuple[tuple[str, ...], st.SearchStrategy]) -> st.SearchStrategy:
    return st.one_of(item(modifiers, values) for group, values in choices for modifiers in group)


parts_of_words = st.text(alphabet="aAbB*?%_\\[]-/ ", min_size=1, max_size=3)
plain_words = st.text(alphabet="aAbB", min_size=1, max_size=3)
expressions = st.sampled_from(["a", "^a+$", "[ab]{2}", "a.b", "(a|-)b", r"\d", "^$"])
items = any_item(
    (("",), lists_of(words | numbers | numbers.map(str) | st.none())),
    (
        ("|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|startswith|cased"),
        lists_of(parts_of_words),
    ),
    (("|contains|all", "|endswith|all", "|all", "|all|cased"), st.lists(parts_of_words, min_size=1, max_size=3)),
    (("|neq", "|contains|neq", "|cased|neq", "|contains|all|neq"), lists_of(parts_of_words)),
    (
        ("|windash|contains", "|windash|startswith", "|windash|contains|all", "|windash"),
        lists_of(st.sampled_from(["-a", "/b", " -a /b"])),
    ),
    (
        ("|base64", "|base64offset|contains", "|wide|base64offset|contains", "|utf16|base64", "|utf16be|base64"),
        lists_of(plain_words),
    ),
    (("|re", "|re|i", "|re|s", "|re|m", "|re|neq", "|re|all"), lists_of(expressions)),
    (("|exists", "|exists|neq"), st.booleans()),
    (("|fieldref", "|fieldref|startswith", "|fieldref|endswith", "|fieldref|contains", "|fieldref|neq"), fields),
    (("|cidr", "|cidr|neq"), lists_of(st.sampled_from(["10.0.0.0/8", "10.0.0.0/30", "192.168.0.0/16", "10.1.2.3/32"]))),
)
maps = st.lists(items, min_size=1, max_size=3, unique_by=lambda one: one[0]).map(dict)
searched = st.lists(plain_words, min_size=1, max_size=3)
selections = st.one_of(
    maps, st.lists(maps, min_size=1, max_size=2), searched, searched.map(lambda words: {"|all": words})
)
parts_of_conditions = st.sampled_from(
    ("one", "two", "three", "_four", "1 of *", "all of t*", "1 of them", "all of them", "any of t*", "1 of _*")
)
conditions = st.recursive(
    parts_of_conditions,
    lambda parts: st.one_of(
        st.tuples(parts, st.sampled_from((" and ", " or ", " and not ", " or not ")), parts).map("".join),
        parts.map(lambda part: f"({part})"),
        parts_of_conditions.map(lambda part: f"not {part}"),
        parts.map(lambda part: f"not ({part})"),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=100)
@given(st.tuples(selections, selections, selections, selections), conditions, st.lists(events, min_size=1, max_size=8))
def test_the_same_events_are_selected(chosen, condition, logged):
    detection = dict(zip(("one", "two", "three", "_four"), chosen, strict=True)) | {"condition": condition}
    assert selected_here(detection, logged) == selected_by_sqlite(detection, logged, FIELDS)


@settings(deadline=None, max_examples=60)
@given(lists_of(plain_words), st.lists(events, min_size=1, max_size=8))
def test_keywords_stand_anywhere(found, logged):
    detection = {"one": found if isinstance(found, list) else [found], "condition": "one"}
    assert selected_here(detection, logged) == selected_by_sqlite(detection, logged, FIELDS)


numeric = st.fixed_dictionaries(
    {name: st.none() | numbers.map(str) | numbers.map(lambda n: f"{n}.5") for name in FIELDS}
)


@settings(deadline=None, max_examples=60)
@given(
    fields,
    st.sampled_from(["lt", "lte", "gt", "gte"]),
    numbers | numbers.map(lambda number: number + 0.5),
    st.lists(numeric, min_size=1, max_size=8),
)
def test_numbers_have_the_same_order(field, order, number, rows):
    logged = [event(data={name: value for name, value in row.items() if value is not None}) for row in rows]
    detection = {"one": {f"{field}|{order}": number}, "condition": "one"}
    assert selected_here(detection, logged) == selected_by_sqlite(detection, logged, FIELDS)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["minute", "hour", "day", "month", "year"]),
    st.sampled_from(["", "|gte", "|lt"]),
    st.sampled_from([0, 1, 5, 6, 12, 23, 29, 59, 2021, 2024]),
    st.lists(times, min_size=1, max_size=8),
)
def test_parts_of_times_are_the_same(part, order, number, moments):
    logged = [event(data={"F": moment}) for moment in moments]
    detection = {"one": {f"F|{part}{order}": number}, "condition": "one"}
    assert selected_here(detection, logged) == selected_by_sqlite(detection, logged, FIELDS)


# ---------------------------------------------------------------------------------- where they differ, and why

DIFFERENCES = [
    # a number in a rule also fits text that spells it otherwise
    ({"F": 23}, "0x17", True, False),
    ({"F|gte": 23}, "0x17", True, True),  # SQLite: any text is above any number
    # what is no number is neither above nor below one
    ({"F|gt": 5}, "abc", False, True),
    # text against text stays text
    ({"F": "23.0"}, "23", False, True),
    ({"F|startswith": "0"}, "023", True, False),
    ({"F": "1e3"}, "1000", False, True),
    # case is that of Unicode
    ({"F": "STRASSE"}, "straße", True, False),
    ({"F|contains": "ä"}, "Ärger", True, False),
    ({"F|cased": "ä"}, "Ä", False, False),
    # blanks at the end of a value do not count
    ({"F": "NtLmSsp"}, "NtLmSsp ", True, False),
    # a boolean is a word
    ({"F": True}, "TRUE", True, True),
    ({"F": True}, "1", False, True),
    # networks hold addresses, whatever the text looks like
    ({"F|cidr": "10.0.0.0/8"}, "10.not an address", False, True),
    ({"F|cidr": "10.0.0.0/8"}, "::ffff:10.1.2.3", True, False),
    # weeks are those of ISO 8601
    ({"F|week": 53}, "2021-01-03", True, False),
    ({"F|week": 1}, "2024-12-30", True, False),
    # what is no time has no part
    ({"F|year": -4713}, "0", False, True),
    # a field with several values passes if one of them does
    ({"F": "b"}, ["a", "b"], True, False),
    ({"F|contains": "a"}, {"x": ["a"]}, True, True),
]


@pytest.mark.parametrize(("selection", "value", "here", "there"), DIFFERENCES)
def test_a_difference(selection, value, here, there):
    detection = {"one": selection, "condition": "one"}
    row = event(data={"F": value})
    shown = row if isinstance(value, str) else event(data={"F": str(value)})
    assert (selected_here(detection, [row]) == [0]) is here
    assert (selected_by_sqlite(detection, [shown], FIELDS) == [0]) is there


def test_a_source_has_several_names_here():
    detection = {"one": {"Provider_Name": "KDC"}, "condition": "one"}
    logged = [event(provider="Microsoft-Windows-Kerberos-Key-Distribution-Center"), event(provider="KDC")]
    assert selected_here(detection, logged) == [0, 1]
    plain = [event(data={"Provider": one.provider}) for one in logged]
    assert selected_by_sqlite({"one": {"Provider": "KDC"}, "condition": "one"}, plain, ("Provider",)) == [1]


# -------------------------------------------------------------------------------------------------- real events

PER_FILE = 400
FIELDS_PER_FILE = 12


@pytest.mark.corpus
def test_the_same_events_of_real_logs_are_selected(corpus):
    compared = 0
    for path in sorted((corpus / "evtx").rglob("*.evtx")):
        logged = list(islice(_readable(path), PER_FILE))
        columns = _columns(logged)
        for detection in _detections(logged, columns):
            compared += 1
            here, there = selected_here(detection, logged), selected_by_sqlite(detection, logged, [*columns, "EventID"])
            assert here == there, (path.name, detection)
    assert compared > 2000


def _readable(path: Path) -> Iterator[Event]:
    yield from iter_events(path)


def _columns(logged: list[Event]) -> list[str]:
    """Fields whose values are single texts in ASCII everywhere in a file, and no numbers that SQLite would rewrite."""
    names = dict.fromkeys(name for one in logged for name in one.data)
    return [name for name in names if all(_is_plain(one.data.get(name, "")) for one in logged)][:FIELDS_PER_FILE]


def _is_plain(value: object) -> bool:
    if not isinstance(value, str) or not value.isascii() or "\0" in value or len(value) > 500:
        return False
    number = number_of(value)
    return number is None or str(number) == value or value.lower().startswith("0x")


def _detections(logged: list[Event], columns: list[str]) -> Iterator[dict]:
    for name in columns:
        present = list(dict.fromkeys(one.data[name] for one in logged if name in one.data))[:4]
        for value in present:
            literal = value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
            middle = value[1:-1][:12].replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
            yield _selecting({name: literal})
            yield _selecting({f"{name}|contains": middle or "x"})
            yield _selecting({f"{name}|cased": literal.swapcase()})
            yield {"one": {name: literal}, "two": {"EventID": logged[0].event_id}, "condition": "two and not one"}
            if (number := number_of(value)) is not None and str(number) == value:
                yield _selecting({name: number})
        yield _selecting({name: None})
        yield _selecting({f"{name}|exists": True})
        yield _selecting({f"{name}|fieldref": columns[0]})


def _selecting(selection: dict) -> dict:
    return {"one": selection, "condition": "one"}

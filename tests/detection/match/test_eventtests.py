"""One test against one event: what it says, also where the event leaves it open."""

import pytest
from example_rules import event, load_one, match

from evtscan.base.logic import Truth
from evtscan.base.wintypes import Instant, parse_time
from evtscan.detection.match.eventtests import EXPORT_WHOLE, explain_in, say_field, truth_in
from evtscan.detection.model.condition import Operator, Test, TimePart

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
NOON = parse_time("2022-11-08T12:00:00Z")


def local(text):
    return Instant(parse_time(text).ticks, 0, local=True)


def window(*literals, field="TimeCreated"):
    return Test(field=field, values=literals, text="window", operator=Operator.IN_RANGE)


def part(part_, number, operator=Operator.IS, field="TimeCreated"):
    return Test(field=field, values=(number,), text="part", operator=operator, part=part_)


@pytest.mark.parametrize(
    ("data", "unreadable", "expected"),
    [
        ({"Data1": "x", "Data2": "b"}, set(), T),
        ({"Data2": "b"}, set(), F),
        ({"Data2": "b"}, {"Data1"}, U),
        ({"Data1": "x"}, {"Data2"}, T),
        ({"Data2": "b"}, {"Message"}, F),
        ({}, {"Data"}, U),
    ],
)
def test_data_is_open_where_one_of_the_strings_is_missing(data, unreadable, expected):
    test = Test(field="Data", values=("x",), text="Data is x")
    assert truth_in(event(data=data, unreadable=frozenset(unreadable)), test) is expected


@pytest.mark.parametrize(
    ("literals", "time", "expected"),
    [
        ((">=2022-11-08, <2022-12-13",), NOON, T),
        ((">=2022-11-09",), NOON, F),
        (("<2022-11-01", ">=2022-11-08"), NOON, T),
        ((">=2022-11-08",), None, F),
        ((">=2022-11-08",), local("2022-11-08T14:00:00"), T),
        ((">=2022-11-08",), local("2022-11-08T13:59:59"), U),
        ((">=2022-11-08",), local("2022-11-07T10:00:00"), U),
        ((">=2022-11-08",), local("2022-11-07T09:59:59"), F),
        (("=2022-11-08",), local("2022-11-08T12:00:00"), U),
        (("!=2022-11-08",), local("2022-11-20T12:00:00"), T),
        (("<2022-11-08", ">=2022-11-08"), local("2022-11-08T00:00:00"), T),
    ],
)
def test_windows_of_time(literals, time, expected):
    assert truth_in(event(time=time), window(*literals)) is expected


@pytest.mark.parametrize(
    ("test", "time", "expected"),
    [
        (part(TimePart.HOUR, 12), NOON, T),
        (part(TimePart.HOUR, 12), local("2022-11-08T12:00:00"), U),
        (part(TimePart.HOUR, 24, Operator.LESS), local("2022-11-08T12:00:00"), T),
        (part(TimePart.MINUTE, 0), local("2022-11-08T12:00:00"), U),
        (part(TimePart.MINUTE, 7), local("2022-11-08T12:00:00"), F),
        (part(TimePart.YEAR, 2022), local("2022-11-08T12:00:00"), T),
        (part(TimePart.YEAR, 2022), local("2022-12-31T12:00:00"), U),
        (part(TimePart.MONTH, 10), local("2022-11-08T12:00:00"), F),
        (part(TimePart.DAY, 8, field="TimeWritten"), None, F),
    ],
)
def test_parts_of_a_time(test, time, expected):
    assert truth_in(event(time=time), test) is expected


def test_a_time_of_unknown_zone_is_explained():
    logged = event(time=local("2022-11-08T00:00:00"))
    found = explain_in(logged, window(">=2022-11-08"))
    assert (found.truth, found.basis, found.fact, found.locations) == (U, "", "TimeCreated", (logged.location,))
    assert found.says == "TimeCreated is 2022-11-08T00:00:00, the local time of a zone that is not known"
    assert found.how_to_get == "name the zone of the log's times with --source-timezone"


def test_the_time_of_writing_is_a_time_too():
    assert truth_in(event(time_written=NOON), window("=2022-11-08", field="TimeWritten")) is T


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Operator.SAME_AS_FIELD, "A*", T),
        (Operator.SAME_AS_FIELD, "ab", F),
        (Operator.STARTS_WITH_FIELD, "a*b", T),
        (Operator.STARTS_WITH_FIELD, "ba*", F),
        (Operator.ENDS_WITH_FIELD, "ba*", T),
        (Operator.CONTAINS_FIELD, "xA*y", T),
        (Operator.CONTAINS_FIELD, "xay", F),
    ],
)
def test_a_field_compares_with_another(operator, value, expected):
    test = Test(field="F", values=("G",), text="F and G", operator=operator)
    assert truth_in(event(data={"F": value, "G": "a*"}), test) is expected
    assert truth_in(event(data={"F": value}), test) is F
    open_ = event(data={"F": value}, unreadable=frozenset({"G"}))
    assert truth_in(open_, test) is U
    assert explain_in(open_, test).says == "G is not in this evidence, which cannot carry it"


def test_what_cannot_be_carried_says_how_to_get_it():
    found = explain_in(event(unreadable=frozenset({"Data"})), Test(field="Data1", values=("x",), text="Data1 is x"))
    assert (found.truth, found.how_to_get) == (U, EXPORT_WHOLE)
    assert found.says == "Data1 is not in this evidence, which cannot carry it"
    known = explain_in(event(data={"Data1": "x"}), Test(field="Data1", values=("x",), text="Data1 is x"))
    assert (known.truth, known.how_to_get, known.basis) == (T, "", "stated")


def test_fields_in_words():
    logged = event(data={"A": ["x", "y"], "B": "z" * 500}, unreadable=frozenset({"C"}))
    assert say_field(logged, "A") == "A is x and y"
    assert len(say_field(logged, "B")) == len("B is ") + 120
    assert say_field(logged, "C") == "C is not in this evidence, which cannot carry it"
    assert say_field(logged, "D") == "the event has no D"


def test_a_window_in_a_rule(tmp_path):
    rule = load_one(tmp_path, "s: {EventID: 7, TimeCreated: '>=2022-11-08, <2022-12-13'}\ncondition: s")
    events = [
        event(time=NOON),
        event(time=parse_time("2022-12-13")),
        event(time=local("2022-12-13T09:00:00")),
        event(time=local("2022-12-14T09:00:00")),
    ]
    assert [found.truth for found in match([rule], events)] == [T, U]

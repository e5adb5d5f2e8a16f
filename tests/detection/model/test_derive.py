"""Fields that a rule works out of an event."""

import pytest
from example_rules import event, explain, load_one, load_text, match, rule_text
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.wintypes import Instant, parse_time
from evtscan.detection.match.fields import ABSENT, UNREADABLE, field_value
from evtscan.detection.model.derive import Derived, How, with_derived

RAW = "00000000" + "13000040" + "D007" + "6F00" + "6E00" + "0000" + "7800"


def worked_out(how, *of, offset=0, pattern="", **attributes):
    derived = Derived(name="X", how=how, of=of, offset=offset, pattern=pattern)
    return field_value(with_derived(event(**attributes), (derived,)), "X")


@pytest.mark.parametrize(
    ("how", "offset", "expected"),
    [
        (How.DWORD, 4, 0x40000013),
        (How.DWORD, 0, 0),
        (How.WORD, 8, 2000),
        (How.BYTE, 8, 0xD0),
        (How.UTF16, 10, "on"),
        (How.UTF16, 16, "x"),
        (How.UTF16, 14, ""),
        (How.DWORD, 15, ABSENT),
        (How.WORD, 17, ABSENT),
        (How.BYTE, 18, ABSENT),
        (How.UTF16, 18, ABSENT),
    ],
)
def test_what_stands_in_the_raw_data(how, offset, expected):
    assert worked_out(how, "Binary", offset=offset, data={"Binary": RAW}) == expected


@pytest.mark.parametrize("value", ["", "0", "xyz", ["00"], "ZZ"])
def test_what_is_no_raw_data_has_no_number(value):
    assert worked_out(How.BYTE, "Binary", data={"Binary": value}) is ABSENT


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=24), st.integers(0, 30))
def test_numbers_are_little_endian_and_never_read_beyond_the_end(raw, offset):
    for how, width in ((How.DWORD, 4), (How.WORD, 2), (How.BYTE, 1)):
        found = worked_out(how, "Binary", offset=offset, data={"Binary": raw.hex().upper()})
        part = raw[offset : offset + width]
        assert found == (int.from_bytes(part, "little") if len(part) == width else ABSENT)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("97 percent", "97"),
        (["none", "5 percent of 6 percent"], "5"),
        ("percent", ABSENT),
        (" percent", ABSENT),
        ([], ABSENT),
        ("\ud8007 percent", "7"),
    ],
)
def test_a_capture(value, expected):
    assert worked_out(How.CAPTURE, "F", pattern=r"(\d+)? percent", data={"F": value}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("abc", 3), ("", 0), (["a", "bc"], 2), ([], 0), ({"x": 1, "y": 2}, 2), (True, 4)],
)
def test_a_size(value, expected):
    assert worked_out(How.SIZE, "F", data={"F": value}) == expected


def test_the_size_of_raw_data_is_in_bytes():
    assert worked_out(How.SIZE, "Binary", data={"Binary": "00FF"}) == 2


@pytest.mark.parametrize(
    ("how", "values", "expected"),
    [
        (How.DIFFERENCE, ("12", "0x5"), 7),
        (How.DIFFERENCE, ("1.5", "1"), 0.5),
        (How.SUM, ("1", "2", "3"), 6),
        (How.SUM, ("0.5", "0.5"), 1),
        (How.RATIO, ("1", "4"), 0.25),
        (How.RATIO, ("8", "4"), 2),
        (How.RATIO, ("1", "0"), ABSENT),
        (How.RATIO, (str(10**29), "0.1"), 10**30),
        (How.DIFFERENCE, ("2022-11-08T00:00:10Z", "2022-11-08T00:00:00Z"), 10),
        (How.DIFFERENCE, ("2022-11-08T00:00:00.5Z", "2022-11-08T00:00:01Z"), -0.5),
        (How.DIFFERENCE, ("2022-11-08T01:00:00+01:00", "2022-11-08T00:00:00Z"), 0),
        (How.SUM, ("2022-11-08", "2022-11-08"), ABSENT),
        (How.DIFFERENCE, ("2022-11-08", "5"), ABSENT),
        (How.DIFFERENCE, ("x", "5"), ABSENT),
        (How.DIFFERENCE, (["1", "2"], "5"), ABSENT),
    ],
)
def test_arithmetic(how, values, expected):
    data = {f"F{number}": value for number, value in enumerate(values)}
    found = worked_out(how, *data, data=data)
    assert found == pytest.approx(expected) if isinstance(expected, (int, float)) else found is expected


def test_a_number_of_the_rule_stands_for_itself():
    assert worked_out(How.RATIO, "F", 1024, data={"F": "4096"}) == 4
    assert type(worked_out(How.RATIO, "F", 1024, data={"F": "4096"})) is int


def test_times_of_the_event_itself():
    at = parse_time("2022-11-08T00:01:00Z")
    assert worked_out(How.DIFFERENCE, "TimeCreated", "Old", time=at, data={"Old": "2022-11-08"}) == 60
    unknown_zone = Instant(at.ticks, 0, local=True)
    assert worked_out(How.DIFFERENCE, "TimeCreated", "Old", time=unknown_zone, data={"Old": "2022-11-08"}) is UNREADABLE
    assert worked_out(How.DIFFERENCE, "TimeCreated", "TimeWritten", time=unknown_zone, time_written=unknown_zone) == 0
    assert worked_out(How.DIFFERENCE, "TimeCreated", "Old", data={"Old": "2022-11-08"}) is ABSENT


@pytest.mark.parametrize(
    ("how", "of"),
    [(How.DWORD, ("Binary",)), (How.SIZE, ("Binary",)), (How.SUM, ("Binary", "Data1")), (How.CAPTURE, ("Binary",))],
)
def test_what_depends_on_a_field_that_is_absent_or_unreadable_is_too(how, of):
    assert worked_out(how, *of, pattern="(a)", data={"Data1": "1"}) is ABSENT
    assert worked_out(how, *of, pattern="(a)", data={"Data1": "1"}, unreadable=frozenset({"Binary"})) is UNREADABLE
    assert worked_out(how, *of, pattern="(a)", unreadable=frozenset({"Data"})) is UNREADABLE


def test_one_field_may_be_worked_out_of_another():
    first = Derived(name="Percent", how=How.CAPTURE, of=("Data1",), pattern=r"(\d+) percent")
    second = Derived(name="Left", how=How.DIFFERENCE, of=(100, "Percent"))
    logged = with_derived(event(data={"Data1": "97 percent", "Left": "old"}), (first, second))
    assert (field_value(logged, "Percent"), field_value(logged, "Left")) == ("97", 3)
    assert with_derived(event(), ()) is not None
    plain = event()
    assert with_derived(plain, ()) is plain


# ----------------------------------------------------------------------------------------------------- in rules

DETECTION = "s: {EventID: 7, Status: 0xC0000013, Percent|gte: 90}\ncondition: s"
ISSUE = r"""
derive:
    Status: {of: Binary, dword: 0x14}
    Percent: {of: Data2, capture: '(\d+) percent'}
    Step: {difference: [NewTime, OldTime]}
    Length: {size: Data2}
entity: Percent
"""


def test_a_rule_tests_what_it_derives(tmp_path):
    rule = load_one(tmp_path, DETECTION, ISSUE)
    raw = "00" * 20 + "130000C0"
    events = [
        event(data={"Binary": raw, "Data2": "97 percent"}),
        event(data={"Binary": raw, "Data2": "89 percent"}),
        event(data={"Binary": raw[:-2], "Data2": "97 percent"}),
        event(data={"Data2": "97 percent"}, unreadable=frozenset({"Binary"})),
    ]
    found = list(match([rule], events))
    assert [one.truth for one in found] == [Truth.TRUE, Truth.UNKNOWN]
    assert field_value(found[0].event, "Percent") == "97"
    leaf = explain(rule, events[0]).children[1]
    assert (leaf.fact, leaf.says, leaf.truth) == ("Status", "Status is 0xC0000013", Truth.TRUE)


@pytest.mark.parametrize(
    ("derive", "key", "words"),
    [
        ("EventID: {of: Binary, dword: 0}", "EventID", "no field of every event has"),
        ("a b: {of: Binary, dword: 0}", "a b", "must be a word"),
        ("X: {of: Binary}", "X", "exactly one of dword"),
        ("X: {of: Binary, dword: 0, word: 0}", "X", "exactly one of"),
        ("X: {of: Binary, qword: 0}", "X.qword", "no key 'qword'"),
        ("X: {of: Binary, dword: -1}", "X.dword", "offset in bytes"),
        ("X: {of: Binary, dword: 0x10000}", "X.dword", "offset in bytes"),
        ("X: {of: Binary, dword: true}", "X.dword", "offset in bytes"),
        ("X: {dword: 0}", "X.of", "name of a field"),
        ("X: {of: Data1, capture: '('}", "X.capture", "no regular expression"),
        ("X: {of: Data1, capture: 'a+'}", "X.capture", "needs a group"),
        ("X: {difference: [A]}", "X.difference", "list of two fields or numbers"),
        ("X: {difference: [A, B, C]}", "X.difference", "list of two"),
        ("X: {sum: [A]}", "X.sum", "at least two"),
        ("X: {sum: [1, 2]}", "X.sum", "at least two fields"),
        ("X: {ratio: A}", "X.ratio", "list of two"),
        ("X: {ratio: [A, true]}", "X.ratio", "list of two"),
        ("X: {of: A, ratio: [A, B]}", "X.of", "names its fields itself"),
        ("X: {of: A, size: A}", "X.of", "names its fields itself"),
        ("X: 5", "X", "must be a map"),
    ],
)
def test_what_is_wrong_with_an_entry(tmp_path, derive, key, words):
    problems = load_text(tmp_path, rule_text("s: {EventID: 7}\ncondition: s", f"derive: {{{derive}}}")).problems
    assert any(problem.key == f"known_issue.derive.{key}" and words in problem.message for problem in problems)
    assert all(problem.line == 12 for problem in problems)

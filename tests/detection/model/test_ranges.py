"""Comparisons written as text: what they are made of, how they compare, and what they refer to."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.detection.model.condition import Operator, Test
from evtscan.detection.model.modifiers import holds, with_references
from evtscan.detection.model.ranges import (
    Comparison,
    event_fields_in,
    facts_in,
    filled,
    is_range,
    parse_range,
    references_in,
    within,
)


def in_range(*values, field="f") -> Test:
    return Test(field=field, values=values, text=field, operator=Operator.IN_RANGE)


def test_a_range_begins_with_a_comparison():
    assert [is_range(value) for value in (">=5", " <5", "!=5", "=5", "5", "a>5", 5, None)] == [
        *[True] * 4,
        *[False] * 4,
    ]


@pytest.mark.parametrize(
    ("literal", "parts"),
    [
        (" >= 5.0 ,<5.2", [(">=", "5.0"), ("<", "5.2")]),
        (">=2022-11-08T10:00:00Z, <2022-12-13", [(">=", "2022-11-08T10:00:00Z"), ("<", "2022-12-13")]),
        (">{file.a.sys.version}", [(">", "{file.a.sys.version}")]),
        ('="a, \\"b\\" > c", !="x"', [("=", 'a, "b" > c'), ("!=", "x")]),
        (r"={registry.SOFTWARE\A B\C}", [("=", r"{registry.SOFTWARE\A B\C}")]),
    ],
)
def test_a_range_is_split(literal, parts):
    assert [(part.sign, part.operand) for part in parse_range(literal)] == parts


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        (">=five", "'five' in '>=five' is neither a dotted version nor a date (YYYY-MM-DD)"),
        (">=", "'' in '>=' is neither a dotted version nor a date (YYYY-MM-DD)"),
        (">-5", "'-5' in '>-5' is neither a dotted version nor a date (YYYY-MM-DD)"),
        (">=5.0, 6", "'6' in '>=5.0, 6' has no comparison (<, <=, >, >=, =, !=)"),
        (">=5.0,", "'' in '>=5.0,' has no comparison (<, <=, >, >=, =, !=)"),
        ('="a', "'\"a' in '=\"a' is neither a dotted version nor a date (YYYY-MM-DD)"),
        ("<2022-13-01", "'2022-13-01' in '<2022-13-01' is neither a dotted version nor a date (YYYY-MM-DD)"),
        ("={}", "'{}' in '={}' is neither a dotted version nor a date (YYYY-MM-DD)"),
    ],
)
def test_what_is_wrong_with_a_range(literal, message):
    with pytest.raises(ValueError, match=f"{re.escape(message)}$"):
        parse_range(literal)


@pytest.mark.parametrize("literal", [">-5", ">=0x10", "<0.5"])
def test_numbers_that_are_no_versions_stand_where_numbers_may(literal):
    assert len(parse_range(literal, numbers=True)) == 1


@pytest.mark.parametrize(
    ("literal", "value", "expected"),
    [
        ("<2022-11-08", "2022-11-07T23:59:59.9999999Z", True),
        ("<2022-11-08", "2022-11-08T00:00:00Z", False),
        ("<=2022-11-08", "2022-11-08T23:59:59.9999999Z", True),
        ("<=2022-11-08", "2022-11-09", False),
        (">2022-11-08", "2022-11-08T23:59:59Z", False),
        (">2022-11-08", "2022-11-09", True),
        ("=2022-11-08", "2022-11-08T12:00:00Z", True),
        ("!=2022-11-08", "2022-11-08T12:00:00Z", False),
        (">2022-11-08T10:00:00Z", "2022-11-08T10:00:00.0000001Z", True),
        (">2022-11-08T10:00:00Z", "2022-11-08T10:00:00Z", False),
        (">=2022-11-08T10:00:00+02:00", "2022-11-08T08:00:00Z", True),
        (">=2022-11-08", "5.0", False),
    ],
)
def test_days_and_times(literal, value, expected):
    assert within(literal)(value) is expected


@pytest.mark.parametrize(
    ("literal", "value", "numbers", "expected"),
    [
        (">5.9", "5.10", False, True),
        (">5.9", "5.10", True, False),
        (">=0x10", "16", True, True),
        ("<-1", "-5", True, True),
        (">4.0.1381.3", "4.0.1381.10", True, True),
        ("<1", "0.75", True, True),
    ],
)
def test_a_field_of_the_event_compares_as_a_number_where_it_is_one(literal, value, numbers, expected):
    assert within(literal, numbers=numbers)(value) is expected
    assert holds(in_range(literal, field="event.f" if numbers else "f"), value) is expected


# ------------------------------------------------------------------------------------------------ references


def test_what_a_test_needs():
    test = in_range(">{file.a.sys.version}, <={event.Data1}", "={os.build}", field="file.b.sys.version")
    assert references_in(test) == ("file.a.sys.version", "event.Data1", "os.build")
    assert facts_in(test) == ("file.b.sys.version", "file.a.sys.version", "os.build")
    assert event_fields_in(test) == ("Data1",)
    plain = Test(field="event.X", values=("{os.build}",), text="")
    assert (references_in(plain), facts_in(plain), event_fields_in(plain)) == ((), (), ("X",))


@pytest.mark.parametrize(
    ("literal", "other", "value", "expected"),
    [
        (">{x}", "4.0.1381.3", "4.0.1381.5", True),
        (">{x}", "4.0.1381.3", "4.0.1381.3", False),
        (">{x}", "not a version", "4.0", False),
        ("<{x}", "2022-11-08", "2022-11-07", True),
        ("={x}", "NTBOX", "ntbox", True),
        ("={x}", "5.0", "5.0.0", True),
        ("!={x}", "NTBOX", "other", True),
        ("!={x}", "NTBOX", "ntbox", False),
        ("!={x}", "5.0", "foo", True),
        (">=4.0, <{x}", "5.0", "4.5", True),
        (">=4.0, <{x}", "5.0", "3.51", False),
        ("={x}", None, "foo", False),
        ("!={x}", None, "foo", False),
        ("={x}", ["a", "b"], "B", True),
        ("={x}", 1381, 1381, True),
        ("={x}", 'a", >0', 'A", >0', True),
    ],
)
def test_a_value_takes_the_place_of_a_reference(literal, other, value, expected):
    assert holds(with_references(in_range(literal), {"x": other}), value) is expected


def test_every_combination_of_several_references():
    test = with_references(in_range(">{x}, <{y}"), {"x": ["1", "5"], "y": ["3", "9"]})
    assert test.values == ('>"1", <"3"', '>"1", <"9"', '>"5", <"3"', '>"5", <"9"')
    assert [holds(test, value) for value in ("2", "4", "7", "9")] == [True, True, True, False]


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=12))
def test_a_filled_text_stands_for_itself(text):
    (part,) = parse_range(filled("={x}", {"x": text}))
    assert part == Comparison("=", text, filled=True)
    assert filled(filled("={x}", {"x": text}), {}) == filled("={x}", {"x": text})
    assert within(filled("={x}", {"x": text}))(text)

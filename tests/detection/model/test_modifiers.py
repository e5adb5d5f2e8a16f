"""What tests say of values, and of bounds instead of values."""

import re
from fnmatch import translate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.base.logic import Truth
from evtscan.base.model.fact import Bound
from evtscan.detection.model.condition import Operator, Test, TimePart
from evtscan.detection.model.modifiers import (
    check,
    compiled,
    critical_values,
    escaped,
    holds,
    holds_up_to,
    holds_within,
    parts_of,
    plain_text,
    with_field_value,
)


def comparing(*values, operator=Operator.IS, cased=False) -> Test:
    return Test(field="f", values=values, text="f", operator=operator, cased=cased)


@pytest.mark.parametrize(
    ("literal", "value", "expected"),
    [
        ("Dhcp", "DHCP", True),
        ("Dhcp", "DhcpServer", False),
        ("straße", "STRASSE", True),
        ("*.exe", r"C:\x\A.EXE", True),
        ("svc*", "SvcHost", True),
        ("*err*", "An ERROR", True),
        ("a*c?e", "aXYcDe", True),
        ("a*c?e", "ace", False),
        ("a*b*c", "line\none b\nc", False),
        ("*one*c", "line\none b\nc", True),
        ("?", "ab", False),
        ("*", "", True),
        (r"\*", "*", True),
        (r"\*", "x", False),
        (r"C:\temp", r"c:\TEMP", True),
        (r"C:\\temp", r"C:\temp", True),
        (r"\\\\host\*", r"\\host*", True),
        (r"\\\\host\\*", r"\\host\share", True),
        ("", "", True),
        ("", "x", False),
        ("1008", 1008, True),
        ("true", True, True),
        (1008, "1008", True),
        (1008, "01008", True),
        (0x17, "0x17", True),
        (23, "0X17", True),
        (4, "4.0", True),
        (5.5, "5.50", True),
        (1, True, False),
        (1, "one", False),
        ("05", "5", False),
        (True, True, True),
        (True, "True", True),
        (True, 1, False),
        (False, "true", False),
        ("x", None, False),
        (None, None, True),
        (None, "x", False),
        (None, "", False),
        ("NtLmSsp", "NtLmSsp ", True),  # as in every Security 4624
        ("NtLmSsp", "NtLmSsp x", False),
        ("NtLmSsp ", "NtLmSsp", False),
        ("NtLmSsp", " NtLmSsp", False),
        ("NtLmSsp", "NtLmSsp\t", False),
        ("a*p", "ap ", False),
    ],
)
def test_values_compare_as_sigma_says(literal, value, expected):
    assert holds(comparing(literal), value) is expected


def test_case_counts_where_the_rule_says_so():
    assert holds(comparing("Dhcp*", cased=True), "DhcpServer")
    assert not holds(comparing("Dhcp*", cased=True), "DHCPServer")
    assert not holds(comparing("NtLmSsp", cased=True), "NtLmSsp ")
    assert not holds(comparing("a?c*e*", cased=True), "abcdE")


def test_several_literals_and_several_values_are_alternatives():
    assert holds(comparing(7, 9), "9")
    assert not holds(comparing(7, 9), "8")
    assert holds(comparing("b"), ["a", "b"])
    assert holds(comparing("b"), {"x": ["a", {"y": "b"}]})
    assert holds(comparing("Q246009"), ("Q123456", "Q246009"))
    assert not holds(comparing("c"), ["a", "b"])
    assert holds(comparing("x", None), [])


def test_exists_asks_for_the_value_only():
    yes, no = (comparing(expected, operator=Operator.EXISTS) for expected in (True, False))
    assert [holds(yes, value) for value in ("", 0, False, None, [])] == [True, True, True, False, False]
    assert [holds(no, value) for value in ("", None)] == [False, True]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        (Operator.LESS, "9", True),
        (Operator.LESS, "10", False),
        (Operator.AT_MOST, 10, True),
        (Operator.MORE, "0xb", True),
        (Operator.MORE, "10", False),
        (Operator.AT_LEAST, "10.0", True),
        (Operator.AT_LEAST, "ten", False),
        (Operator.LESS, None, False),
    ],
)
def test_numbers_have_an_order(operator, value, expected):
    assert holds(comparing(10, operator=operator), value) is expected


@pytest.mark.parametrize(
    ("network", "value", "expected"),
    [
        ("10.0.0.0/8", "10.255.1.2", True),
        ("10.0.0.0/8", "::ffff:10.1.2.3", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "ten", False),
        ("fe80::/10", "fe80::1", True),
        ("fe80::/10", "10.0.0.1", False),
    ],
)
def test_addresses_lie_in_networks(network, value, expected):
    assert holds(comparing(network, operator=Operator.IN_NETWORK), value) is expected


def test_expressions_search_and_take_linear_time():
    assert holds(comparing(r"\d{3}", operator=Operator.MATCHES), "error 127")
    assert not holds(comparing("Error", operator=Operator.MATCHES), "error")
    assert holds(comparing("(?i)Error", operator=Operator.MATCHES), "error")
    assert not holds(comparing("(a*)*b", operator=Operator.MATCHES), "a" * 100_000)
    assert not holds(comparing("*".join("a" * 30) + "*b"), "a" * 20_000)


def test_damaged_text_is_searched_too():
    assert holds(comparing("a.b", operator=Operator.MATCHES), "a\ud800b")
    assert holds(comparing("a?*b"), "a\ud800b")
    assert holds(comparing("*\0*"), "x\0y")


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (comparing("(a", operator=Operator.MATCHES), "missing )"),
        (comparing("10.0.0.1/8", operator=Operator.IN_NETWORK), "host bits"),
        (comparing(">=five", operator=Operator.IN_RANGE), "'five' in '>=five' is neither"),
        (comparing(">=5.0, 6", operator=Operator.IN_RANGE), "'6' in '>=5.0, 6' has no comparison"),
    ],
)
def test_what_is_wrong_with_a_value_shows_early(test, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check(test)


def test_errors_of_expressions_say_why_and_stay_off_the_terminal(capfd):
    with pytest.raises(ValueError, match="missing"):
        compiled("(x")
    assert capfd.readouterr() == ("", "")


def test_a_field_compares_with_another_as_plain_text():
    test = Test(field="a", values=("b",), text="a is the same as b", operator=Operator.SAME_AS_FIELD)
    assert holds(with_field_value(test, "x*"), "X*")
    assert not holds(with_field_value(test, "x*"), "xy")
    assert holds(with_field_value(test, ["p", "q"]), "q")
    assert not holds(with_field_value(test, None), "q")


# ------------------------------------------------------------------------------------------------------ text

texts = st.text(alphabet="ab\\*?.[(", max_size=8)


@settings(deadline=None, max_examples=100)
@given(texts)
def test_an_escaped_text_stands_for_itself_only(text):
    assert plain_text(escaped(text)) == text


@settings(deadline=None, max_examples=100)
@given(texts)
def test_patterns_split_as_pysigma_splits_them(pattern):
    from sigma.types import SigmaString

    ours = [part for part in parts_of(pattern) if part]
    theirs = [part if isinstance(part, str) else None for part in SigmaString(pattern).s]
    wildcards = [None if place % 2 else part for place, part in enumerate(parts_of(pattern))]
    assert [part for part in wildcards if part != ""] == theirs
    assert len(ours) == len(theirs)


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="ab\n", max_size=6))
def test_wildcards_mean_what_they_mean_in_file_names(pattern, text):
    assert holds(comparing(pattern), text) is (re.match(translate(pattern), text) is not None)


# ----------------------------------------------------------------------------------------------------- ranges


@pytest.mark.parametrize(
    ("literal", "value", "expected"),
    [
        (">=5.0, <5.0.2195", "5.0", True),
        (">=5.0, <5.0.2195", "5.0.2194.99", True),
        (">=5.0, <5.0.2195", "5.0.2195", False),
        (">=5.0", "4.99", False),
        (">=5.9", "5.10", True),
        ("=4.0", "4", True),
        ("!=4.0", "4.0.0", False),
        ("<3", 2, True),
        (">=3", 3, True),
        ("<1997-05-01", "1997-04-30", True),
        ("<1997-05-01", "1997-05-01T09:00:00Z", False),
        (">=1997-05-01", "1997-05-01T09:00:00Z", True),
        ("<1997-05-01", "30.04.1997", False),
        (">=5.0", "unknown", False),
        ("!=5.0", "unknown", False),
    ],
)
def test_ranges_order_versions_and_dates(literal, value, expected):
    assert holds(comparing(literal, operator=Operator.IN_RANGE), value) is expected


# ----------------------------------------------------------------------------------------------------- bounds

integers = st.integers(-20, 20)
orders = st.sampled_from([Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST])
signs = st.sampled_from(["<", "<=", ">", ">=", "=", "!="])
integer_tests = st.one_of(
    st.lists(integers, min_size=1, max_size=3).map(lambda found: comparing(*found)),
    st.lists(integers.map(str), min_size=1, max_size=3).map(lambda found: comparing(*found)),
    st.builds(lambda number, order: comparing(number, operator=order), integers, orders),
    st.builds(lambda number, order: comparing(number + 0.5, operator=order), integers, orders),
    st.builds(
        lambda one, low, other, high: comparing(f"{one}{low}, {other}{high}", operator=Operator.IN_RANGE),
        signs,
        st.integers(0, 20),
        signs,
        st.integers(0, 20),
    ),
    st.builds(
        lambda sign, number: comparing(f"{sign}{number}.5", operator=Operator.IN_RANGE), signs, st.integers(0, 20)
    ),
    st.booleans().map(lambda expected: comparing(expected, operator=Operator.EXISTS)),
    st.just(comparing(True)),
    st.just(comparing(None)),
)


@settings(deadline=None, max_examples=100)
@given(integer_tests, st.none() | st.integers(0, 25), st.none() | st.integers(0, 25))
def test_a_bound_decides_as_all_of_its_values_do(test, low, high):
    if low is not None and high is not None and low > high:
        low, high = high, low
    values = range(-200 if low is None else low, (300 if high is None else high) + 1)
    answers = {holds(test, value) for value in values if low is not None or value >= -100}
    expected = Truth.UNKNOWN if len(answers) > 1 else Truth.TRUE if True in answers else Truth.FALSE
    if low is None and test.operator is Operator.IN_RANGE:
        return  # versions have no negative numbers
    assert holds_within(test, Bound(low, high)) is expected


def test_a_part_of_a_time_is_no_number_of_its_own():
    assert critical_values(Test(field="f", values=(1,), text="f", part=TimePart.DAY)) is None


def test_a_bound_that_is_too_wide_to_try_leaves_patterns_open():
    pattern = comparing("1*")
    assert critical_values(pattern) is None
    assert holds_within(pattern, Bound(low=4)) is Truth.UNKNOWN
    assert holds_within(pattern, Bound(low=2, high=9)) is Truth.FALSE
    assert holds_within(pattern, Bound(low=10, high=19)) is Truth.TRUE


def test_the_bounds_of_a_service_pack():
    two = comparing(2)
    assert critical_values(two) == (1, 2, 3)
    assert holds_within(two, Bound(low=4)) is Truth.FALSE
    assert holds_within(two, Bound(low=0, high=3)) is Truth.UNKNOWN
    assert holds_within(comparing(">=3", operator=Operator.IN_RANGE), Bound(low=4)) is Truth.TRUE


@pytest.mark.parametrize(
    ("test", "upper", "expected"),
    [
        (comparing("4.0"), "3.51", Truth.FALSE),
        (comparing("4.0"), "4.0", Truth.UNKNOWN),
        (comparing("4.0"), "5.0", Truth.UNKNOWN),
        (comparing("<5.0", operator=Operator.IN_RANGE), "4.0", Truth.TRUE),
        (comparing("<=5.0", operator=Operator.IN_RANGE), "5.0", Truth.TRUE),
        (comparing("<5.0", operator=Operator.IN_RANGE), "5.0", Truth.UNKNOWN),
        (comparing(">=5.0, <5.2", operator=Operator.IN_RANGE), "4.0", Truth.FALSE),
        (comparing(">=5.0, <5.2", operator=Operator.IN_RANGE), "6.1", Truth.UNKNOWN),
        (comparing(">4.0, <5.0", operator=Operator.IN_RANGE), "5.0", Truth.UNKNOWN),
        (comparing("!=4.0", operator=Operator.IN_RANGE), "5.0", Truth.UNKNOWN),
        (comparing("4.*"), "3.51", Truth.UNKNOWN),
        (comparing("<1997-05-01", operator=Operator.IN_RANGE), "4.0", Truth.UNKNOWN),
        (comparing(">=1997-05-01", operator=Operator.IN_RANGE), "1997-04-30", Truth.FALSE),
        (comparing("<1997-05-01", operator=Operator.IN_RANGE), "1997-04-30", Truth.TRUE),
        (comparing("<1997-05-01", operator=Operator.IN_RANGE), "1997-05-01", Truth.UNKNOWN),
        (comparing("=1997-05-01", operator=Operator.IN_RANGE), "1997-04-30", Truth.FALSE),
        (comparing("=1997-05-01", operator=Operator.IN_RANGE), "1997-05-02", Truth.UNKNOWN),
        (comparing(">=5.0", operator=Operator.IN_RANGE), "1997-05-02", Truth.UNKNOWN),
        (Test(field="f", values=(1997,), text="f", part=TimePart.YEAR), "1996-05-01", Truth.UNKNOWN),
        (comparing("4.0"), "four", Truth.UNKNOWN),
        (comparing("4", operator=Operator.MATCHES), "3.51", Truth.UNKNOWN),
    ],
)
def test_an_upper_version_decides_where_every_version_up_to_it_agrees(test, upper, expected):
    assert holds_up_to(test, upper) is expected

"""The engine answers as the definition of a test does: ``truth_of`` with ``truth_in``, rule by rule."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from example_rules import event
from hypothesis import given, settings
from hypothesis import strategies as st

from evtscan.api.events import iter_events
from evtscan.base.logic import Truth
from evtscan.base.model.rule import RuleInfo
from evtscan.base.wintypes import Instant
from evtscan.detection.load import catalogue
from evtscan.detection.load.loader import load_rules
from evtscan.detection.match.engine import Engine
from evtscan.detection.match.eventtests import truth_in
from evtscan.detection.model.condition import (
    FIELD_OPERATORS,
    All,
    Any,
    Not,
    Operator,
    Test,
    TimePart,
    Unobservable,
    truth_of,
)
from evtscan.detection.model.derive import Derived, How, with_derived
from evtscan.detection.model.rule import KnownIssue, Logsource, Rule
from evtscan.facts.catalogue.names import is_known

FIELDS = ("A", "B", "SourceName", "Data", "Data1", "Level", "Computer", "Message", "UserID", "Nested")

# Few letters, so that literals are found in values; among them are some that fold to two letters, or to ASCII, lone
# surrogates, what patterns and expressions give a meaning, and blanks.
letters = st.sampled_from(
    [*"abABkKsS\u212a\u017f\u0130\u00df\u00e9\ud800?*\\ .1\n", "ss", "\\", "abc", "ABCD", "cmd.exe"]
)
words = st.lists(letters, max_size=6).map("".join)
numbers = st.integers(-3, 20)
texts = (
    words | numbers.map(str) | numbers.map(lambda number: hex(abs(number))) | st.sampled_from(["true", "False", "1.0"])
)
addresses = st.sampled_from(["10.0.0.1", "::ffff:10.1.2.3", " 192.168.7.9 ", "fe80::1", "10.0.0.256"])
scalars = texts | addresses | numbers | st.booleans() | st.just(10**40) | st.just(1e20)
values = st.recursive(
    texts | addresses,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Nested", "A"]), inner, max_size=2),
    max_leaves=4,
)

expressions = st.sampled_from(
    [
        r"abc",
        r"(?i)abc",
        r"(?i:K)ss",
        r"(abc|cmd)\.exe",
        r"ab?c+",
        r"^a.*c$",
        r"\x61bc",
        r"[ab]{2}",
        r"a{0}bcd",
        r"",
        r"(?i)k{3}",
        r"cmd\.exe|",
        r"\?abc",
        r"(?s)a.b",
        r"(a|b)(?:cd)+",
        r"[^]]abc",
        r"ABCD?",
        r"\babc\b",
        r"a{2,}cmd",
    ]
)


def comparing(operator: Operator, literals, **more):
    return st.builds(
        lambda field, values, cased: Test(
            field=field, values=tuple(values), text="t", operator=operator, cased=cased, part=more.get("part")
        ),
        st.sampled_from(more.get("fields", (*FIELDS, ""))),
        st.lists(literals, min_size=1, max_size=3),
        st.booleans(),
    )


patterns = st.one_of(
    words,
    words.map("{}*".format),
    words.map("*{}".format),
    words.map("*{}*".format),
    st.tuples(words, words).map("*".join),
)
patterns = patterns.map(lambda pattern: pattern.replace("\ud800", "z"))  # a rule file cannot contain lone surrogates
orders = st.sampled_from([Operator.LESS, Operator.AT_MOST, Operator.MORE, Operator.AT_LEAST])
conditions = st.recursive(
    st.one_of(
        comparing(Operator.IS, patterns),
        comparing(Operator.IS, patterns | numbers | st.booleans() | st.none() | st.just(1.5)),
        comparing(Operator.MATCHES, expressions),
        comparing(Operator.IN_NETWORK, st.sampled_from(["10.0.0.0/8", "192.168.0.0/16", "fe80::/10"]), fields=FIELDS),
        st.booleans().map(lambda wanted: Test(field="A", values=(wanted,), text="t", operator=Operator.EXISTS)),
        orders.flatmap(lambda order: comparing(order, numbers, fields=FIELDS)),
        st.sampled_from(sorted(FIELD_OPERATORS, key=str)).flatmap(
            lambda operator: st.sampled_from(FIELDS).map(
                lambda other: Test(field="A", values=(other,), text="t", operator=operator)
            )
        ),
        comparing(Operator.IS, numbers, part=TimePart.HOUR, fields=("A", "TimeCreated")),
        comparing(Operator.IN_RANGE, st.just(">=2022-11-08, <2022-12-13"), fields=("TimeCreated",)),
        comparing(Operator.IS, st.sampled_from([7, 9]), fields=("EventID",)),
        comparing(Operator.IS, st.sampled_from(["Disk", "di*"]), fields=("Provider_Name",)),
        comparing(Operator.IS, st.sampled_from(["System", "*cur*"]), fields=("Channel",)),
        st.just(Unobservable("x")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: Any(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=8,
)

events = st.builds(
    lambda data, event_id, **attributes: event(event_id, data=data, **attributes),
    st.dictionaries(st.sampled_from(["A", "B", "Source Name", "Data", "Data1", "Data2", "UserID", "Level"]), values)
    | st.dictionaries(st.sampled_from(["A", "B", "Source Name", "Data1", "Data2"]), texts | addresses),
    st.sampled_from([7, 9]),
    provider=st.sampled_from(["Disk", "disk", "Other"]),
    event_source_name=st.none() | st.just("Disk"),
    channel=st.sampled_from(["System", "Security", None]),
    level=st.none() | numbers,
    computer=st.none() | words,
    message=st.none() | words,
    time=st.sampled_from([None, Instant(133_000_000_000_000_000), Instant(133_000_000_000_000_000, local=True)]),
    unreadable=st.frozensets(st.sampled_from([*FIELDS, "Channel"]), max_size=2) | st.just(frozenset()),
)
derived = st.sampled_from([(), (), (Derived(name="A", how=How.SIZE, of=("B",)),)])


def defined(rule: Rule, one) -> Truth:
    """The truth of a rule's detection, test by test."""
    selection = rule.selection
    condition = selection.condition if selection.logsource.fits(one.channel) else selection.elsewhere
    seen = with_derived(one, rule.derived)
    return Truth.FALSE if condition is None else truth_of(condition, lambda test: truth_in(seen, test))


def rules_of(parts) -> list[Rule]:
    return [
        Rule(
            info=RuleInfo(id=str(number), title="t", level="low"),
            detection=condition,
            logsource=Logsource(channels=channels),
            known_issue=KnownIssue(when=All(()), derive=derive) if derive else None,
        )
        for number, (condition, channels, derive) in enumerate(parts)
    ]


def assert_equals_definition(rules, found_events) -> int:
    engine, count = Engine(rules), 0
    for one in found_events:
        expected = [(rule.info.id, truth) for rule in rules if (truth := defined(rule, one)) is not Truth.FALSE]
        for _ in range(2):  # the second time, values are known
            assert [(match.rule.info.id, match.truth) for match in engine.match(one)] == expected
        assert engine.may_match(one) is bool(expected)
        count += len(expected)
    return count


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.tuples(conditions, st.sampled_from([(), ("System",)]), derived), min_size=1, max_size=8).map(rules_of),
    st.lists(events, min_size=1, max_size=6),
)
def test_random_rules_over_random_events(rules, found_events):
    assert_equals_definition(rules, found_events)


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        comparing(Operator.IS, patterns, fields=("A",)) | comparing(Operator.MATCHES, expressions, fields=("A",)),
        min_size=1,
        max_size=30,
    ),
    st.lists(words, min_size=1, max_size=10),
)
def test_many_tests_of_one_field(tests, found_words):
    rules = rules_of([(test, (), ()) for test in tests])
    assert_equals_definition(rules, [event(data={"A": word}) for word in found_words])


@pytest.mark.parametrize("window", [4, 7, 64])
def test_long_values_are_searched_in_windows(monkeypatch, window):
    monkeypatch.setattr("evtscan.detection.match.fieldtests.WINDOW", window)
    patterns = [
        "*needle*",
        "abc*",
        "*xyz",
        "*needlexyz",
        "abcneedle*",
        "*dle*xyz",
        "needle",
        "*nee?le*",
        "*longliteral*",
    ]
    tests = [Test(field="A", values=(pattern,), text="") for pattern in patterns]
    values = [
        f"{before}{'-' * pad}{middle}{'-' * (9 - pad)}{after}"
        for before in ("abc", "")
        for middle in ("needle", "NEEDLE", "needl", "longliteral")
        for after in ("xyz", "")
        for pad in range(10)
    ]
    found = [event(data={"A": value}) for value in [*values, "needle", "abcneedlexyz", ""]]
    assert assert_equals_definition(rules_of([(test, (), ()) for test in tests]), found) > 200


@pytest.fixture(scope="module")
def made_up_rules(tmp_path_factory):
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    try:
        import sigma_rules
    finally:
        sys.path.pop(0)
    folder = sigma_rules.write_rules(tmp_path_factory.mktemp("rules"), 150)
    loaded = load_rules([folder], fact_known=is_known)
    assert loaded.problems == ()
    records = [
        *(("Microsoft-Windows-Sysmon", 1, data) for data in sigma_rules.process_creation_fields(60)),
        *(("Microsoft-Windows-Sysmon", 7, data) for data in sigma_rules.image_load_fields(60)),
    ]
    return loaded.rules, [
        event(number, provider, data=data, channel=sigma_rules.SYSMON_CHANNEL) for provider, number, data in records
    ]


def test_made_up_sigma_rules(made_up_rules):
    rules, found_events = made_up_rules
    assert assert_equals_definition(rules, found_events) > 10


def test_every_rule_and_every_event_of_the_corpus(corpus, made_up_rules):
    rules = [*load_rules([catalogue.folder()], fact_known=is_known).rules, *made_up_rules[0]]
    rules = [rule for rule in rules if rule.correlation is None and not rule.silent]
    engine, seen, count = Engine(rules), Counter(), 0
    for path in sorted((corpus / "evtx").glob("*.evtx")) + sorted((corpus / "evt").rglob("*.[eE][vV][tT]")):
        for one in iter_events(path):
            kind = (path, one.provider, one.event_id)
            seen[kind] += 1
            if seen[kind] > 3:  # the definition takes milliseconds for an event: a few of each kind are enough
                continue
            expected = [(rule.info.id, truth) for rule in rules if (truth := defined(rule, one)) is not Truth.FALSE]
            assert [(match.rule.info.id, match.truth) for match in engine.match(one)] == expected
            count += len(expected)
    assert count > 30

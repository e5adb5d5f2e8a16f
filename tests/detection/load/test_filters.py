"""Sigma filters narrow down the rules that they name; aggregations of older rules become correlations."""

import pytest
from example_rules import event, load_text, match, rule_text

from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.match.engine import detect
from evtscan.detection.model.rule import Comparison, CorrelationType

ONE = rule_text("s: {EventID: 7}\ncondition: s") + "\nname: one"
TWO = rule_text("s: {EventID: 7}\ncondition: s", number=2) + "\nname: two"


def filter_text(rules: str, logsource: str = "{product: windows, service: system}") -> str:
    return f"""\
title: Known accounts
logsource: {logsource}
filter:
    rules: {rules}
    known: {{User|startswith: adm_}}
    condition: not 1 of known*
"""


def matched(loaded) -> dict[str, list[str]]:
    events = [event(data={"User": user}, sequence=number) for number, user in enumerate(("adm_x", "y"), 1)]
    names = {rule.info.id: rule.name for rule in loaded.rules}
    found: dict[str, list[str]] = {}
    for one in match(loaded.rules, events):
        found.setdefault(names[one.rule.info.id], []).append(one.event.data["User"])
    return found


BOTH = ["adm_x", "y"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], {"one": BOTH, "two": BOTH}),
        ([filter_text("[one]")], {"one": ["y"], "two": BOTH}),
        ([filter_text("two")], {"one": BOTH, "two": ["y"]}),
        ([filter_text("any")], {"one": ["y"], "two": ["y"]}),
        ([filter_text("[]")], {"one": ["y"], "two": ["y"]}),
        ([filter_text("any", "{product: windows}")], {"one": ["y"], "two": ["y"]}),
        ([filter_text("any", "{product: windows, service: security}")], {"one": BOTH, "two": BOTH}),
        ([filter_text("any", "{product: windows, category: process_creation}")], {"one": BOTH, "two": BOTH}),
        ([filter_text("[one]"), filter_text("[two]")], {"one": ["y"], "two": ["y"]}),
        ([filter_text("[nobody]")], {"one": BOTH, "two": BOTH}),
    ],
)
def test_filters_narrow_down_the_rules_that_they_name(tmp_path, filters, expected):
    loaded = load_text(tmp_path, "\n---\n".join([ONE, *filters, TWO]))
    assert loaded.problems == ()
    assert matched(loaded) == expected


def test_a_rule_is_named_by_its_id(tmp_path):
    loaded = load_text(tmp_path, f"{ONE}\n---\n{TWO}")
    (first, _) = loaded.rules
    loaded = load_text(tmp_path, f"{ONE}\n---\n{TWO}\n---\n{filter_text(first.info.id.upper())}")
    assert matched(loaded) == {"one": ["y"], "two": BOTH}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (filter_text("any").replace("    rules: any\n", ""), "filter.rules"),
        (filter_text("any").replace("    condition: not 1 of known*\n", ""), "filter.condition"),
        (filter_text("any").replace("1 of known*", "other"), "filter.condition"),
        (filter_text("any").replace("User|startswith", "User|starts"), "filter.known.User|starts"),
        (filter_text("any").replace("logsource: {product: windows, service: system}\n", ""), "logsource"),
    ],
)
def test_a_filter_with_problems_is_refused(tmp_path, text, key):
    loaded = load_text(tmp_path, f"{ONE}\n---\n{text}")
    assert [problem.key for problem in loaded.problems] == [key]
    assert matched(loaded) == {"one": BOTH}


@pytest.mark.parametrize(
    ("condition", "kind", "fields", "group", "comparison"),
    [
        ("s | count() > 3", CorrelationType.EVENT_COUNT, (), (), Comparison.MORE),
        ("s |count() by User >= 3", CorrelationType.EVENT_COUNT, (), ("User",), Comparison.AT_LEAST),
        (
            "s | count(Host) by User, Computer < 3",
            CorrelationType.VALUE_COUNT,
            ("Host",),
            ("User", "Computer"),
            Comparison.LESS,
        ),
        ("s | COUNT( Host )=3", CorrelationType.VALUE_COUNT, ("Host",), (), Comparison.EQUAL),
    ],
)
def test_aggregations_become_correlations(tmp_path, condition, kind, fields, group, comparison):
    loaded = load_text(tmp_path, rule_text(f"s: {{EventID: 7}}\ntimeframe: 5m\ncondition: '{condition}'"))
    assert loaded.problems == ()
    assert [problem.key for problem in loaded.warnings] == ["detection.condition"]
    whole, counted = loaded.rules
    correlation = whole.correlation
    assert (correlation.type, correlation.fields, correlation.group_by) == (kind, fields, group)
    assert (correlation.threshold.comparison, correlation.threshold.number) == (comparison, 3)
    assert correlation.timespan == 300 * TICKS_PER_SECOND
    assert (counted.silent, whole.silent) == (True, False)
    found = detect(loaded.rules, [event(7), event(8), event(7)])
    assert {name: len(matches) for name, matches in found.matches.items()} == {counted.info.id: 2}

# ruff: noqa: E501 - tables read best with one case on a line
"""Correlation documents: what is read of them, how rules are found that they name, and what is wrong with them."""

import pytest
from example_rules import event, load_text, rule_text

from evtscan.base.model.query import Selector
from evtscan.base.wintypes import TICKS_PER_SECOND
from evtscan.detection.load.loader import load_rules
from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Any, Not, Operator, Test
from evtscan.detection.model.rule import Comparison, CorrelationType, Threshold

CORRELATION = """
title: A correlation
id: 00000000-0000-4000-8000-00000000000{number}
name: {name}
status: test
level: high
correlation: {correlation}
{more}
"""


def base(name, event_id, number, more=""):
    return rule_text(f"s: {{Provider_Name: P, EventID: {event_id}}}\ncondition: s", more, number).replace(
        "status:", f"name: {name}\nstatus:"
    )


TWO = f"{base('one', 1, 1)}\n---\n{base('two', 2, 2)}"


def document(correlation, number=9, name="both", more=""):
    return CORRELATION.format(correlation=correlation, number=number, name=name, more=more)


def loaded(tmp_path, correlation, more="", bases=TWO):
    return load_text(tmp_path, f"{bases}\n---\n{document(correlation, more=more)}")


def read(tmp_path, correlation, more=""):
    found = loaded(tmp_path, correlation, more)
    assert found.problems == ()
    return found.rules[-1]


def test_a_correlation_holds_the_rules_that_it_names(tmp_path):
    rule = read(tmp_path, "{type: temporal, rules: [two, one], timespan: 5m, group-by: [User, Host]}")
    asked = rule.correlation
    assert (rule.info.title, rule.info.level, rule.name) == ("A correlation", "high", "both")
    assert (asked.type, asked.references, asked.group_by) == (
        CorrelationType.TEMPORAL,
        ("two", "one"),
        ("User", "Host"),
    )
    assert (asked.timespan, asked.generate) == (300 * TICKS_PER_SECOND, False)
    assert asked.threshold == Threshold(comparison=Comparison.AT_LEAST, number=2)
    assert [member.name for member in asked.members] == ["two", "one"]
    assert rule.query().selectors == {Selector("System", "P", 1), Selector("System", "P", 2)}
    assert [base.name for base in rule.bases()] == ["two", "one"]


def test_rules_are_named_by_id_too(tmp_path):
    rule = read(
        tmp_path,
        "{type: event_count, rules: 00000000-0000-4000-8000-000000000002, timespan: 1h, condition: {lt: 3}}",
    )
    assert [member.name for member in rule.correlation.members] == ["two"]
    assert rule.correlation.threshold == Threshold(comparison=Comparison.LESS, number=3)


def test_a_range_has_two_limits(tmp_path):
    rule = read(tmp_path, "{type: event_count, rules: [one], timespan: 1h, condition: {gt: 3, lte: 5}}")
    upper = Threshold(comparison=Comparison.AT_MOST, number=5)
    assert rule.correlation.threshold == Threshold(comparison=Comparison.MORE, number=3, also=upper)
    assert [number for number in range(8) if rule.correlation.threshold.met_by(number)] == [4, 5]


def test_values_that_are_counted_and_aliases(tmp_path):
    rule = read(
        tmp_path,
        "{type: value_count, rules: [one, two], timespan: 1h, group-by: [ip], condition: {field: [User], gte: 3}, "
        "aliases: {ip: {one: Source, two: Address}}}",
    )
    assert rule.correlation.fields == ("User",)
    assert rule.correlation.aliases == {"ip": {"one": "Source", "two": "Address"}}


def test_an_extended_condition_names_the_rules_itself(tmp_path):
    rule = read(tmp_path, "{type: temporal, timespan: 1h, condition: 'two and not one or one'}")

    def named(name):
        return Test(field=name, values=(True,), text=f"{name} matched", operator=Operator.EXISTS)

    assert rule.correlation.references == ("two", "one")
    assert rule.correlation.threshold is None
    assert rule.correlation.condition == Any((All((named("two"), Not(named("one")))), named("one")))


def test_rules_that_serve_a_correlation_are_silent_unless_it_generates(tmp_path):
    quiet = loaded(tmp_path, "{type: temporal, rules: [one], timespan: 1h}")
    assert [rule.silent for rule in quiet.rules] == [True, False, False]
    generating = loaded(tmp_path, "{type: temporal, rules: [one], timespan: 1h, generate: true}")
    assert [rule.silent for rule in generating.rules] == [False, False, False]
    both = document("{type: temporal, rules: [one], timespan: 1h, generate: true}", 8, "other")
    text = f"{TWO}\n---\n{document('{type: temporal, rules: [one, two], timespan: 1h}')}\n---\n{both}"
    assert [rule.silent for rule in load_text(tmp_path, text).rules] == [False, True, False, False]


def test_events_of_silent_rules_are_looked_for_on_behalf_of_the_correlation(tmp_path):
    rules = loaded(tmp_path, "{type: temporal, rules: [one], timespan: 1h}").rules
    events = [event(1, "P"), event(2, "P", sequence=2)]
    ids = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"]
    assert list(detect(rules, events).matches) == ids
    assert list(detect(rules[:1], events).matches) == []
    assert list(detect(rules[2:], events).matches) == ids[:1]


def test_rules_may_stand_in_another_file(tmp_path):
    (tmp_path / "z.yml").write_text(base("one", 1, 1), encoding="utf-8")
    (tmp_path / "a.yml").write_text(document("{type: temporal, rules: [one], timespan: 1h}"), encoding="utf-8")
    found = load_rules([tmp_path], fact_known=str)
    assert found.problems == ()
    assert [(rule.file, rule.silent) for rule in found.rules] == [("a.yml", False), ("z.yml", True)]
    assert found.rules[0].correlation.members[0].file == "z.yml"


def test_a_rule_of_the_same_file_goes_before_others(tmp_path):
    (tmp_path / "a.yml").write_text(base("one", 1, 1), encoding="utf-8")
    text = f"{base('one', 3, 3)}\n---\n{document('{type: temporal, rules: [one], timespan: 1h}')}"
    (tmp_path / "b.yml").write_text(text, encoding="utf-8")
    found = load_rules([tmp_path], fact_known=str)
    assert found.problems == ()
    assert found.rules[-1].query().selectors == {Selector("System", "P", 3)}
    assert [rule.silent for rule in found.rules] == [False, True, False]


def test_a_correlation_of_a_correlation(tmp_path):
    inner = document("{type: temporal, rules: [one, two], timespan: 5m}", 8, "inner")
    outer = document("{type: event_count, rules: [inner], timespan: 1h, condition: {gte: 3}}")
    found = load_text(tmp_path, f"{outer}\n---\n{inner}\n---\n{TWO}")
    assert found.problems == ()
    assert [base.name for base in found.rules[0].bases()] == ["one", "two"]
    assert [rule.silent for rule in found.rules] == [False, True, True, True]


def test_the_context_of_a_correlation_names_rules(tmp_path):
    issue = "known_issue:\n    context: [{not_followed_by: two, within: 1h}]\n    cleared_by: {event: two}"
    found = loaded(tmp_path, "{type: temporal, rules: [one], timespan: 1h}", issue)
    assert found.problems == ()
    rule = found.rules[-1]
    assert rule.selections["two"] == found.rules[1].selection
    assert rule.query().selectors == {Selector("System", "P", 1), Selector("System", "P", 2)}
    assert [rule.silent for rule in found.rules] == [True, True, False]


def test_a_known_issue_that_only_stands_around_a_correlation_still_reports(tmp_path):
    bases = f"{base('one', 1, 1)}\n---\n{base('two', 2, 2, 'article: Q1')}"
    issue = "known_issue: {context: [{followed_by: two}]}"
    found = loaded(tmp_path, "{type: temporal, rules: [one], timespan: 1h}", issue, bases)
    assert [rule.silent for rule in found.rules] == [True, False, False]


WRONG = {
    "{type: value_sum, rules: [one], timespan: 1h, condition: {field: F, gte: 3}}": ("correlation.type", "correlations of type 'value_sum' are not supported: there are event_count"),
    "{rules: [one], timespan: 1h}": ("correlation.type", "a correlation needs a type"),
    "{type: temporal, rules: [one], timespan: soon}": ("correlation.timespan", "Timespan 'soon' is invalid"),
    "{type: temporal, rules: [one], timespan: 99y}": ("correlation.timespan", "longer than ten years"),
    "{type: temporal, rules: [one]}": ("correlation.timespan", "without timespan"),
    "{type: event_count, rules: [one], timespan: 1h}": ("correlation.condition", "without condition"),
    "{type: event_count, rules: [one], timespan: 1h, condition: {gte: x}}": ("correlation.condition", "no valid Sigma correlation condition count"),
    "{type: event_count, rules: [one], timespan: 1h, condition: {gte: 1, lte: x}}": ("correlation.condition.lte", "no valid Sigma correlation condition count"),
    "{type: event_count, rules: [one], timespan: 1h, condition: {field: F}}": ("correlation.condition", "exactly one condition item"),
    "{type: event_count, timespan: 1h, condition: {gte: 1}}": ("correlation.rules", "without rule references"),
    "{type: temporal, rules: [one], timespan: 1h, aliases: 5}": ("correlation.aliases", "must be a dict"),
    "{type: temporal, rules: [one], timespan: 1h, generate: 5}": ("correlation.generate", "must be a boolean"),
    "{type: temporal, rules: [one], timespan: 1h, group-by: 5}": ("correlation.group-by", "must be string or list"),
    "{type: event_count, rules: [one], timespan: 1h, condition: {gte: 1, field: F}}": ("correlation.condition.field", "goes with the type value_count"),
    "{type: event_count, rules: [one], timespan: 1h, condition: one}": ("correlation.condition", "can only be used with temporal"),
    "{type: value_count, rules: [one], timespan: 1h, condition: {gte: 1}}": ("correlation.condition", "without field reference"),
    "{type: temporal, rules: [], timespan: 1h}": ("correlation.rules", "names 0 rules"),
    "{type: temporal, rules: [one], timespan: 1h, group_by: F}": ("correlation.group_by", "there is no key 'group_by' here"),
    "{type: temporal, rules: [one], timespan: 1h, aliases: {x: {three: F}}}": ("correlation.aliases.x", "not about a rule 'three'"),
    "{type: temporal, rules: [one], timespan: 1h, condition: {gte: 1, percentile: 5}}": ("correlation.condition", "percentile goes with a type"),
    "{type: temporal_ordered, rules: [one, two], timespan: 1h, condition: {gte: 1}}": ("correlation.condition", "leave the condition out"),
    "{type: temporal_ordered, rules: [one, two], timespan: 1h, condition: {gte: 2, lte: 3}}": ("correlation.condition", "leave the condition out"),
    "{type: temporal_ordered, timespan: 1h, condition: one and two}": ("correlation.condition", "an extended condition has no order"),
    "{type: temporal, timespan: 1h, condition: one and}": ("correlation.condition", "Failed to parse"),
    "{type: temporal, rules: [one, three], timespan: 1h}": ("correlation.rules[1]", "no rule that loads is called 'three'"),
    "{type: temporal, rules: [both], timespan: 1h}": ("correlation.rules[0]", "is about this correlation"),
    "7": ("correlation", "must be a map"),
}  # fmt: skip


@pytest.mark.parametrize(("correlation", "problem"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_says_where_and_what(tmp_path, correlation, problem):
    found = loaded(tmp_path, correlation)
    assert len(found.rules) == 2
    assert not any(rule.silent for rule in found.rules)
    key, message = problem
    assert (found.problems[0].key, message in found.problems[0].message) == (key, True)
    assert all(one.line and one.line > 24 for one in found.problems)


def test_a_correlation_has_no_detection(tmp_path):
    found = loaded(
        tmp_path, "{type: temporal, rules: [one], timespan: 1h}", "detection: {s: {EventID: 1}, condition: s}"
    )
    assert [(one.key, one.line) for one in found.problems] == [("detection", 32)]


def test_a_name_that_two_files_use_is_not_guessed(tmp_path):
    for name, number in (("a.yml", 1), ("b.yml", 2)):
        (tmp_path / name).write_text(base("one", number, number), encoding="utf-8")
    (tmp_path / "c.yml").write_text(document("{type: temporal, rules: [one], timespan: 1h}"), encoding="utf-8")
    (problem,) = load_rules([tmp_path], fact_known=str).problems
    assert problem.message == "several rules are called 'one' (a.yml, b.yml): name one by its id"


def test_a_rule_that_was_refused_takes_its_correlations_with_it(tmp_path):
    inner = document("{type: temporal, rules: [three], timespan: 5m}", 8, "inner")
    found = load_text(tmp_path, f"{inner}\n---\n{document('{type: temporal, rules: [inner], timespan: 1h}')}")
    assert found.rules == ()
    assert [one.message.partition(":")[0] for one in found.problems] == [
        "no rule that loads is called 'three'",
        "the correlation 'inner' has problems of its own",
    ]


def test_the_context_of_a_correlation_names_no_other_correlation(tmp_path):
    other = document("{type: temporal, rules: [two], timespan: 5m}", 8, "other")
    issue = "known_issue: {context: [{followed_by: other}, {followed_by: nobody}]}"
    found = load_text(
        tmp_path, f"{TWO}\n---\n{other}\n---\n{document('{type: temporal, rules: [one], timespan: 1h}', more=issue)}"
    )
    assert [(one.key, one.message.partition(":")[0]) for one in found.problems] == [
        ("known_issue.context", "'other' is a correlation"),
        ("known_issue.context", "no rule that loads is called 'nobody'"),
    ]

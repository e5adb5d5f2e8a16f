"""Rules come back from bytes as they were, and only those that somebody looks into are unpacked."""

import pickle
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum

import pytest
from example_rules import load_text, rule_text

from evtscan.base.errors import Problem
from evtscan.detection.load import catalogue, rulepack
from evtscan.detection.load.loader import RuleSet, load_rules
from evtscan.detection.load.rulepack import UnpackableError, pack, unpack
from evtscan.detection.model.rule import Rule
from evtscan.facts.catalogue.names import is_known

RICH = rule_text(
    """\
    s:
        Provider_Name: Disk
        EventID: [7, 51]
        Data1|contains|all: ['a', 'b']
        Data2|re|i: '^x.*$'
        Data3|cidr: 192.0.2.0/24
        Data4|gte: 2.5
        Data5|fieldref: Data1
        Data6: null
        Data7|exists: true
        Data8|cased: Abc
    filter:
        - keyword
        - other
    condition: s and not filter
    """,
    """\
    kind: defect
    article: Q100000
    entity: Data1
    when:
        os.version: '>=4.0, <5.0'
        any: [{component.ras: true}, {not: {hotfix: [Q1, Q2]}}]
    unobservable: [who did it]
    doubts: [{when: {component.ras: true}, about: os.service_pack, reason: because, missing: [this], remedy: [that]}]
    precedence: [Q200000]
    cases: [{events: [{Provider_Name: Disk, EventID: 7}], facts: {os.version: '4.0'}, verdict: possible}]
    """,
)


def without_what_is_left_behind(rule: Rule) -> Rule:
    issue = rule.known_issue and replace(rule.known_issue, cases=())
    return replace(rule, known_issue=issue, lines={})


def there_and_back(rules: RuleSet) -> RuleSet:
    return unpack(pack(rules))


def test_a_rule_comes_back_as_it_was_but_for_lines_and_cases(tmp_path):
    loaded = load_text(tmp_path, RICH)
    assert loaded.problems == ()
    (rule,), (back,) = loaded.rules, there_and_back(loaded).rules
    assert isinstance(back, Rule)
    assert {field.name: getattr(back, field.name) for field in fields(Rule)} == {
        field.name: getattr(without_what_is_left_behind(rule), field.name) for field in fields(Rule)
    }
    assert back.query() == rule.query()
    assert back.known_issue.cases == ()
    assert back.lines == {}


def test_the_catalogue_can_be_kept():
    loaded = load_rules([catalogue.folder()], fact_known=is_known)
    back = there_and_back(loaded)
    assert back.problems == loaded.problems
    assert [replace(rule) for rule in back.rules] == [without_what_is_left_behind(rule) for rule in loaded.rules]
    assert [rule.query() for rule in back.rules] == [rule.query() for rule in loaded.rules]
    assert back.query() == loaded.query()


def test_numbers_and_truth_stay_apart(tmp_path):
    loaded = load_text(tmp_path, rule_text("s: {Data1: [1, 1.0, true, '1']}\ncondition: s"))
    (back,) = there_and_back(loaded).rules
    kinds = [type(value) for value in back.detection.values]
    assert kinds == [type(value) for value in loaded.rules[0].detection.values]
    assert set(kinds) == {int, bool, str, float} or set(kinds) == {int, bool, str}


def test_a_rule_is_unpacked_when_it_is_looked_into(tmp_path, monkeypatch):
    back = there_and_back(load_text(tmp_path, RICH))
    unpacked = []
    real = rulepack._value
    monkeypatch.setattr(rulepack, "_value", lambda plain: unpacked.append(plain) or real(plain))
    (rule,) = back.rules
    assert rule.info.article == "Q100000"
    assert {selector.event_id for selector in rule.query().selectors} == {7, 51}
    assert unpacked == []
    assert rule.logsource.service == "system"
    assert unpacked != []
    unpacked.clear()
    assert rule.known_issue.unobservable == ("who did it",)
    assert unpacked == []


def test_a_changed_copy_is_an_ordinary_rule(tmp_path):
    (back,) = there_and_back(load_text(tmp_path, RICH)).rules
    other = load_text(tmp_path, rule_text("s: {Provider_Name: Cdrom, EventID: 9}\ncondition: s")).rules[0]
    changed = replace(back, detection=other.detection)
    assert type(changed) is Rule
    assert {selector.event_id for selector in changed.query().selectors} == {9}


def test_packed_rules_go_to_other_processes(tmp_path):
    (back,) = there_and_back(load_text(tmp_path, RICH)).rules
    (again,) = pickle.loads(pickle.dumps([back]))
    assert again.query() == back.query()
    assert again.detection == back.detection
    assert again.known_issue == back.known_issue


def test_an_attribute_that_a_rule_does_not_have(tmp_path):
    (back,) = there_and_back(load_text(tmp_path, RICH)).rules
    with pytest.raises(AttributeError, match="colour"):
        _ = back.colour


def test_problems_of_refused_rules_are_kept():
    problems = (Problem(file="a.yml", line=3, key="title", message="what is wrong"),)
    assert there_and_back(RuleSet((), problems)) == RuleSet((), problems)


def test_what_is_no_plain_data_is_refused(tmp_path):
    (rule,) = load_text(tmp_path, RICH).rules

    @dataclass(frozen=True)
    class Stranger:
        name: str

    for strange in (Stranger("x"), print, {1, 2}, object()):
        with pytest.raises(UnpackableError, match="cannot hold"):
            pack(RuleSet((replace(rule, detection=strange),)))
    for number in (1 << 70, "\ud800"):
        with pytest.raises(UnpackableError):
            pack(RuleSet((replace(rule, file=number),)))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x93\x01\x02\x03", b"evtscan", b"\xc1" * 10])
def test_bytes_that_are_no_rules(data):
    with pytest.raises(ValueError, match="no packed rules"):
        unpack(data)


def test_every_class_that_a_rule_can_hold_is_known_by_its_types():
    classes = rulepack._classes()
    assert Rule in classes
    assert all(is_dataclass(kind) or issubclass(kind, Enum) for kind in classes)
    names = {kind.__name__ for kind in classes}
    assert {"Test", "All", "Any", "Not", "Unobservable", "Operator", "Logsource", "KnownIssue", "Doubt"} <= names

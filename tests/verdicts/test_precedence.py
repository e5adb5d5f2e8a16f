"""Which rule explains an event that several match."""

from dataclasses import replace

import pytest
from host_builder import event, evidence, facts_file, log
from rules_with_context import one, outcomes, rule

from evtscan.detection.match.engine import detect
from evtscan.detection.model.condition import All, Test
from evtscan.facts.host import Host
from evtscan.verdicts.judging import judge

VERSION = Test(field="os.version", values=("4.0",), text="os.version is 4.0")
SYSTEM = log(one(5), last=9)


def told(rules, *parts, **options):
    found = outcomes(rules, *parts, **options)
    return {item.finding.rule_id: item.finding.verdict for item in found}


@pytest.mark.parametrize("name", ["Qspecial", "Title of special", "special", "QSPECIAL"])
def test_a_rule_silences_another_by_article_title_or_id(name):
    rules = [rule(rule_id="general", precedence=(name,)), rule(rule_id="special")]
    assert told(rules, SYSTEM) == {"general": "confirmed", "special": "not_applicable"}


def test_rules_without_precedence_both_speak():
    assert told([rule(rule_id="a"), rule(rule_id="b")], SYSTEM) == {"a": "confirmed", "b": "confirmed"}


def test_of_rules_that_name_each_other_none_is_silenced():
    rules = [rule(rule_id="a", precedence=("b",)), rule(rule_id="b", precedence=("a",))]
    assert told(rules, SYSTEM) == {"a": "confirmed", "b": "confirmed"}


def test_of_three_rules_in_a_circle_none_is_silenced():
    rules = [rule(rule_id=name, precedence=(over,)) for name, over in (("a", "b"), ("b", "c"), ("c", "a"))]
    assert set(told(rules, SYSTEM).values()) == {"confirmed"}


def test_a_rule_that_matches_another_event_silences_nothing():
    rules = [rule(rule_id="a", event_id=2, precedence=("b",)), rule(rule_id="b")]
    assert told(rules, log(one(5), event(6, event_id=3), last=9))["b"] == "confirmed"


def judged(*rules, facts):
    host = Host(evidence(SYSTEM, facts))
    found = judge(host, "HOST", list(rules), detect(rules, SYSTEM.events))
    return {item.finding.rule_id: item.finding.verdict for item in found}


def conditional(rule_id, **issue):
    made = rule(rule_id=rule_id, **issue)
    return replace(made, known_issue=replace(made.known_issue, when=All((VERSION,))))


def test_a_possible_match_silences_no_confirmed_one():
    rules = [conditional("open", precedence=("sure",)), rule(rule_id="sure")]
    assert judged(*rules, facts=facts_file(os_build=1381)) == {"open": "possible", "sure": "confirmed"}


def test_a_confirmed_match_silences_a_possible_one():
    rules = [rule(rule_id="sure", precedence=("open",)), conditional("open")]
    assert judged(*rules, facts=facts_file(os_build=1381)) == {"sure": "confirmed", "open": "not_applicable"}


def test_an_excluded_match_gives_way_to_any_other_explanation_unless_it_is_to_be_reported():
    facts = facts_file(os_version="5.0")
    assert judged(conditional("no"), rule(rule_id="yes"), facts=facts)["no"] == "not_applicable"
    reported = conditional("no", report_excluded=True)
    assert judged(reported, rule(rule_id="yes"), facts=facts)["no"] == "excluded"
